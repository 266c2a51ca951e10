import type { BareJid, Jid } from '@xmppkit/jid'
import { type Awaitable, createKeyedQueue, isThenable, type Logger } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { presence, readStanza, type Stanza } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { andThen } from './and-then.js'
import { createDirectedPresence } from './directed-presence.js'
import { createFanOut, type FanOutDeps } from './fan-out.js'
import type { RosterItem, RosterStore } from './ports.js'
import type { RosterLimits } from './roster-options.js'
import { seenByContact, seesContact } from './subscription.js'

/** What presence broadcasting needs. */
export interface PresenceBroadcastDeps {
  /** Takes out whom the account does not want to reach. */
  readonly hooks: FanOutDeps['hooks']
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
  self(session: PresenceSource, stanza: Stanza, first: boolean): Awaitable<void>
  /**
   * A resource is about to send presence to an address.
   *
   * @throws StanzaError `resource-constraint`
   */
  directed(session: PresenceSource, stanza: Stanza): void
  /** A session is gone, without having said so if it was available last. */
  gone(session: SessionRecord): Awaitable<void>
  /** Somebody asks whether the account is there (RFC 6121 §4.3). */
  probe(stanza: Stanza): Awaitable<void>
  /** Whether `viewer` may see the presence of `account`. */
  maySee(viewer: Jid, account: BareJid): Awaitable<boolean>
  /** Whether `viewer` may know that this session is there. */
  maySeeSession(viewer: Jid, session: PresenceSource): Awaitable<boolean>
}

/** Makes the presence broadcasting of one host. */
export function createPresenceBroadcast(
  deps: PresenceBroadcastDeps,
  limits: RosterLimits,
): PresenceBroadcast {
  const { store, sessions, route, logger } = deps
  const directed = createDirectedPresence(limits)
  const fanOut = createFanOut(deps, limits)
  // What a session has to say is said in order, its farewell last.
  const queue = createKeyedQueue()

  const isThere = ({ sid, jid }: PresenceSource) =>
    sessions.resources(jid.bare).some((session) => session.sid === sid)

  // Presence of a session whose roster cannot be read still reaches its own account, and whom it was directed to.
  const itemsOf = (account: BareJid): Awaitable<readonly RosterItem[]> => {
    const unreadable = (cause: unknown): readonly RosterItem[] => {
      logger.error('presence could not be sent to contacts: the roster could not be read', {
        account: account.toString(),
        cause,
      })
      return []
    }
    try {
      const roster = store.load(account)
      return isThenable(roster) ? roster.then(({ items }) => items, unreadable) : roster.items
    } catch (cause) {
      return unreadable(cause)
    }
  }

  // Requests are repeated at every login until they are answered (rule P-7).
  const deliverRequests = (session: PresenceSource, items: readonly RosterItem[]): Awaitable<void> => {
    const waiting = items.filter(({ request, pendingIn }) => pendingIn && request !== undefined)
    return waiting.length === 0 ? undefined : deliverEach(session, waiting)
  }

  const deliverEach = async (session: PresenceSource, items: readonly RosterItem[]) => {
    for (const { jid, request = '' } of items) {
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
  const showOthers = (session: PresenceSource): Awaitable<void> => {
    const all = sessions.resources(session.jid.bare)
    return all.length < 2 ? undefined : showEach(session, all)
  }

  const showEach = async (session: PresenceSource, all: readonly SessionRecord[]) => {
    for (const other of all) {
      if (other.sid === session.sid || !other.presence) continue
      await sessions.deliverTo(session.sid, other.presence.with({ to: session.jid }))
    }
  }

  const probe = (session: PresenceSource, items: readonly RosterItem[], goOn: () => boolean) => {
    const contacts = contactsOf(items)
    return contacts.length === 0
      ? undefined
      : fanOut(presence({ type: 'probe', from: session.jid }), contacts, goOn)
  }

  const becomeAvailable = (session: PresenceSource, stanza: Stanza): Awaitable<void> =>
    andThen(itemsOf(session.jid.bare), (items) => {
      const goOn = () => isThere(session)
      return andThen(fanOut(stanza, [session.jid.bare, ...viewersOf(items)], goOn), () =>
        goOn()
          ? andThen(showOthers(session), () =>
              andThen(probe(session, items, goOn), () => deliverRequests(session, items)),
            )
          : undefined,
      )
    })

  const stayAvailable = (session: PresenceSource, stanza: Stanza): Awaitable<void> =>
    andThen(itemsOf(session.jid.bare), (items) =>
      fanOut(stanza, [session.jid.bare, ...viewersOf(items)], () => isThere(session)),
    )

  const becomeUnavailable = (session: PresenceSource, stanza: Stanza): Awaitable<void> =>
    andThen(itemsOf(session.jid.bare), (items) => {
      const told: readonly Jid[] = [session.jid.bare, ...viewersOf(items)]
      const directly = directed.take(session.sid)
      if (directly.length === 0) return fanOut(stanza, told)
      const known = new Set(told.map(String))
      // Whoever was told directly is told of the end too, once (rule N-3).
      return fanOut(stanza, [...told, ...directly.filter((jid) => !known.has(jid.bare.toString()))])
    })

  const maySee = (viewer: Jid, account: BareJid): Awaitable<boolean> => {
    if (viewer.bare.equals(account)) return true
    return andThen(store.get(account, viewer.bare), (item) => item !== undefined && seenByContact(item))
  }

  const answerProbe = (from: Jid, to: Jid): Awaitable<void> =>
    // Silence where nothing may be seen, as for an account that does not exist (rule N-5).
    andThen(maySee(from, to.bare), (visible) => {
      if (!visible) return
      const available = sessions.resources(to.bare).filter((one) => one.presence)
      const wanted = to.isBare ? available : available.filter((one) => one.jid.equals(to))
      return wanted.length === 0
        ? route(presence({ type: 'unavailable', from: to, to: from }))
        : showTo(from, wanted)
    })

  const showTo = (from: Jid, wanted: readonly SessionRecord[]): Awaitable<void> => {
    const shown = wanted.filter(({ jid }) => !jid.equals(from))
    return shown.length === 0 ? undefined : routeEach(shown, from)
  }

  const routeEach = async (all: readonly SessionRecord[], to: Jid) => {
    for (const { presence: current } of all) await route(current!.with({ to }))
  }

  return {
    self: (session, stanza, first) =>
      queue.run(session.sid, () => {
        if (stanza.type === 'unavailable') return becomeUnavailable(session, stanza)
        if (!isThere(session)) return
        return first ? becomeAvailable(session, stanza) : stayAvailable(session, stanza)
      }),
    directed(session, stanza) {
      if (isThere(session)) directed.note(session.sid, stanza)
    },
    gone: (session) =>
      queue.run(session.sid, () => {
        const farewell = presence({ type: 'unavailable', from: session.jid })
        return session.presence
          ? becomeUnavailable(session, farewell)
          : fanOut(farewell, directed.take(session.sid))
      }),
    probe: ({ from, to }) => (from && to ? answerProbe(from, to) : undefined),
    maySee,
    maySeeSession: (viewer, session) =>
      directed.reaches(session.sid, viewer) || maySee(viewer, session.jid.bare),
  }
}

const viewersOf = (items: readonly RosterItem[]) => items.filter(seenByContact).map((item) => item.jid)
const contactsOf = (items: readonly RosterItem[]) => items.filter(seesContact).map((item) => item.jid)
