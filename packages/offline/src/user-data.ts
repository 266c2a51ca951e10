import type { UserDataName, UserDataPart, UserDataPiece } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import { delay, NS, readStanza } from '@xmppkit/stanza'
import { type RawElement, textFromWire } from '@xmppkit/xml'
import type { OfflineMessage, OfflineStore } from './ports.js'
import { replay } from './replay.js'
import { expiryOf } from './storable.js'

const container: UserDataName = { name: 'offline-messages', ns: 'urn:xmpp:pie:0' }
const pageSize = 50
const forever = Number.POSITIVE_INFINITY

/** Messages that wait as a part of what is kept for accounts (XEP-0227 §4.5): as they would be delivered, oldest first. */
export function offlineData(store: OfflineStore, clock: Pick<Clock, 'now'>): UserDataPart {
  return {
    name: 'offline',
    async *export(account): AsyncIterable<UserDataPiece> {
      for (let after: string | undefined; ; ) {
        // Expired ones are kept, too, until they are removed.
        const page = await store.list(account, {
          now: 0,
          limit: pageSize,
          ...(after !== undefined && { after }),
        })
        for (const message of page) yield { element: exported(message, account), within: container }
        if (page.length < pageSize) return
        after = page.at(-1)!.id
      }
    },
    reads: [{ ...container, each: true }],
    async import(account, element) {
      const ours = delayIn(element, account.domain)
      const receivedAt = ours?.stamp.getTime() ?? clock.now()
      const stanza = readStanza(ours === undefined ? element : ours.rest)
      const expiresAt = expiryOf(stanza, receivedAt)
      const message = { stanza: textFromWire(stanza.toWire()), receivedAt }
      await store.append(account, { ...message, ...(expiresAt !== undefined && { expiresAt }) }, forever)
    },
    remove: (account) => store.removeAll(account),
    removeDomain: (domain, limit) => store.removeOlder(domain, forever, limit),
  }
}

function exported(message: OfflineMessage, account: BareJid): RawElement {
  // With its time to live as it was written, not with what is left of it.
  const { expiresAt: _, ...lasting } = message
  return replay(lasting, account.domain, { now: () => message.receivedAt }).raw
}

/** The delay a server has put in when it stored the message for an account of this domain, and the message without it. */
function delayIn(element: RawElement, domain: string) {
  for (const [at, { name, ns }] of element.children.entries()) {
    if (name !== 'delay' || ns !== NS.delay) continue
    const { from, stamp } = delay.decode(element.childAt(at).toElement())
    if (from?.toString() === domain)
      return { stamp, rest: element.filterChildren((_, __, other) => other !== at) }
  }
  return undefined
}
