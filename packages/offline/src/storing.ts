import { type Drop, drop } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import type { Awaitable, Clock, Logger } from '@xmppkit/runtime'
import {
  type BouncePacketValue,
  type DeliveryRules,
  decideDelivery,
  fateListener,
  inCustody,
  isArchivedForAddressee,
  type OfflineMessageValue,
  type Storing as Pending,
  storing as pendingStorage,
  type Sessions,
  takenAt,
} from '@xmppkit/sessions'
import { type Stanza, StanzaError } from '@xmppkit/stanza'
import { textFromWire } from '@xmppkit/xml'
import { createBeingWritten } from './being-written.js'
import type { Custody } from './custody.js'
import type { Deletions } from './deletions.js'
import type { OfflineOptions } from './offline-options.js'
import type { NewOfflineMessage, OfflineStore } from './ports.js'
import type { Release } from './release.js'
import { fromOfflineStorage } from './replay.js'
import type { Returning } from './returning.js'
import { expiryOf, fateOf } from './storable.js'

/** What {@link createStoring} needs. */
export interface StoringDeps {
  readonly store: Pick<OfflineStore, 'append'>
  readonly sessions: Pick<Sessions, 'resources' | 'heldBack'>
  readonly release: Pick<Release, 'start' | 'receiver' | 'mayWait' | 'settled'>
  readonly returning: Returning
  readonly custody: Pick<Custody, 'take' | 'end'>
  readonly deletions: Pick<Deletions, 'add' | 'flush'>
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  readonly limitOf?: (account: BareJid) => number | undefined
}

/** Puts messages into the store: those nobody can take, those behind them, and those that are nowhere else. */
export interface Storing {
  /** A message nobody can take. */
  takeOver(value: OfflineMessageValue): Promise<OfflineMessageValue>
  /** A message for an account, before anything is decided about it: what an ended session had comes first. */
  await(message: Stanza, account: BareJid): Awaitable<Stanza>
  /** The same once policies and archives have seen it, before anybody looks for its sessions. */
  receive(message: Stanza, account: BareJid): Awaitable<Stanza | Drop>
  /** A message a session has had, before another way is looked for; perhaps a copy stands in for it. */
  again(message: Stanza, account: BareJid, hasCopy: () => boolean): Awaitable<Stanza | Drop>
  /** When the oldest message that is being written for an account was taken; `undefined` if none is. */
  writesSince(account: BareJid): number | undefined
  /** A message that is about to be answered with an error: it is not to wait besides. */
  refused(value: BouncePacketValue): Awaitable<BouncePacketValue>
}

// Who gets the message makes no difference here, only whether somebody does.
const rules: DeliveryRules = Object.freeze({ bareMessages: 'all-non-negative' })
const rerouteRules: DeliveryRules = Object.freeze({ ...rules, rerouted: true })

const always = () => true

/** Makes the storing of one host. */
export function createStoring(
  deps: StoringDeps,
  settings: Pick<Required<OfflineOptions>, 'maxMessagesPerAccount' | 'keepUntilAcknowledged'>,
): Storing {
  const { store, sessions, release, returning, custody, deletions, clock, logger, limitOf } = deps
  const beingWritten = createBeingWritten()

  /** Undefined if it is worth nothing any more. */
  const toStore = (stanza: Stanza): NewOfflineMessage | undefined => {
    const receivedAt = stanza.meta(takenAt) ?? clock.now()
    const expiresAt = expiryOf(stanza, receivedAt)
    if (expiresAt === receivedAt) return undefined
    const expiry = expiresAt === undefined ? {} : { expiresAt }
    return { stanza: textFromWire(stanza.toWire()), receivedAt, ...expiry }
  }

  /** Known to be gone from this moment on: somebody may be taking messages out. */
  const deleted = async (account: BareJid, id: string): Promise<void> => {
    deletions.add(account, id)
    await deletions.flush(account)
  }

  // Together with what else is stored of it, so that both are written in one go. One without the other would be a message
  // that is refused and delivered.
  const append = async (account: BareJid, message: NewOfflineMessage, pending: Pending | undefined) => {
    const appending = store.append(account, message, limitOf?.(account) ?? settings.maxMessagesPerAccount)
    if (pending === undefined) return appending
    const [kept, other] = await Promise.allSettled([appending, pending.flush()])
    if (other.status === 'fulfilled') return appending
    if (kept.status === 'fulfilled' && kept.value !== 'full') await deleted(account, kept.value.id)
    throw other.reason
  }

  const keep = async (account: BareJid, stanza: Stanza): Promise<'stored' | 'discard' | 'full'> => {
    const message = toStore(stanza)
    if (message === undefined) return 'discard'
    const pending = stanza.meta(pendingStorage)
    const stored = await beingWritten.during(account, message.receivedAt, () =>
      append(account, message, pending),
    )
    if (stored === 'full') return 'full'
    returning.stored(stanza.to ?? account)
    // Somebody may have come while the message was being written; not waited for: the sender is served.
    void release.start(account, true)
    return 'stored'
  }

  // What is in the archive is not lost, so its sender is not told that it was; the client finds it there.
  const keepIfItCan = async (account: BareJid, stanza: Stanza): Promise<'stored' | 'discard' | 'cannot'> => {
    try {
      const kept = await keep(account, stanza)
      return kept === 'full' ? 'cannot' : kept
    } catch (cause) {
      if (!isArchivedForAddressee(stanza)) throw cause
      logger.error('a message is archived, but cannot wait', { account: account.toString(), cause })
      return 'cannot'
    }
  }

  /** Whether nothing is on its way from sessions that have ended. */
  const isFirst = (account: BareJid): boolean => sessions.heldBack(account) === undefined

  const queueBehind = async (
    account: BareJid,
    stanza: Stanza,
    isHeldBack = false,
  ): Promise<Stanza | Drop> => {
    const kept = await keepIfItCan(account, stanza)
    if (kept !== 'cannot') {
      stanza.meta(fateListener)?.(kept === 'stored' ? 'stored' : 'discarded')
      return drop
    }
    // There is somebody to take it, only not yet.
    await release.settled(account, isHeldBack)
    if (isHeldBack) return handOn(account, stanza, rerouteRules, always)
    // What else is stored came later, and what has no place there is not put behind it.
    return handOn(account, stanza, rules, () => isFirst(account))
  }

  const mustQueue = (stanza: Stanza, account: BareJid): boolean => {
    const to = stanza.to ?? account
    const receiver = release.receiver(account, beingWritten.has(account))
    if (receiver !== undefined && (to.isBare || to.equals(receiver.jid))) return true
    return release.mayWait(account) && returning.includes(to, account)
  }

  /** Whether nobody but sessions would have a message, which they have in memory until their client acknowledges it. */
  const isNowhereElse = (stanza: Stanza, account: BareJid, how: DeliveryRules): boolean => {
    if (stanza.meta(inCustody) !== undefined) return false
    if (!settings.keepUntilAcknowledged || isArchivedForAddressee(stanza)) return false
    if (stanza.type !== 'chat' && stanza.type !== 'normal') return false
    const resources = sessions.resources(account)
    if (!resources.some(({ info }) => info.acknowledges === true)) return false
    const decision = decideDelivery(stanza, resources, how)
    return decision.action === 'deliver' && decision.sessions.some(({ info }) => info.acknowledges === true)
  }

  const receive = (stanza: Stanza, account: BareJid): Awaitable<Stanza | Drop> => {
    if (!mustQueue(stanza, account)) {
      return handOn(account, stanza, rules, () => isFirst(account) && !mustQueue(stanza, account))
    }
    return fateOf(stanza) === 'store' ? queueBehind(account, stanza) : stanza
  }

  /** A message goes to sessions, if there are any; what is to be kept until they have it only if it still comes next then. */
  const handOn = (
    account: BareJid,
    stanza: Stanza,
    how: DeliveryRules,
    comesNext: () => boolean,
  ): Awaitable<Stanza | Drop> => {
    if (!isNowhereElse(stanza, account, how) || fateOf(stanza) !== 'store') return stanza
    return keepBeside(account, stanza, comesNext)
  }

  const keepBeside = async (
    account: BareJid,
    stanza: Stanza,
    comesNext: () => boolean,
  ): Promise<Stanza | Drop> => {
    const message = toStore(stanza)
    if (message === undefined) return stanza
    const kept = await custody.take(account, stanza, message)
    if (comesNext()) return kept
    // Something else came before it while it was being written: it waits where it is.
    waitInPlace(account, kept)
    stanza.meta(fateListener)?.('stored')
    return drop
  }

  /** False unless it is in the store already. */
  const waitInPlace = (account: BareJid, stanza: Stanza): boolean => {
    if (custody.end(stanza) === undefined) return false
    returning.stored(stanza.to ?? account)
    void release.start(account, true)
    return true
  }

  return {
    async takeOver(value) {
      const { stanza } = value
      const account = stanza.to?.bare
      if (account === undefined) return value
      if (waitInPlace(account, stanza)) return { action: 'stored', stanza }
      const fate = fateOf(stanza)
      if (fate !== 'store') return { action: fate, stanza }
      const kept = await keepIfItCan(account, stanza)
      if (kept !== 'cannot') return { action: kept, stanza }
      if (isArchivedForAddressee(stanza)) return { action: 'stored', stanza }
      throw new StanzaError('resource-constraint', { text: 'Too many messages wait for this account.' })
    },
    await(stanza, account) {
      // Most accounts have none. An error is not for anybody else, and what waits for its end may have caused it.
      const held = sessions.heldBack(account)
      return held === undefined || fateOf(stanza) !== 'store' ? stanza : held.then(() => stanza)
    },
    receive(stanza, account) {
      if (stanza.meta(fromOfflineStorage)) return stanza
      const held = sessions.heldBack(account)
      if (held === undefined || fateOf(stanza) !== 'store') return receive(stanza, account)
      return held.then(() => receive(stanza, account))
    },
    again(stanza, account, hasCopy) {
      if (!mustQueue(stanza, account)) return handOn(account, stanza, rerouteRules, always)
      if (fateOf(stanza) !== 'store') return stanza
      if (hasCopy()) return drop
      if (!waitInPlace(account, stanza)) return queueBehind(account, stanza, true)
      stanza.meta(fateListener)?.('stored')
      return drop
    },
    writesSince: beingWritten.oldest,
    refused(value) {
      const account = value.stanza.to?.bare
      const id = account && custody.end(value.stanza)
      if (account === undefined || id === undefined) return value
      // Should the store fail, it is tried again as ever. Its sender is told: nobody will get the message.
      return deleted(account, id).then(
        () => value,
        () => value,
      )
    },
  }
}
