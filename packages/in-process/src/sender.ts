import type { Accounts } from '@xmppkit/auth'
import { type C2sSession, type RouteStoredDeps, routeStored, userSendPacket } from '@xmppkit/c2s'
import { type Hooks, isDrop } from '@xmppkit/hooks'
import { type BareJid, isFullJid, type Jid, parseJid } from '@xmppkit/jid'
import { createKeyedQueue, type Ids } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'
import { absentSession } from './absent-session.js'
import { InProcessError } from './errors.js'
import type { InProcessOptions } from './in-process-options.js'
import type { Outcomes, SendOutcome } from './outcomes.js'
import { messageOf, type OutgoingMessage } from './outgoing-message.js'

/** What {@link createSenders} needs. */
export interface SendersDeps extends RouteStoredDeps {
  /** The host's hooks: what is sent passes `userSendPacket`. */
  readonly hooks: Pick<Hooks, 'fold'>
  /** Knows in whose name one may send. */
  readonly accounts: Pick<Accounts, 'exists' | 'isKnown'>
  /** Knows who is there; a bot need not have an account. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** Which domains are those of the host. */
  readonly domains: { has(domain: string): boolean }
  /** Names messages that have no id. */
  readonly ids: Ids
  /** Finds out what becomes of them. */
  readonly outcomes: Outcomes
}

/** Sends in the name of an account. */
export interface Sender {
  /** The account. */
  readonly account: BareJid
  /**
   * Sends a message, or subscription presence, on the way every client's takes: `userSendPacket` with moderation, blocking,
   * archive and carbons, then the router. Messages to one addressee are sent one after another, in order. Being refused is an
   * outcome, not a failure.
   *
   * A handler on that way must not wait for a message it sends from the same account to the same addressee.
   *
   * @throws InProcessError `in-process/unknown-account`, `in-process/unsendable`, `in-process/limit`; whatever the accounts
   * throw where they cannot say now
   */
  send(what: OutgoingMessage | Stanza): Promise<SendOutcome>
}

/** Makes {@link Sender}s: in the name of an account, or with a resource as if from there. */
export type Senders = (address: Jid | string) => Sender

/** Makes the senders of a host. */
export function createSenders(deps: SendersDeps, { maxSending }: Required<InProcessOptions>): Senders {
  const queue = createKeyedQueue()
  let sending = 0

  const isThere = async (account: BareJid): Promise<boolean> => {
    const { accounts, domains, sessions } = deps
    if (!domains.has(account.domain) || account.local === '') return false
    if (accounts.isKnown?.(account) || sessions.resources(account).length > 0) return true
    return accounts.exists(account)
  }

  const pass = async (stanza: Stanza, session: C2sSession): Promise<Stanza | undefined> => {
    const passed = await deps.hooks.fold(userSendPacket, stanza, { session })
    if (isDrop(passed)) return undefined
    await routeStored(deps, passed)
    return passed
  }

  const send = async (stanza: Stanza, from: Jid, session: C2sSession): Promise<SendOutcome> => {
    if (!(await isThere(session.account))) {
      throw new InProcessError('in-process/unknown-account', `there is no account ${session.account} here`)
    }
    return deps.outcomes.follow(from, stanza, (tracked) => pass(tracked, session))
  }

  const inTurn = async (stanza: Stanza, from: Jid, session: C2sSession): Promise<SendOutcome> => {
    if (sending >= maxSending) {
      throw new InProcessError('in-process/limit', `${maxSending} messages are on their way already`)
    }
    sending += 1
    try {
      return await queue.run(`${from} ${stanza.to?.bare}`, () => send(stanza, from, session))
    } finally {
      sending -= 1
    }
  }

  return (address) => {
    const from = typeof address === 'string' ? parseJid(address) : address
    const session = absentSession(isFullJid(from) ? from : from.bare.withResource('in-process'))
    return {
      account: from.bare,
      send: async (what) => inTurn(addressed(messageOf(what), from, deps.ids), from, session),
    }
  }
}

const subscriptions: ReadonlySet<string> = new Set(['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'])

// RFC 6120 §8.1.2.1: what is sent in the name of an account, and by none of its resources, comes from its bare address.
function addressed(stanza: Stanza, from: Jid, ids: Ids): Stanza {
  const { kind, type, to, id = ids.next() } = stanza
  if (to !== undefined && kind === 'message') return stanza.with({ from, id })
  if (to !== undefined && kind === 'presence' && subscriptions.has(type)) {
    return stanza.with({ from: from.bare, to: to.bare, id })
  }
  throw new InProcessError(
    'in-process/unsendable',
    'only messages and subscriptions with an addressee are sent',
  )
}
