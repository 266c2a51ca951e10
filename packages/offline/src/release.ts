import type { BareJid } from '@xmppkit/jid'
import type { Clock, Logger } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { hasArchiveId } from './archive-id.js'
import type { Custody } from './custody.js'
import type { Deletions } from './deletions.js'
import type { HandoverOutcome, Handovers } from './handover.js'
import { createNotTaken } from './not-taken.js'
import type { OfflineOptions } from './offline-options.js'
import type { OfflineMessage, OfflineStore } from './ports.js'
import { createReceivers } from './receivers.js'
import { createRecentAddresses } from './recent-addresses.js'
import { createUnderWay } from './under-way.js'

/** What releasing stored messages needs. */
export interface ReleaseDeps {
  /** Where they wait. */
  readonly store: Pick<OfflineStore, 'lease' | 'release' | 'count' | 'mayWait'>
  /** What clients have; deleted before anything else is taken out (rule X-CONS). */
  readonly deletions: Pick<Deletions, 'add' | 'has' | 'count' | 'flush' | 'whileReading'>
  /** What sessions have already, and is not to be handed out. */
  readonly custody: Pick<Custody, 'keeps' | 'settled'>
  /** Who is there. */
  readonly sessions: Pick<Sessions, 'resources' | 'heldBack'>
  /** Hands them over. */
  readonly handovers: Handovers
  /** For leases, and to look again. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Told of what could not be delivered. */
  readonly logger: Logger
}

/** Settings of {@link createRelease}. */
export type ReleaseOptions = Pick<Required<OfflineOptions>, 'releaseBatch' | 'releaseBytes' | 'leaseMs'>

/** Hands stored messages to returning clients: leased, delivered in order, deleted once the client has them. */
export interface Release extends AsyncDisposable {
  /**
   * Hands an account's messages to its best session until none is left. Never rejects; resolves when it was given all of
   * them, or when there is nobody to take them any more: they wait again then. Returns nothing when there is nothing to do.
   *
   * @param isSure - there are messages, so new ones must queue behind them from now on
   */
  start(account: BareJid, isSure: boolean): Promise<void> | undefined
  /**
   * The session that gets the account's messages at this moment, behind which new ones have to queue.
   *
   * @param isWriting - one is being stored, and will be handed out as soon as it is
   */
  receiver(account: BareJid, isWriting: boolean): SessionRecord | undefined
  /** Whether something this process has stored for the account may wait still. */
  mayWait(account: BareJid): boolean
  /**
   * Resolves when what is being handed over to the account at this moment is.
   *
   * @param isHeldBack - what ended sessions had is waiting for this, so this must not wait for it in turn
   */
  settled(account: BareJid, isHeldBack: boolean): Promise<void>
  /** The session retrieves by itself (XEP-0013): it and its siblings are not flooded. */
  exempt(session: Pick<SessionRecord, 'sid'>): void
  /**
   * The session gets what was taken before a moment, and has been archived, from the archive: it is sent the rest only. What it
   * is not sent is deleted as though it had been.
   */
  syncs(session: Pick<SessionRecord, 'sid'>, before: number): void
  /** The session is gone. */
  forget(session: Pick<SessionRecord, 'sid'>): void
  /** The account is gone. */
  drop(account: BareJid): void
  /** Ends after what is under way, without waiting for sessions that do not answer. */
  close(): Promise<void>
}

/** Messages of one account on their way to a session. */
interface Run {
  receiver: SessionRecord
  /** Its own, because all that run at one time would be too many to wait for one signal. */
  readonly abort: AbortController
  /** Whether new messages queue behind. */
  blocks: boolean
  /** Something was stored meanwhile: look again before ending. */
  again: boolean
  /** Something was stored, so nobody has to look whether there is something before it is taken out. */
  isSure: boolean
  /** Whether a look has shown that there is nothing, neither free nor held by others. */
  isEmpty: boolean
  /** The receiver refused some of them; they are left out, and wait for another session. */
  refused: boolean
  /** Sessions have some of what was taken out for the receiver. */
  skipped: readonly string[]
  /** What ended sessions had is not waited for: it waits for this. */
  hurried: boolean
  /** Ends its waiting for what ended sessions had. */
  hurry: () => void
  /** Ends its waiting for the leases of others. */
  wake: () => void
  done: Promise<void>
}

/** Accounts with something stored since the start that are known, about 100 bytes each. */
const maxStored = 100_000
/** How often to look whether the leases of others have ended. */
const lookMs = 1000

const nothing: { readonly batch: readonly OfflineMessage[]; readonly found: number } = { batch: [], found: 0 }

/** What an ended session had is stored again, behind what has come since it was taken (rule M-7). */
const inOrder = (messages: readonly OfflineMessage[]): readonly OfflineMessage[] =>
  messages.toSorted((one, other) => one.receivedAt - other.receivedAt)

/** Makes the release of one host. */
export function createRelease(deps: ReleaseDeps, options: ReleaseOptions): Release {
  const { store, sessions, clock, logger, deletions, custody } = deps
  const running = new Map<string, Run>()
  const receivers = createReceivers(sessions)
  // Sessions that read the archive, by sid: what was taken before this moment is there.
  const syncing = new Map<string, number>()
  const notTaken = createNotTaken(deps)
  const lookAgain = new Map<string, Disposable>()
  // Accounts for which this process has stored something that may still wait.
  const stored = createRecentAddresses(maxStored)
  let closing = false

  const scheduleAnother = (account: BareJid) => {
    const key = account.toString()
    if (closing || lookAgain.has(key)) return
    const timer = clock.after(options.leaseMs, () => {
      lookAgain.delete(key)
      void start(account, false)
    })
    lookAgain.set(key, timer)
  }

  const isThere = (account: BareJid, sid: string) =>
    sessions.resources(account).some((one) => one.sid === sid)

  // Whatever is on its way to the same account behind it must not overtake it (rule M-7), so this begins at once.
  const wasNotTaken = (account: BareJid, sid: string) => {
    const isNew = notTaken.add(account, sid)
    if (start(account, true) === undefined && isNew && !closing) void notTaken.free(account)
  }

  /** What sessions did not take waits again; but what the receiver refuses, and would refuse again, is left out. */
  const freeNotTaken = async (account: BareJid, run: Run): Promise<void> => {
    const refuses = (sid: string) => sid === run.receiver.sid && isThere(account, sid)
    if (await notTaken.free(account, refuses)) run.refused = true
  }

  const underWay = createUnderWay((session, onSettled) => {
    const { sid, jid } = session
    const account = jid.bare
    return deps.handovers(session, {
      windowCount: options.releaseBatch,
      windowBytes: options.releaseBytes,
      timeoutMs: options.leaseMs,
      takes: () => receivers.includes(account, sid),
      has(stanza, { receivedAt }) {
        const before = syncing.get(sid)
        return before !== undefined && receivedAt < before && hasArchiveId(stanza, account)
      },
      onSettled({ id }, isTaken) {
        onSettled()
        if (isTaken) deletions.add(account, id)
        else wasNotTaken(account, sid)
        // Nothing to collect for. Should the store fail, it is tried again as ever.
        if (underWay.count(account) === 0) deletions.flush(account)?.catch(() => {})
        if (receivers.unblock(sid)) void start(account, true)
      },
    })
  })

  /** Whether a stored message is with a session, or a client has it already. */
  const isInHand = (account: BareJid, id: string) =>
    custody.keeps(account, id) || deletions.has(account, id) || underWay.has(account, id)

  /** Whether something waits that nobody here has in hand. */
  const othersHave = async (account: BareJid): Promise<boolean> => {
    const inHand = underWay.count(account) + deletions.count(account)
    return (await store.count(account, clock.now())) > inHand
  }

  /** Whether there is a session to go on with; what another one was given goes to the next. */
  const findReceiver = async (account: BareJid, run: Run): Promise<boolean> => {
    if (receivers.best(account, run.receiver)?.sid === run.receiver.sid) return true
    await store.release(account, run.receiver.sid)
    const next = receivers.best(account)
    if (next) run.receiver = next
    return next !== undefined
  }

  /** The rest of what was taken out for the receiver waits again, lest it be passed over should the receiver take more at once. */
  const putBack = async (account: BareJid, { receiver }: Run, outcome: HandoverOutcome): Promise<void> => {
    // It may have made room since: then nothing of it comes back that would unblock it.
    if (outcome === 'late' && underWay.holds(receiver)) receivers.block(receiver.sid)
    await store.release(account, receiver.sid)
  }

  const releaseAll = async (account: BareJid, run: Run): Promise<void> => {
    for (;;) {
      run.again = false
      run.isEmpty = false
      await deletions.flush(account)
      const isOn = !closing && (await findReceiver(account, run))
      await freeNotTaken(account, run)
      const { batch, found } = isOn && (await mayFind(account, run)) ? await lease(account, run) : nothing
      if (batch.length > 0) {
        run.blocks = true
        // What it was given is not waited for: a client takes its time to acknowledge it, and some count wrongly.
        const outcome = await underWay.give(run.receiver, batch, run.abort.signal)
        if (outcome !== 'given') await putBack(account, run, outcome)
      } else if (found === 0 && !run.again) {
        const hasWaited = isOn && (await waitForOthers(account, run))
        if (!hasWaited && !run.again) break
      }
    }
    // In one go with the decision to end: what is stored from here on starts another.
    running.delete(account.toString())
    await tidyUp(account, run)
  }

  /**
   * What was stored since this process runs may be behind what another one was handing over when it died: as long as that
   * one's leases last, it waits, and what comes now queues behind it, or it would be overtaken (rule M-7).
   */
  const waitForOthers = async (account: BareJid, run: Run): Promise<boolean> => {
    if (run.isEmpty || run.refused || run.skipped.length > 0 || !stored.has(account)) return false
    if (!(await othersHave(account))) return false
    run.blocks = true
    // What is stored from here on, and the end, wake it up.
    if (run.again || closing) return true
    await new Promise<void>((resolve) => {
      const timer = clock.after(Math.min(options.leaseMs, lookMs), resolve)
      run.wake = () => {
        timer[Symbol.dispose]()
        resolve()
      }
    })
    return true
  }

  /** To take something out is to write, which only what is there is worth. What comes after this look sets `again`. */
  const mayFind = async (account: BareJid, run: Run): Promise<boolean> => {
    const isSure = run.isSure
    run.isSure = false
    const found = store.mayWait?.(account) ?? (isSure || (await store.count(account, clock.now())) > 0)
    run.isEmpty = !found
    return found
  }

  /** Whether sessions that had something of what was skipped have failed since: it is to be handed out after all. */
  const hasFreed = (account: BareJid, run: Run): boolean => run.skipped.some((id) => !isInHand(account, id))

  /** What an ended session had is kept until it is on its way back, and would be overtaken by what is not (rule M-7). */
  const waitForEnded = async (account: BareJid, run: Run): Promise<void> => {
    for (
      let held = sessions.heldBack(account);
      held !== undefined && !run.hurried && !closing;
      held = sessions.heldBack(account)
    ) {
      const hurried = new Promise<void>((resolve) => {
        run.hurry = resolve
      })
      await Promise.race([held, hurried])
    }
  }

  /** What ended sessions had is before what has been taken out already: all of it is taken out again, in order. */
  const takeAnew = async (account: BareJid, run: Run): Promise<typeof nothing> => {
    run.skipped = []
    await store.release(account, run.receiver.sid)
    return { batch: [], found: 1 }
  }

  const lease = (account: BareJid, run: Run) =>
    deletions.whileReading(account, async () => {
      const now = clock.now()
      const { releaseBatch: limit, leaseMs } = options
      const holder = run.receiver.sid
      const leased = inOrder(await store.lease(account, { holder, limit, now, until: now + leaseMs }))
      await custody.settled(account)
      const isHeld = leased.length > 0 && !run.hurried && sessions.heldBack(account) !== undefined
      if (isHeld) await waitForEnded(account, run)
      if (isHeld || hasFreed(account, run)) return takeAnew(account, run)
      const batch = leased.filter(({ id }) => !isInHand(account, id))
      const held = leased.filter(({ id }) => custody.keeps(account, id) || underWay.has(account, id))
      if (held.length > 0) run.skipped = [...run.skipped, ...held.map(({ id }) => id)]
      return { batch, found: leased.length }
    })

  /** Whatever is left is held by somebody else, or was refused: neither may wait for the next login. */
  const tidyUp = async (account: BareJid, run: Run) => {
    // What is stored from here on is not among what has been looked for.
    if (run.isEmpty) stored.delete(account)
    if (run.refused || run.skipped.length > 0 || closing) await store.release(account, run.receiver.sid)
    if (hasFreed(account, run)) void start(account, true)
    if (run.isEmpty || !receivers.best(account)) return
    if (run.refused || (await othersHave(account))) scheduleAnother(account)
  }

  const start = (account: BareJid, isSure: boolean): Promise<void> | undefined => {
    const key = account.toString()
    if (isSure) stored.add(account)
    const current = running.get(key)
    if (current) {
      current.again = true
      current.isSure ||= isSure
      current.blocks ||= isSure
      current.wake()
      return current.done
    }
    const receiver = closing ? undefined : receivers.best(account)
    if (!receiver || store.mayWait?.(account) === false) return undefined
    // Somebody who was there before has had everything; whoever is alone may have something waiting.
    const blocks = isSure || receivers.of(account).length === 1
    const run: Run = {
      abort: new AbortController(),
      receiver,
      blocks,
      again: false,
      isSure,
      isEmpty: false,
      refused: false,
      skipped: [],
      hurried: false,
      hurry: () => {},
      wake: () => {},
      done: Promise.resolve(),
    }
    running.set(key, run)
    run.done = releaseAll(account, run).catch((cause: unknown) => {
      if (running.get(key) === run) running.delete(key)
      logger.error('stored messages could not be delivered; they wait', { account: key, cause })
      scheduleAnother(account)
    })
    return run.done
  }

  const close = async () => {
    closing = true
    for (const run of running.values()) {
      run.abort.abort()
      run.hurry()
      run.wake()
    }
    for (const timer of lookAgain.values()) timer[Symbol.dispose]()
    lookAgain.clear()
    await Promise.all([...running.values()].map((run) => run.done))
    // Whoever serves the account next need not wait until these leases end.
    await Promise.all(underWay.holders().map(({ sid, jid }) => notTaken.endLease(jid.bare, sid)))
  }

  return {
    start,
    receiver(account, isWriting) {
      const run = running.get(account.toString())
      // One that is gone takes nothing any more: what comes is for whoever decides about messages nobody can take.
      if (isWriting || run?.blocks === true) return receivers.best(account, run?.receiver)
      if (run !== undefined) return undefined
      // What was stored for one without room waits until it has some.
      return stored.has(account) ? receivers.blocked(account) : undefined
    },
    mayWait: (account) => stored.has(account),
    settled(account, isHeldBack) {
      const run = running.get(account.toString())
      if (run === undefined) return Promise.resolve()
      run.hurried ||= isHeldBack
      if (run.hurried) run.hurry()
      return run.done
    },
    exempt: ({ sid }) => receivers.exempt(sid),
    syncs({ sid }, before) {
      // The first time counts: what came later may be on no page it asks for.
      if (!syncing.has(sid)) syncing.set(sid, before)
    },
    forget({ sid }) {
      syncing.delete(sid)
      receivers.forget(sid)
    },
    drop(account) {
      stored.delete(account)
      notTaken.drop(account)
      lookAgain.get(account.toString())?.[Symbol.dispose]()
      lookAgain.delete(account.toString())
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
