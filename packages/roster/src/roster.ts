import { createRateTable } from '@xmppkit/access'
import { removeUser } from '@xmppkit/auth'
import { selfPresence, userSendPacket } from '@xmppkit/c2s'
import { accountVisible } from '@xmppkit/disco'
import { drop, type Hooks } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import type { BareJid, Jid } from '@xmppkit/jid'
import {
  type Awaitable,
  type Clock,
  createKeyedQueue,
  createScope,
  type Ids,
  type Logger,
} from '@xmppkit/runtime'
import { probeIn, resourceVisible, type Sessions, sessionClosed, subscriptionIn } from '@xmppkit/sessions'
import { type Stanza, StanzaError } from '@xmppkit/stanza'
import { andThen } from './and-then.js'
import { createDepartures } from './departures.js'
import type { RosterItem, RosterStore } from './ports.js'
import { createPresenceBroadcast } from './presence-broadcast.js'
import { createRosterCache } from './roster-cache.js'
import { type RosterOptions, rosterDefaults } from './roster-options.js'
import { rosterGet, rosterSet } from './roster-payload.js'
import { createRosterPushes } from './roster-pushes.js'
import { createRosterRequests } from './roster-requests.js'
import { createRosterWriter } from './roster-writer.js'
import { isSubscriptionType } from './subscription.js'
import { createSubscriptions } from './subscriptions.js'

/** Collaborators of {@link createRoster}. */
export interface RosterDeps {
  /** Where rosters are kept. */
  readonly store: RosterStore
  /** The host's hooks: presence and subscriptions come through them. */
  readonly hooks: Hooks
  /** Who is connected. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** Where roster requests come in. */
  readonly iq: Pick<Iq, 'handle'>
  /** The way out: subscriptions, presence and probes to contacts anywhere. */
  readonly route: (stanza: Stanza) => Awaitable<void>
  /** Names pushes. */
  readonly ids: Ids
  /** Counts subscription requests. */
  readonly clock: Pick<Clock, 'monotonic'>
  /** Told of rosters and stored requests that could not be read. */
  readonly logger: Logger
}

/** Rosters, subscriptions and presence of one host. */
export interface Roster extends AsyncDisposable {
  /** All contacts of an account, those included that only asked. */
  items(account: BareJid): Promise<readonly RosterItem[]>
  /** One contact of an account, also one that only asked. */
  item(account: BareJid, contact: BareJid): Awaitable<RosterItem | undefined>
  /** Whether `viewer` may see the presence of `account`: it is subscribed, or is the account itself. */
  maySee(viewer: Jid, account: BareJid): Awaitable<boolean>
  /** Ends: requests are not answered any more. */
  close(): Promise<void>
}

/** Where in `userSendPacket` subscriptions are carried out: what privacy, archive or carbons refuse changes nothing. */
const afterCarbons = 95
const label = 'roster'

/**
 * Serves rosters (RFC 6121 §2), carries out subscriptions (§3) and spreads presence (§4).
 *
 * @example
 * ```ts
 * const roster = createRoster({ store, hooks, sessions, iq, route: router.route, ids, clock, logger })
 * ```
 */
export function createRoster(deps: RosterDeps, options: RosterOptions = {}): Roster {
  const settings = Object.freeze({ ...rosterDefaults, ...options })
  const { hooks, iq, sessions } = deps
  const { cachedItems } = settings
  const departures = createDepartures({
    sessions,
    store: cachedItems > 0 ? createRosterCache(deps.store, { maxItems: cachedItems }) : deps.store,
  })
  const store = departures.store
  const queue = createKeyedQueue()
  const pushes = createRosterPushes(deps)
  const writer = createRosterWriter({ store, hooks, pushes, queue }, settings)
  const subscriptions = createSubscriptions({ ...deps, writer, pushes }, settings)
  const requests = createRosterRequests({ ...deps, store, pushes, writer, subscriptions, queue }, settings)
  const broadcast = createPresenceBroadcast({ ...deps, store }, settings)
  const requestRate = createRateTable(deps, {
    limit: settings.maxRequestsPerWindow,
    windowMs: settings.requestWindowMs,
  })

  const sendSubscription = async (stanza: Stanza, account: BareJid): Promise<typeof drop> => {
    if (stanza.type === 'subscribe' && !requestRate.hit(account.toString()).allowed) {
      throw new StanzaError('resource-constraint', { text: 'Too many subscription requests; try later.' })
    }
    await subscriptions.send(stanza)
    return drop
  }

  // Contacts learn that the account is gone, and a new one of the same name starts from nothing (rule P-10).
  const remove = async (account: BareJid) => {
    const resources = sessions.resources(account)
    departures.begin(account)
    try {
      const items = await queue.run(account.toString(), () => store.removeAll(account))
      for (const item of items) await subscriptions.cancel(account, item, resources)
    } finally {
      departures.check(account)
    }
  }

  const scope = createScope()
  scope.use(iq.handle(rosterGet, 'account', ({ from, to, payload }) => requests.get(from, to.bare, payload)))
  scope.use(iq.handle(rosterSet, 'account', ({ from, to, payload }) => requests.set(from, to.bare, payload)))
  scope.use(
    hooks.on(
      userSendPacket,
      (stanza, { session }) => {
        if (stanza.kind !== 'presence' || !stanza.to) return stanza
        if (isSubscriptionType(stanza.type)) return sendSubscription(stanza, session.jid.bare)
        broadcast.directed(session, stanza)
        return stanza
      },
      { seq: afterCarbons, label },
    ),
  )
  scope.use(hooks.on(subscriptionIn, (_show, { stanza }) => subscriptions.receive(stanza), { label }))
  scope.use(
    hooks.on(selfPresence, ({ session, stanza, first }) => broadcast.self(session, stanza, first), { label }),
  )
  scope.use(hooks.on(probeIn, ({ stanza }) => broadcast.probe(stanza), { label }))
  scope.use(
    hooks.on(
      sessionClosed,
      ({ session }) => {
        pushes.forget(session)
        return andThen(broadcast.gone(session), () => departures.check(session.jid.bare))
      },
      { label },
    ),
  )
  scope.use(
    hooks.on(accountVisible, (visible, { asker, account }) => visible || broadcast.maySee(asker, account), {
      label,
    }),
  )
  scope.use(
    hooks.on(
      resourceVisible,
      (visible, { stanza, session }) =>
        visible && stanza.from !== undefined && broadcast.maySeeSession(stanza.from, session),
      { label },
    ),
  )
  scope.use(hooks.on(removeUser, ({ account }) => remove(account), { label }))

  return {
    items: async (account) => (await store.load(account)).items,
    item: (account, contact) => store.get(account, contact),
    maySee: broadcast.maySee,
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}
