import type { BareJid } from '@xmppkit/jid'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'

/** Who of an account's sessions may be sent stored messages. */
export interface Receivers {
  /** Those that may. */
  of(account: BareJid): readonly SessionRecord[]
  /** The session of highest priority, of equals the newest; rather the one that has some already. */
  best(account: BareJid, current?: SessionRecord): SessionRecord | undefined
  /** Whether a session is one of them. */
  includes(account: BareJid, sid: string): boolean
  /** The session retrieves by itself (XEP-0013): neither it nor its siblings are sent any. */
  exempt(sid: string): void
  /** The session has left no room for too long: it is sent no more until it has some. */
  block(sid: string): void
  /** It has some; false if it was not blocked. */
  unblock(sid: string): boolean
  /** The one that would be sent the account's messages if it had room. */
  blocked(account: BareJid): SessionRecord | undefined
  /** The session is gone. */
  forget(sid: string): void
}

/** Keeps track of them for one host. */
export function createReceivers(sessions: Pick<Sessions, 'resources'>): Receivers {
  const exempt = new Set<string>()
  const full = new Set<string>()

  const of = (account: BareJid): readonly SessionRecord[] => {
    const resources = sessions.resources(account)
    // One session that retrieves by itself keeps the flood from the others too (XEP-0013 §2.2).
    if (exempt.size > 0 && resources.some((one) => exempt.has(one.sid))) return []
    return resources.filter((one) => (one.priority ?? -1) >= 0 && !full.has(one.sid))
  }

  return {
    of,
    best(account, current) {
      let best: SessionRecord | undefined
      for (const one of of(account)) {
        if (one.sid === current?.sid) return one
        if ((one.priority ?? 0) >= (best?.priority ?? 0)) best = one
      }
      return best
    },
    includes: (account, sid) => of(account).some((one) => one.sid === sid),
    exempt: (sid) => void exempt.add(sid),
    block: (sid) => void full.add(sid),
    unblock: (sid) => full.delete(sid),
    blocked(account) {
      if (full.size === 0) return undefined
      return sessions.resources(account).find(({ sid, priority }) => full.has(sid) && (priority ?? -1) >= 0)
    },
    forget(sid) {
      exempt.delete(sid)
      full.delete(sid)
    },
  }
}
