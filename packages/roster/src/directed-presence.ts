import type { Jid } from '@xmppkit/jid'
import { type Stanza, StanzaError } from '@xmppkit/stanza'

/** To whom sessions have sent presence besides their subscribers (RFC 6121 §4.6). */
export interface DirectedPresence {
  /**
   * Takes note of presence a session sends to an address; `unavailable` ends it.
   *
   * @throws StanzaError `resource-constraint` when it has sent it to too many
   */
  note(sid: string, stanza: Stanza): void
  /** Whether the session has shown itself to this address, or to another one of the same account or room. */
  reaches(sid: string, viewer: Jid): boolean
  /** Forgets a session's; answers to whom it was. */
  take(sid: string): readonly Jid[]
}

/** Makes the register of one host; a session costs nothing until it directs presence. */
export function createDirectedPresence(limits: { readonly maxDirectedPresence: number }): DirectedPresence {
  const bySid = new Map<string, Map<string, Jid>>()

  const add = (sid: string, to: Jid) => {
    const told = bySid.get(sid) ?? new Map<string, Jid>()
    if (!told.has(to.toString()) && told.size >= limits.maxDirectedPresence) {
      throw new StanzaError('resource-constraint', {
        text: `Presence was sent to ${limits.maxDirectedPresence} addresses already.`,
      })
    }
    told.set(to.toString(), to)
    bySid.set(sid, told)
  }

  return {
    note(sid, { to, type }) {
      if (!to) return
      if (type === 'available') add(sid, to)
      if (type !== 'unavailable') return
      const told = bySid.get(sid)
      told?.delete(to.toString())
      if (told?.size === 0) bySid.delete(sid)
    },
    reaches(sid, viewer) {
      const told = bySid.get(sid)
      if (!told) return false
      if (told.has(viewer.toString())) return true
      for (const jid of told.values()) if (jid.bare.equals(viewer.bare)) return true
      return false
    },
    take(sid) {
      const told = bySid.get(sid)
      bySid.delete(sid)
      return told ? [...told.values()] : []
    },
  }
}
