import type { BareJid, Jid } from '@xmppkit/jid'
import type { Awaitable, Logger } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { presence, readStanza, type Stanza, StanzaError } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import type { RosterItem, RosterStore } from './ports.js'
import type { RosterLimits } from './roster-options.js'
import { seenByContact, seesContact } from './subscription.js'

/** What presence broadcasting needs. */
export interface PresenceBroadcastDeps {
  readonly store: Pick<RosterStore, 'load' | 'get'>
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  readonly route: (stanza: Stanza) => Awaitable<void>
  readonly logger: Logger
}

/** A session, as far as presence is concerned. */
export type PresenceSource = Pick<SessionRecord, 'sid' | 'jid'>

/** Spreads presence as RFC 6121 §4 says: to whom, when, and to nobody else. */
export interface PresenceBroadcast {
  /** A resource sent presence without an addressee; `first` when it was not available before. */
  self(session: PresenceSource, stanza: Stanza, first: boolean): Promise<void>
  /** A resource is about to send presence to an address. @throws StanzaError `resource-constraint` */
  directed(session: PresenceSource, stanza: Stanza): void
  /** A session is gone, without having said so if it was available last. */
  gone(session: SessionRecord): Promise<void>
  /** Somebody asks whether the account is there (RFC 6121 §4.3). */
  probe(stanza: Stanza): Promise<void>
  /** Whether `viewer` may see the presence of `account`. */
  maySee(viewer: Jid, account: BareJid): Promise<boolean>
}

/** Makes the presence broadcasting of one host. */
export function createPresenceBroadcast(
  deps: PresenceBroadcastDeps,
  limits: RosterLimits,
): PresenceBroadcast {
  const { store, sessions, route } = deps
  const directedBySid = new Map<string, Map<string, Jid>>()

  // One copy of the content for all; other streams get their turn between batches (rule N-10).
  const fanOut = async (stanza: Stanza, recipients: Iterable<Jid>) => {
    let sent = 0
    for (const to of recipients) {
      await route(stanza.with({ to }))
      sent += 1
      if (sent % limits.fanOutBatch === 0) await new Promise<void>((resume) => setImmediate(resume))
    }
  }

  const viewers = (items: readonly RosterItem[]) => items.filter(seenByContact).map((item) => item.jid)

  const probeContacts = async (from: Jid, items: readonly RosterItem[]) => {
    const contacts = items.filter(seesContact).map((item) => item.jid)
    await fanOut(presence({ type: 'probe', from }), contacts)
  }

  // Requests are repeated at every login until they are answered (rule P-7).
  const deliverRequests = async (session: PresenceSource, items: readonly RosterItem[]) => {
    for (const { request, pendingIn } of items) {
      if (pendingIn && request) await sessions.deliverTo(session.sid, readStanza(parseElement(request)))
    }
  }

  // The newcomer learns of the account's other resources as any subscriber would (RFC 6121 §4.2.2).
  const showOthers = async (session: PresenceSource) => {
    for (const other of sessions.resources(session.jid.bare)) {
      if (other.sid === session.sid || !other.presence) continue
      await sessions.deliverTo(session.sid, other.presence.with({ to: session.jid }))
    }
  }

  const becomeAvailable = async (session: PresenceSource, stanza: Stanza) => {
    const account = session.jid.bare
    const { items } = await store.load(account)
    await fanOut(stanza, [account, ...viewers(items)])
    await showOthers(session)
    await probeContacts(session.jid, items)
    await deliverRequests(session, items)
  }

  const becomeUnavailable = async (session: PresenceSource, stanza: Stanza) => {
    const account = session.jid.bare
    const { items } = await store.load(account)
    const told = new Set(viewers(items).map(String))
    const directed = directedBySid.get(session.sid)
    directedBySid.delete(session.sid)
    // Whoever was told directly is told of the end too, once (rule N-3).
    const others = [...(directed?.values() ?? [])].filter((jid) => !told.has(jid.bare.toString()))
    await fanOut(stanza, [account, ...viewers(items), ...others])
  }

  const farewellToDirected = async (session: PresenceSource, stanza: Stanza) => {
    const directed = directedBySid.get(session.sid)
    directedBySid.delete(session.sid)
    if (directed) await fanOut(stanza, directed.values())
  }

  const maySee = async (viewer: Jid, account: BareJid) => {
    if (viewer.bare.equals(account)) return true
    const item = await store.get(account, viewer.bare)
    return item !== undefined && seenByContact(item)
  }

  return {
    async self(session, stanza, first) {
      if (stanza.type === 'unavailable') return becomeUnavailable(session, stanza)
      if (first) return becomeAvailable(session, stanza)
      const { items } = await store.load(session.jid.bare)
      return fanOut(stanza, [session.jid.bare, ...viewers(items)])
    },
    directed(session, { to, type }) {
      if (!to) return
      const directed = directedBySid.get(session.sid) ?? new Map<string, Jid>()
      const key = to.toString()
      if (type === 'unavailable') {
        directed.delete(key)
        if (directed.size === 0) directedBySid.delete(session.sid)
        return
      }
      if (type !== 'available') return
      if (!directed.has(key) && directed.size >= limits.maxDirectedPresence) {
        throw new StanzaError('resource-constraint', {
          text: `Presence was sent to ${limits.maxDirectedPresence} addresses already.`,
        })
      }
      directed.set(key, to)
      directedBySid.set(session.sid, directed)
    },
    async gone(session) {
      const farewell = presence({ type: 'unavailable', from: session.jid })
      if (session.presence) await becomeUnavailable(session, farewell)
      else await farewellToDirected(session, farewell)
    },
    async probe({ from, to }) {
      if (!from || !to) return
      const account = to.bare
      // Silence where nothing may be seen, as for an account that does not exist (rule N-5).
      if (!(await maySee(from, account))) return
      const available = sessions.resources(account).filter((one) => one.presence)
      const wanted = to.isBare ? available : available.filter((one) => one.jid.equals(to))
      for (const one of wanted) {
        if (!one.jid.equals(from)) await route(one.presence!.with({ to: from }))
      }
      if (wanted.length === 0) await route(presence({ type: 'unavailable', from: to, to: from }))
    },
    maySee,
  }
}
