import type { BareJid } from '@xmppkit/jid'
import type { Ids } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { iq } from '@xmppkit/stanza'
import { type RosterPayloadItem, rosterQuery } from './roster-payload.js'

/** Tells an account's clients of changes; only those that asked for the roster are interested (rule R-7). */
export interface RosterPushes {
  /** Remembers that the session has asked for the roster. */
  interested(session: SessionRecord): void
  /** The session is gone. */
  forget(session: SessionRecord): void
  /** Sends one change to all interested sessions of the account. */
  toAll(account: BareJid, version: number, item: RosterPayloadItem): Promise<void>
  /** Sends one change to one session. */
  toOne(session: SessionRecord, version: number, item: RosterPayloadItem): Promise<void>
}

/** Makes the pushes of one host. */
export function createRosterPushes(deps: {
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  readonly ids: Ids
}): RosterPushes {
  const interestedSids = new Set<string>()

  const toOne = async (session: SessionRecord, version: number, item: RosterPayloadItem) => {
    // No `from`: the push comes from the account itself (RFC 6121 §2.1.6, rule R-9).
    const push = iq(
      { type: 'set', id: deps.ids.next(), to: session.jid },
      rosterQuery.encode({ ver: version.toString(), items: [item] }),
    )
    await deps.sessions.deliverTo(session.sid, push)
  }
  return {
    interested(session) {
      interestedSids.add(session.sid)
    },
    forget(session) {
      interestedSids.delete(session.sid)
    },
    async toAll(account, version, item) {
      for (const session of deps.sessions.resources(account)) {
        if (interestedSids.has(session.sid)) await toOne(session, version, item)
      }
    },
    toOne,
  }
}
