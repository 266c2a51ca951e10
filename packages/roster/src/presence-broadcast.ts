import type { BareJid, Jid } from '@xmppkit/jid'
import { type Awaitable, isThenable, type Logger } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { presence, readStanza, type Stanza } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { createDirectedPresence } from './directed-presence.js'
import { createKeyedQueue } from './keyed-queue.js'
import type { RosterItem, RosterStore } from './ports.js'
import type { RosterLimits } from './roster-options.js'
import { seenByContact, seesContact } from './subscription.js'

/** What presence broadcasting needs. */
export interface PresenceBroadcastDeps {
  /** Who may see whom. */
  readonly store: Pick<RosterStore, 'load' | 'get'>
  /** Who is connected, and the way there. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** The way to contacts anywhere; local ones are reached on it too (rule N-11). */
  readonly route: (stanza: Stanza) => Awaitable<void>
  /** Told of rosters that could not be read. */
  readonly logger: Logger
}

/** A session, as far as presence is concerned. */
export type PresenceSource = Pick<SessionRecord, 'sid' | 'jid'>

/** Spreads presence as RFC 6121 §4 says: to whom, when, and to nobody else. */
export interface PresenceBroadcast {
  /** A resource sent presence without an addressee; `first` when it was not available before. */
  self(session: PresenceSource, stanza: Stanza, first: boolean): Promise<void>
  /**
   * A resource is about to send presence to an address.
   *
   * @throws StanzaError `resource-constraint`
   */
  directed(session: PresenceSource, stanza: Stanza): void
  /** A session is gone, without having said so if it was available last. */
  gone(session: SessionRecord): Promise<void>
  /** Somebody asks whether the account is there (RFC 6121 §4.3). */
  probe(stanza: Stanza): Promise<void>
  /** Whether `viewer` may see the presence of `account`. */
  maySee(viewer: Jid, account: BareJid): Promise<boolean>
  /** Whether `viewer` may know that this session is there. */
  maySeeSession(viewer: Jid, session: PresenceSource): Promise<boolean>
}

/** Makes the presence broadcasting of one host. */
export function createPresenceBroadcast(
  deps: PresenceBroadcastDeps,
  limits: RosterLimits,
): PresenceBroadcast {
  const { store, sessions, route, logger } = deps
  const directed = createDirectedPresence(limits)
  // What a session has to say is said in order, its farewell last.
  const queue = createKeyedQueue()

  const isThere = ({ sid, jid }: PresenceSource) =>
    sessions.resources(jid.bare).some((session) => session.sid === sid)

  // Presence of a session whose roster cannot be read still reaches its own account, and whom it was directed to.
  const itemsOf = async (account: BareJid): Promise<readonly RosterItem[]> => {
    try {
      return (await store.load(account)).items
    } catch (cause) {
      logger.error('presence could not be sent to contacts: the roster could not be read', {
        account: account.toString(),
        cause,
      })
      return []
    }
  }

  // One copy of the content for all; other streams get their turn between batches (rule N-10).
  const fanOut = async (stanza: Stanza, recipients: readonly Jid[], goOn = () => true) => {
    for (let at = 0; at < recipients.length && goOn(); at += limits.fanOutBatch) {
      if (at > 0) await nextTurn()
      const batch = recipients.slice(at, at + limits.fanOutBatch)
      const waiting = batch.map((to) => route(stanza.with({ to }))).filter(isThenable)
      if (waiting.length > 0) await Promise.all(waiting)
    }
  }

  // Requests are repeated at every login until they are answered (rule P-7).
  const deliverRequests = async (session: PresenceSource, items: readonly RosterItem[]) => {
    for (const { jid, request, pendingIn } of items) {
      if (!pendingIn || request === undefined) continue
      try {
        await sessions.deliverTo(session.sid, readStanza(parseElement(request)))
      } catch (cause) {
        logger.error('a stored subscription request cannot be read', {
          account: session.jid.bare.toString(),
          contact: jid.toString(),
          cause,
        })
      }
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
    const goOn = () => isThere(session)
    const items = await itemsOf(session.jid.bare)
    await fanOut(stanza, [session.jid.bare, ...viewersOf(items)], goOn)
    if (!goOn()) return
    await showOthers(session)
    await fanOut(presence({ type: 'probe', from: session.jid }), contactsOf(items), goOn)
    await deliverRequests(session, items)
  }

  const stayAvailable = async (session: PresenceSource, stanza: Stanza) => {
    const items = await itemsOf(session.jid.bare)
    await fanOut(stanza, [session.jid.bare, ...viewersOf(items)], () => isThere(session))
  }

  const becomeUnavailable = async (session: PresenceSource, stanza: Stanza) => {
    const told = [session.jid.bare, ...viewersOf(await itemsOf(session.jid.bare))]
    const known = new Set(told.map(String))
    // Whoever was told directly is told of the end too, once (rule N-3).
    const others = directed.take(session.sid).filter((jid) => !known.has(jid.bare.toString()))
    await fanOut(stanza, [...told, ...others])
  }

  const maySee = async (viewer: Jid, account: BareJid) => {
    if (viewer.bare.equals(account)) return true
    const item = await store.get(account, viewer.bare)
    return item !== undefined && seenByContact(item)
  }

  const answerProbe = async (from: Jid, to: Jid) => {
    // Silence where nothing may be seen, as for an account that does not exist (rule N-5).
    if (!(await maySee(from, to.bare))) return
    const available = sessions.resources(to.bare).filter((one) => one.presence)
    const wanted = to.isBare ? available : available.filter((one) => one.jid.equals(to))
    for (const one of wanted) {
      if (!one.jid.equals(from)) await route(one.presence!.with({ to: from }))
    }
    if (wanted.length === 0) await route(presence({ type: 'unavailable', from: to, to: from }))
  }

  return {
    self: (session, stanza, first) =>
      queue.run(session.sid, async () => {
        if (stanza.type === 'unavailable') await becomeUnavailable(session, stanza)
        else if (!isThere(session)) return
        else if (first) await becomeAvailable(session, stanza)
        else await stayAvailable(session, stanza)
      }),
    directed(session, stanza) {
      if (isThere(session)) directed.note(session.sid, stanza)
    },
    gone: (session) =>
      queue.run(session.sid, async () => {
        const farewell = presence({ type: 'unavailable', from: session.jid })
        if (session.presence) await becomeUnavailable(session, farewell)
        else await fanOut(farewell, directed.take(session.sid))
      }),
    async probe({ from, to }) {
      if (from && to) await answerProbe(from, to)
    },
    maySee,
    maySeeSession: async (viewer, session) =>
      directed.reaches(session.sid, viewer) || maySee(viewer, session.jid.bare),
  }
}

const viewersOf = (items: readonly RosterItem[]) => items.filter(seenByContact).map((item) => item.jid)
const contactsOf = (items: readonly RosterItem[]) => items.filter(seesContact).map((item) => item.jid)
const nextTurn = () => new Promise<void>((resume) => setImmediate(resume))
