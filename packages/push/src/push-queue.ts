import type { Clock } from '@xmppkit/runtime'

/** What became of work that was handed in: it waits, it became one with what waited already, or there was no room. */
export type PushQueueOutcome = 'queued' | 'coalesced' | 'dropped'

/** Work by key: of one key one at a time, with pauses, and what comes meanwhile becomes one. */
export interface PushQueue<T> extends AsyncDisposable {
  /** Hands in work; `merge` makes one of it and what waits. Returns at once. */
  add(key: string, merge: (waiting: T | undefined) => T): PushQueueOutcome
  /** Forgets what waits for a key. */
  forget(key: string): void
  /** Keys that wait, are being worked on, or pause. */
  readonly size: number
}

/** Limits of {@link createPushQueue}. */
export interface PushQueueLimits {
  /** Keys that are worked on at a time. */
  readonly concurrency: number
  /** Keys there may be. */
  readonly maxWaiting: number
  /** Pause after work on a key, in milliseconds. */
  readonly minIntervalMs: number
}

interface Lane<T> {
  waiting: T | undefined
  pause: Disposable | undefined
}

/**
 * Makes a queue.
 *
 * @param work - does it; must not reject
 */
export function createPushQueue<T>(
  { clock, work }: { readonly clock: Pick<Clock, 'after'>; work(item: T): Promise<void> },
  limits: PushQueueLimits,
): PushQueue<T> {
  const lanes = new Map<string, Lane<T>>()
  const ready = new Set<string>()
  const running = new Set<Promise<void>>()
  let ended = false

  const pump = () => {
    for (const key of ready) {
      if (running.size >= limits.concurrency) return
      ready.delete(key)
      start(key)
    }
  }
  const start = (key: string) => {
    const lane = lanes.get(key)
    const item = lane?.waiting
    if (lane === undefined || item === undefined) return void lanes.delete(key)
    lane.waiting = undefined
    const done: Promise<void> = work(item).then(() => {
      running.delete(done)
      pause(key, lane)
      pump()
    })
    running.add(done)
  }
  const pause = (key: string, lane: Lane<T>) => {
    if (ended || limits.minIntervalMs <= 0) return next(key, lane)
    lane.pause = clock.after(limits.minIntervalMs, () => {
      next(key, lane)
      pump()
    })
  }
  const next = (key: string, lane: Lane<T>) => {
    lane.pause = undefined
    if (lane.waiting === undefined) lanes.delete(key)
    else ready.add(key)
  }

  return {
    add(key, merge) {
      if (ended) return 'dropped'
      const lane = lanes.get(key)
      if (lane !== undefined) {
        const outcome = lane.waiting === undefined ? 'queued' : 'coalesced'
        lane.waiting = merge(lane.waiting)
        return outcome
      }
      if (lanes.size >= limits.maxWaiting) return 'dropped'
      lanes.set(key, { waiting: merge(undefined), pause: undefined })
      ready.add(key)
      pump()
      return 'queued'
    },
    forget(key) {
      const lane = lanes.get(key)
      if (lane !== undefined) lane.waiting = undefined
    },
    get size() {
      return lanes.size
    },
    async [Symbol.asyncDispose]() {
      ended = true
      ready.clear()
      for (const { pause: timer } of lanes.values()) timer?.[Symbol.dispose]()
      lanes.clear()
      await Promise.all(running)
    },
  }
}
