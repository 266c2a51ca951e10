import { removeUser } from '@xmppkit/auth'
import { drop, type Hooks } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import { type Clock, createScope, type Logger } from '@xmppkit/runtime'
import {
  offlineMessage,
  offlineSeq,
  presenceSet,
  receivePacket,
  type SessionRecord,
  type Sessions,
  sessionClosed,
} from '@xmppkit/sessions'
import { type Stanza, StanzaError } from '@xmppkit/stanza'
import { textFromWire } from '@xmppkit/xml'
import { type OfflineOptions, offlineDefaults } from './offline-options.js'
import type { OfflineStore } from './ports.js'
import { createRelease } from './release.js'
import { fromOfflineStorage } from './replay.js'
import { expiryOf, fateOf } from './storable.js'

/** Collaborators of {@link createOffline}. */
export interface OfflineDeps {
  /** Where messages wait. */
  readonly store: OfflineStore
  /** The host's hooks: messages come and go through them. */
  readonly hooks: Hooks
  /** Who is there, and the way to them. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** For arrival times and leases. */
  readonly clock: Clock
  /** Told of messages that cannot be delivered. */
  readonly logger: Logger
}

/** Messages for people who are away. */
export interface Offline extends AsyncDisposable {
  /** The session retrieves its messages itself (XEP-0013) and gets no flood. */
  retrievesItself(session: SessionRecord): void
  /** Ends: nothing is stored or released any more. */
  close(): Promise<void>
}

/**
 * Stores messages nobody can take (XEP-0160) and hands them over at the next login.
 *
 * Nothing is deleted before the client's connection took it; while stored messages are being handed
 * over, new ones queue behind them, so that each sender's order holds (rule M-7).
 *
 * @example
 * ```ts
 * const offline = createOffline({ store: createMemoryOfflineStore(), hooks, sessions, clock, logger })
 * ```
 */
export function createOffline(deps: OfflineDeps, options: OfflineOptions = {}): Offline {
  const settings = Object.freeze({ ...offlineDefaults, ...options })
  const { store, hooks, clock } = deps
  const release = createRelease(deps, settings)
  const scope = createScope()

  const keep = async (account: BareJid, stanza: Stanza) => {
    const receivedAt = clock.now()
    const expiresAt = expiryOf(stanza, receivedAt)
    const stored = await store.append(
      account,
      {
        stanza: textFromWire(stanza.toWire()),
        receivedAt,
        ...(expiresAt === undefined ? {} : { expiresAt }),
      },
      settings.maxMessagesPerAccount,
    )
    if (stored === 'full') {
      throw new StanzaError('resource-constraint', { text: 'Too many messages wait for this account.' })
    }
    // Somebody may have come while the message was being written; not waited for: the sender is served.
    void release.start(account)
  }

  scope.use(
    hooks.on(
      offlineMessage,
      async (value) => {
        const { action, stanza } = value
        if (action !== 'bounce' || !stanza.to) return value
        const fate = fateOf(stanza)
        if (fate === 'store') await keep(stanza.to.bare, stanza)
        return fate === 'bounce' ? value : { action: fate === 'store' ? 'stored' : 'discard', stanza }
      },
      { seq: offlineSeq.store, label: 'offline' },
    ),
  )
  scope.use(
    hooks.on(
      receivePacket,
      (stanza) => {
        if (stanza.kind !== 'message' || !stanza.to || stanza.meta(fromOfflineStorage)) return stanza
        const receiver = release.receiver(stanza.to.bare)
        if (!receiver || !(stanza.to.isBare || stanza.to.equals(receiver.jid))) return stanza
        if (fateOf(stanza) !== 'store') return stanza
        return keep(stanza.to.bare, stanza).then(() => drop)
      },
      { label: 'offline' },
    ),
  )
  scope.use(
    hooks.on(
      presenceSet,
      ({ session, previousPriority }) => {
        const was = previousPriority ?? -1
        if (was >= 0 || session.priority === undefined || session.priority < 0) return
        // Waited for: the client's next request is answered when what it got is off the store.
        return release.start(session.jid.bare)
      },
      { label: 'offline' },
    ),
  )
  scope.use(hooks.on(sessionClosed, ({ session }) => release.forget(session), { label: 'offline' }))
  scope.use(
    hooks.on(removeUser, async ({ account }) => void (await store.removeAll(account)), { label: 'offline' }),
  )

  return {
    retrievesItself: release.exempt,
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}
