import type { BareJid } from '@xmppkit/jid'
import type { Clock, Logger } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { hasArchiveId } from './archive-id.js'
import type { Custody } from './custody.js'
import type { Deletions } from './deletions.js'
import type { Handover } from './handover.js'
import type { OfflineOptions } from './offline-options.js'
import type { OfflineMessage, OfflineStore } from './ports.js'

/** What releasing stored messages needs. */
export interface ReleaseDeps {
  /** Where they wait. */
  readonly store: Pick<OfflineStore, 'lease' | 'release' | 'count' | 'mayWait'>
  /** What clients have; deleted before anything else is taken out (rule X-CONS). */
  readonly deletions: Deletions
  /** What sessions have already, and is not to be handed out. */
  readonly custody: Pick<Custody, 'keeps' | 'settled'>
  /** Who is there. */
  readonly sessions: Pick<Sessions, 'resources' | 'heldBack'>
  /** Hands them over. */
  readonly handover: Handover
  /** For leases, and to look again. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Told of what could not be delivered. */
  readonly logger: Logger
}

/** Settings of {@link createRelease}. */
export type ReleaseOptions = Pick<Required<OfflineOptions>, 'releaseBatch' | 'releaseBytes' | 'leaseMs'>

/** Hands stored messages to returning clients: leased, delivered in order, deleted once handed over. */
export interface Release extends AsyncDisposable {
  /**
   * Hands an account's messages to its best session until none is left. Never rejects; resolves when that is
   * done, or when there is nobody to take them any more: they wait again then. Returns nothing when there is nothing to do.
   *
   * @param isSure - there are messages, so new ones must queue behind them from now on
   */
  start(account: BareJid, isSure: boolean): Promise<void> | undefined
  /** The session that gets the account's messages at this moment, behind which new ones have to queue. */
  receiver(account: BareJid): SessionRecord | undefined
  /**
   * Resolves when what is being handed over to the account at this moment is.
   *
   * @param isHeldBack - what ended sessions had is waiting for this, so this must not wait for it in turn
   */
  settled(account: BareJid, isHeldBack: boolean): Promise<void>
  /** The session retrieves by itself (XEP-0013): it and its siblings are not flooded. */
  exempt(session: Pick<SessionRecord, 'sid'>): void
  /**
   * The session gets what has been archived until now from the archive: it is sent the rest only. What it is not sent is
   * deleted as though it had been.
   */
  syncs(session: Pick<SessionRecord, 'sid'>): void
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

/** Makes the release of one host. */
export function createRelease(deps: ReleaseDeps, options: ReleaseOptions): Release {
  const { store, sessions, clock, logger, deletions, custody } = deps
  const running = new Map<string, Run>()
  const exempt = new Set<string>()
  // When sessions began to read the archive, by sid.
  const syncing = new Map<string, number>()
  // Sessions that did not say in time what became of messages. They get no others until they do, of all of them: what is
  // still open might be handed to them a second time.
  const stuck = new Set<string>()
  const lookAgain = new Map<string, Disposable>()
  // Accounts for which this process has stored something that may still wait, the latest last.
  const stored = new Set<string>()
  let closing = false

  const candidates = (account: BareJid): readonly SessionRecord[] => {
    const resources = sessions.resources(account)
    // One session that retrieves by itself keeps the flood from the others too (XEP-0013 §2.2).
    if (exempt.size > 0 && resources.some((one) => exempt.has(one.sid))) return []
    return resources.filter((one) => (one.priority ?? -1) >= 0 && !stuck.has(one.sid))
  }

  /** The session of highest priority, of equals the newest; rather the one that has some already. */
  const choose = (account: BareJid, current?: SessionRecord): SessionRecord | undefined => {
    let best: SessionRecord | undefined
    for (const one of candidates(account)) {
      if (one.sid === current?.sid) return one
      if ((one.priority ?? 0) >= (best?.priority ?? 0)) best = one
    }
    return best
  }

  const scheduleAnother = (account: BareJid) => {
    const key = account.toString()
    if (closing || lookAgain.has(key)) return
    const timer = clock.after(options.leaseMs, () => {
      lookAgain.delete(key)
      void start(account, false)
    })
    lookAgain.set(key, timer)
  }

  // A session that wakes up has taken them after all, or has not.
  const settledLate = (account: BareJid, { sid }: SessionRecord, id: string | undefined, open: number) => {
    if (id !== undefined) deletions.add(account, id)
    if (open > 0) return
    stuck.delete(sid)
    void start(account, false)
  }

  /** Whether there is a session to go on with; what another one was given goes to the next. */
  const findReceiver = async (account: BareJid, run: Run): Promise<boolean> => {
    if (choose(account, run.receiver)?.sid === run.receiver.sid) return true
    await store.release(account, run.receiver.sid)
    const next = choose(account)
    if (next) run.receiver = next
    return next !== undefined
  }

  const handBatch = async (account: BareJid, run: Run, batch: readonly OfflineMessage[]) => {
    const { receiver } = run
    const result = await deps.handover(receiver, batch, {
      windowBytes: options.releaseBytes,
      timeoutMs: options.leaseMs,
      signal: run.abort.signal,
      has: (stanza, { receivedAt }) => {
        const since = syncing.get(receiver.sid)
        return since !== undefined && receivedAt < since && hasArchiveId(stanza, account)
      },
      onTaken: ({ id }) => deletions.add(account, id),
      onLate: ({ id }, isTaken, open) => settledLate(account, receiver, isTaken ? id : undefined, open),
    })
    await deletions.flush(account)
    if (result.outcome === 'late' && result.open > 0) stuck.add(receiver.sid)
    // What a session that is there did not take it has refused. It stays leased to it, and so is left out.
    else if (result.outcome === 'settled' && result.taken.length < batch.length) run.refused = true
  }

  const releaseAll = async (account: BareJid, run: Run): Promise<void> => {
    await deletions.flush(account)
    for (;;) {
      run.again = false
      run.isEmpty = false
      const isOn = !closing && (await findReceiver(account, run))
      const { batch, found } = isOn && (await mayFind(account, run)) ? await lease(account, run) : nothing
      if (batch.length > 0) {
        run.blocks = true
        await handBatch(account, run, batch)
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
    if (run.isEmpty || run.refused || run.skipped.length > 0 || !stored.has(account.toString())) return false
    if ((await store.count(account, clock.now())) === 0) return false
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
  const hasFreed = (account: BareJid, run: Run): boolean =>
    run.skipped.some((id) => !custody.keeps(account, id) && !deletions.has(account, id))

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
      const leased = await store.lease(account, { holder, limit, now, until: now + leaseMs })
      await custody.settled(account)
      const isHeld = leased.length > 0 && !run.hurried && sessions.heldBack(account) !== undefined
      if (isHeld) await waitForEnded(account, run)
      if (isHeld || hasFreed(account, run)) return takeAnew(account, run)
      const held = leased.filter(({ id }) => custody.keeps(account, id))
      if (held.length > 0) run.skipped = [...run.skipped, ...held.map(({ id }) => id)]
      const batch = leased.filter(({ id }) => !custody.keeps(account, id) && !deletions.has(account, id))
      return { batch, found: leased.length }
    })

  /** Whatever is left is held by somebody else, or was refused: neither may wait for the next login. */
  const tidyUp = async (account: BareJid, run: Run) => {
    if (run.refused || run.skipped.length > 0 || closing) await store.release(account, run.receiver.sid)
    if (hasFreed(account, run)) void start(account, true)
    if (run.isEmpty) stored.delete(account.toString())
    if (run.isEmpty || !choose(account)) return
    if (run.refused || (await store.count(account, clock.now())) > 0) scheduleAnother(account)
  }

  const noteStored = (key: string) => {
    stored.delete(key)
    stored.add(key)
    if (stored.size <= maxStored) return
    for (const oldest of stored) {
      stored.delete(oldest)
      return
    }
  }

  const start = (account: BareJid, isSure: boolean): Promise<void> | undefined => {
    const key = account.toString()
    if (isSure) noteStored(key)
    const current = running.get(key)
    if (current) {
      current.again = true
      current.isSure ||= isSure
      current.blocks ||= isSure
      current.wake()
      return current.done
    }
    const receiver = closing ? undefined : choose(account)
    if (!receiver || store.mayWait?.(account) === false) return undefined
    // Somebody who was there before has had everything; whoever is alone may have something waiting.
    const blocks = isSure || candidates(account).length === 1
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
  }

  return {
    start,
    receiver(account) {
      const key = account.toString()
      const run = running.get(key)
      // One that is gone takes nothing any more: what comes is for whoever decides about messages nobody can take.
      if (run !== undefined) return run.blocks ? choose(account, run.receiver) : undefined
      // What was stored for one that is late waits until it says what became of the rest.
      if (stuck.size === 0 || !stored.has(key)) return undefined
      return sessions.resources(account).find(({ sid, priority }) => stuck.has(sid) && (priority ?? -1) >= 0)
    },
    settled(account, isHeldBack) {
      const run = running.get(account.toString())
      if (run === undefined) return Promise.resolve()
      run.hurried ||= isHeldBack
      if (run.hurried) run.hurry()
      return run.done
    },
    exempt: ({ sid }) => void exempt.add(sid),
    syncs({ sid }) {
      // The first time counts: what came later may be on no page it asks for.
      if (!syncing.has(sid)) syncing.set(sid, clock.now())
    },
    forget({ sid }) {
      syncing.delete(sid)
      exempt.delete(sid)
      stuck.delete(sid)
    },
    drop(account) {
      stored.delete(account.toString())
      lookAgain.get(account.toString())?.[Symbol.dispose]()
      lookAgain.delete(account.toString())
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
