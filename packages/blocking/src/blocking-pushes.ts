import type { BareJid } from '@xmppkit/jid'
import type { Ids } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { iq } from '@xmppkit/stanza'
import type { Element } from '@xmppkit/xml'

/** What telling clients needs. */
export interface BlockingPushesDeps {
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  readonly ids: Ids
}

/** Tells an account's clients of changes; only those that asked for the blocklist are interested (XEP-0191 §3.3). */
export interface BlockingPushes {
  /** The session asks for the blocklist. */
  asked(session: Pick<SessionRecord, 'sid'>): void
  /** The session is gone. */
  forget(session: Pick<SessionRecord, 'sid'>): void
  /** Sends the same to all interested sessions of an account; resolves when they have it. */
  push(account: BareJid, payload: () => Element): Promise<void>
}

/** Makes the pushes of one host. */
export function createBlockingPushes({ sessions, ids }: BlockingPushesDeps): BlockingPushes {
  const interested = new Set<string>()
  return {
    asked: ({ sid }) => void interested.add(sid),
    forget: ({ sid }) => void interested.delete(sid),
    async push(account, payload) {
      const told = sessions.resources(account).filter(({ sid }) => interested.has(sid))
      await Promise.all(
        told.map(({ sid, jid }) =>
          // No `from`: it comes from the account itself.
          sessions.deliverTo(sid, iq({ type: 'set', id: ids.next(), to: jid }, payload())),
        ),
      )
    },
  }
}
