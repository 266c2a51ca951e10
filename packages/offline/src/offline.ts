import { removeUser } from '@xmppkit/auth'
import { syncsFromArchive, userSendPacket, userSendSeq } from '@xmppkit/c2s'
import type { Hooks } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, createScope, type Logger, startSweep } from '@xmppkit/runtime'
import {
  bouncePacket,
  type OfflineMessageValue,
  offlineMessage,
  offlineSeq,
  presenceSet,
  receivePacket,
  reroutePacket,
  type SessionRecord,
  type Sessions,
  sessionClosed,
} from '@xmppkit/sessions'
import { createCustody } from './custody.js'
import { createDeletions } from './deletions.js'
import { createHandovers } from './handover.js'
import { type OfflineOptions, offlineDefaults } from './offline-options.js'
import type { OfflineStore } from './ports.js'
import { createRelease } from './release.js'
import { createReturning } from './returning.js'
import { createStoring } from './storing.js'

/** Collaborators of {@link createOffline}. */
export interface OfflineDeps {
  /** Where messages wait. */
  readonly store: OfflineStore
  /** The host's hooks: messages come and go through them. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Who is there, and the way to them. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo' | 'heldBack'>
  /** For arrival times, leases and the removal of what has expired. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Told of messages that cannot be delivered. */
  readonly logger: Logger
  /** Messages that may wait for an account whose domain has a limit of its own. @default that of the options */
  readonly limitOf?: (account: BareJid) => number | undefined
}

/** Messages for people who are away. */
export interface Offline extends AsyncDisposable {
  /**
   * The session retrieves its messages itself, one by one (XEP-0013): neither it nor the account's other sessions are flooded
   * with them as long as it is there.
   */
  retrievesItself(session: Pick<SessionRecord, 'sid'>): void
  /** Ends: nothing is stored or released any more. Resolves when nothing is under way either. */
  close(): Promise<void>
}

/** Where in `receivePacket` messages wait for what ended sessions had: before an archive sees whether somebody is there. */
const beforeArchive = userSendSeq.archive - 1
/** Where in `receivePacket` messages queue behind stored ones: what others refuse is not stored. */
const afterPolicies = 90
/** Where in `userSendPacket` what a client has is deleted: before anything of it is handled, and answered. */
const beforeEverything = 1
const label = 'offline'

/**
 * Stores messages nobody can take (XEP-0160) and hands them over at the next login.
 *
 * Nothing is deleted before the client's connection took it, and nothing that was there when a client got an
 * answer from us is ever given out again, though the process be killed (rule X-CONS). Nor is what a client has not
 * acknowledged (XEP-0198) lost with the process: what is in no archive stays in the store until then. While stored messages are
 * being handed over, new ones queue behind them, so that each sender's order holds (rule M-7).
 *
 * @example
 * ```ts
 * const offline = createOffline({ store: createMemoryOfflineStore(), hooks, sessions, clock, logger })
 * ```
 */
export function createOffline(deps: OfflineDeps, options: OfflineOptions = {}): Offline {
  const settings = Object.freeze({ ...offlineDefaults, ...options })
  const { store, hooks, sessions, clock, logger } = deps
  const scope = createScope()
  const deletions = scope.use(createDeletions(deps))
  const custody = createCustody({ store, deletions })
  const parts = { ...deps, deletions, custody }
  const release = scope.use(createRelease({ ...parts, handovers: createHandovers(deps) }, settings))
  const returning = createReturning(deps, settings)
  const storing = createStoring({ ...parts, release, returning }, settings)
  // Accounts that are being removed: what came for them now would reach the next of that name.
  const leaving = new Set<string>()

  const takeOver = (value: OfflineMessageValue): Awaitable<OfflineMessageValue> => {
    const { action, stanza } = value
    // A headline is discarded unless somebody wants it kept; what else is decided already stays so.
    const isOpen = action === 'bounce' || (action === 'discard' && stanza.type === 'headline')
    if (!isOpen || !stanza.to || leaving.has(stanza.to.bare.toString())) return value
    return storing.takeOver(value)
  }

  // Should the store fail, they are tried again as ever; the session is not to suffer.
  const deleted = (account: BareJid) => deletions.flush(account)?.catch(() => {})

  const forget = ({ account }: { readonly account: BareJid }) => {
    if (sessions.resources(account).length === 0) leaving.delete(account.toString())
  }

  const remove = async (account: BareJid) => {
    leaving.add(account.toString())
    release.drop(account)
    deletions.drop(account)
    custody.drop(account)
    try {
      await store.removeAll(account)
    } finally {
      forget({ account })
    }
  }

  // What has expired does not count towards the limit of an account, so nothing else keeps it from filling the store.
  scope.use(
    startSweep(
      { clock, logger, failed: 'expired messages could not be removed', everyMs: settings.expirySweepMs },
      (removeAll) => removeAll((limit) => store.removeExpired(clock.now(), limit)),
    ),
  )
  scope.use(hooks.on(offlineMessage, takeOver, { seq: offlineSeq.store, label }))
  scope.use(
    hooks.on(
      receivePacket,
      (stanza) => (stanza.kind === 'message' && stanza.to ? storing.await(stanza, stanza.to.bare) : stanza),
      { seq: beforeArchive, label },
    ),
  )
  scope.use(
    hooks.on(
      receivePacket,
      (stanza) => {
        if (stanza.kind !== 'message' || !stanza.to || leaving.has(stanza.to.bare.toString())) return stanza
        return storing.receive(stanza, stanza.to.bare)
      },
      { seq: afterPolicies, label },
    ),
  )
  scope.use(
    hooks.on(
      reroutePacket,
      (stanza, { hasCopy }) => {
        if (!stanza.to || leaving.has(stanza.to.bare.toString())) return stanza
        return storing.again(stanza, stanza.to.bare, hasCopy)
      },
      { label },
    ),
  )
  scope.use(
    hooks.on(
      userSendPacket,
      (stanza, { session }) => deleted(session.jid.bare)?.then(() => stanza) ?? stanza,
      { seq: beforeEverything, label },
    ),
  )
  scope.use(
    hooks.on(
      presenceSet,
      ({ session, previousPriority }) => {
        const was = previousPriority ?? -1
        // Not waited for: what the client says next, such as that it has received them, must be heard.
        if (was < 0 && (session.priority ?? -1) >= 0) void release.start(session.jid.bare, false)
      },
      { label },
    ),
  )
  scope.use(
    hooks.on(
      sessionClosed,
      ({ session }) => {
        release.forget(session)
        forget({ account: session.jid.bare })
      },
      { label },
    ),
  )
  scope.use(hooks.on(bouncePacket, (value) => storing.refused(value), { label }))
  scope.use(hooks.on(removeUser, ({ account }) => remove(account), { label }))
  scope.use(
    hooks.on(
      syncsFromArchive,
      // What is being written may be on no page yet.
      ({ session }) => release.syncs(session, storing.writesSince(session.jid.bare) ?? clock.now()),
      { label },
    ),
  )

  return {
    retrievesItself: release.exempt,
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}
