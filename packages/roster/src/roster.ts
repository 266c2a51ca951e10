import { createRateTable } from '@xmppkit/access'
import { removeUser } from '@xmppkit/auth'
import { selfPresence, userSendPacket } from '@xmppkit/c2s'
import { accountVisible } from '@xmppkit/disco'
import { drop, type Hooks } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import type { BareJid, Jid } from '@xmppkit/jid'
import { type Awaitable, type Clock, createScope, type Ids, type Logger } from '@xmppkit/runtime'
import { probeIn, resourceVisible, type Sessions, sessionClosed, subscriptionIn } from '@xmppkit/sessions'
import { type Stanza, StanzaError } from '@xmppkit/stanza'
import { createKeyedQueue } from './keyed-queue.js'
import type { RosterItem, RosterStore } from './ports.js'
import { createPresenceBroadcast } from './presence-broadcast.js'
import { type RosterOptions, rosterDefaults } from './roster-options.js'
import { rosterGet, rosterSet } from './roster-payload.js'
import { createRosterPushes } from './roster-pushes.js'
import { createRosterRequests } from './roster-requests.js'
import { isSubscriptionType } from './subscription.js'
import { createSubscriptions } from './subscriptions.js'

/** Collaborators of {@link createRoster}. */
export interface RosterDeps {
  /** Where rosters are kept. */
  readonly store: RosterStore
  /** The host's hooks. */
  readonly hooks: Hooks
  /** Who is connected. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** Where roster requests come in. */
  readonly iq: Pick<Iq, 'handle'>
  /** The way out: subscriptions, presence and probes to contacts anywhere. */
  readonly route: (stanza: Stanza) => Awaitable<void>
  /** Names pushes. */
  readonly ids: Ids
  /** Counts requests and schedules pushes. */
  readonly clock: Clock
  /** Told of failures nobody waits for. */
  readonly logger: Logger
}

/** Rosters, subscriptions and presence of one host. */
export interface Roster extends AsyncDisposable {
  /** All contacts of an account, those included that only asked. */
  items(account: BareJid): Promise<readonly RosterItem[]>
  /** Whether `viewer` may see the presence of `account`: it is subscribed, or is the account itself. */
  maySee(viewer: Jid, account: BareJid): Promise<boolean>
  /** Ends: requests are not answered any more. */
  close(): Promise<void>
}

/**
 * Serves rosters (RFC 6121 §2), carries out subscriptions (§3) and spreads presence (§4).
 *
 * @example
 * ```ts
 * const roster = createRoster({ store, hooks, sessions, iq, route: router.route, ids, clock, logger })
 * ```
 */
export function createRoster(deps: RosterDeps, options: RosterOptions = {}): Roster {
  const limits = Object.freeze({ ...rosterDefaults, ...options })
  const { store, hooks, iq } = deps
  const scope = createScope()
  const queue = createKeyedQueue()
  const pushes = createRosterPushes(deps)
  const subscriptions = createSubscriptions({ ...deps, pushes, queue }, limits)
  const requests = createRosterRequests({ ...deps, pushes, subscriptions, queue }, limits)
  const broadcast = createPresenceBroadcast(deps, limits)
  const requestRate = createRateTable(deps, {
    limit: limits.maxRequestsPerWindow,
    windowMs: limits.requestWindowMs,
  })
  const label = 'roster'

  scope.use(iq.handle(rosterGet, 'account', ({ from, to, payload }) => requests.get(from, to.bare, payload)))
  scope.use(iq.handle(rosterSet, 'account', ({ from, to, payload }) => requests.set(from, to.bare, payload)))

  // After privacy, archive and carbons: what they refuse never changes a subscription.
  scope.use(
    hooks.on(
      userSendPacket,
      (stanza, { session }) => {
        if (stanza.kind !== 'presence' || !stanza.to) return stanza
        if (!isSubscriptionType(stanza.type)) {
          broadcast.directed(session, stanza)
          return stanza
        }
        if (stanza.type === 'subscribe' && !requestRate.hit(session.jid.bare.toString()).allowed) {
          throw new StanzaError('resource-constraint', { text: 'Too many subscription requests; try later.' })
        }
        return subscriptions.send(stanza).then(() => drop)
      },
      { seq: 95, label },
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
        return broadcast.gone(session)
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
        visible && stanza.from !== undefined && broadcast.maySee(stanza.from, session.jid.bare),
      { label },
    ),
  )
  // Contacts learn that the account is gone, and a new one of the same name starts from nothing (P-10).
  scope.use(
    hooks.on(
      removeUser,
      async ({ account }) => {
        for (const item of await store.removeAll(account)) await subscriptions.cancel(account, item)
      },
      { label },
    ),
  )

  return {
    items: async (account) => (await store.load(account)).items,
    maySee: broadcast.maySee,
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}
