import {
  type SessionContext,
  userReceivePacket,
  userReceiveSeq,
  userSendPacket,
  userSendSeq,
} from '@xmppkit/c2s'
import { type Drop, drop, type Hooks } from '@xmppkit/hooks'
import type { BareJid, Jid } from '@xmppkit/jid'
import { type Awaitable, isThenable } from '@xmppkit/runtime'
import { outboundRecipients, receivePacket, unreachableAnswer } from '@xmppkit/sessions'
import { NS, type Stanza, StanzaError } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { type Blocklist, emptyBlocklist, isBlocked, isOnlyResourceBlocked } from './blocklist.js'

/** Where in `receivePacket` the blocked are turned away: before anybody stores or copies what they send. */
const block = 25
const label = 'blocking'

/**
 * Keeps the blocked out, and the account from writing to them, on every way a stanza can take.
 *
 * Where the list is in memory and empty, a stanza costs one look into a table. Where it cannot be read, nothing passes.
 */
export function applyBlocklists(
  hooks: Pick<Hooks, 'on'>,
  listOf: (account: BareJid) => Awaitable<Blocklist>,
): readonly Disposable[] {
  const toAccount = (stanza: Stanza) => {
    const { from, to } = stanza
    if (from === undefined || to === undefined) return stanza
    const known = listOf(to.bare)
    if (known === emptyBlocklist) return stanza
    return judged(known, (list) => (isBlocked(list, to.bare, from) ? turnedAway(stanza, list, from) : stanza))
  }

  // What was stored before the block, and what reaches a session past `receivePacket`.
  const toClient = (stanza: Stanza, { session }: SessionContext) => {
    const { from } = stanza
    const known = listOf(session.account)
    if (from === undefined || known === emptyBlocklist) return stanza
    return judged(known, (list) => (isBlocked(list, session.account, from) ? drop : stanza))
  }

  const fromClient = (stanza: Stanza, { session }: SessionContext) => {
    const { to } = stanza
    const known = listOf(session.account)
    if (to === undefined || known === emptyBlocklist) return stanza
    return judged(known, (list) => {
      if (isBlocked(list, session.account, to)) throw refused()
      return stanza
    })
  }

  const inTheName = (recipients: readonly Jid[], { account }: { readonly account: BareJid }) => {
    const known = listOf(account)
    if (known === emptyBlocklist) return recipients
    return judged(known, (list) => recipients.filter((jid) => !isBlocked(list, account, jid)))
  }

  return [
    hooks.on(receivePacket, toAccount, { seq: block, label }),
    hooks.on(userReceivePacket, toClient, { seq: userReceiveSeq.block, label }),
    hooks.on(userSendPacket, fromClient, { seq: userSendSeq.privacy, label }),
    hooks.on(outboundRecipients, inTheName, { label }),
  ]
}

function judged<T>(list: Awaitable<Blocklist>, judge: (list: Blocklist) => T): T | Promise<T> {
  return isThenable(list) ? Promise.resolve(list).then(judge) : judge(list)
}

// M-8: as if there were no such account.
function turnedAway(stanza: Stanza, list: Blocklist, from: Jid): Drop {
  // A room that is told that its occupant is not there shows them out, though only another occupant is blocked. Who is
  // blocked by resource has others to find out with anyway.
  if (stanza.type === 'groupchat' && isOnlyResourceBlocked(list, from)) return drop
  const answer = unreachableAnswer(stanza)
  if (answer === undefined) return drop
  throw answer
}

/** XEP-0191 §3.3, example 9. */
function refused(): StanzaError {
  return new StanzaError('not-acceptable', {
    type: 'cancel',
    application: new Element('blocked', { xmlns: NS.blockingErrors }),
  })
}
