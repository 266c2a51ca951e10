import type { Clock } from '@xmppkit/runtime'

/** Something that waits for a moment, at most one at a time. */
export interface Alarm {
  /** The moment, by the monotonic clock, while it waits. Kept by {@link Alarms}. */
  alarmAt: number
  /** Its place among those that wait, -1 while it does not. Kept by {@link Alarms}; begins as -1. */
  alarmPlace: number
  /** The moment has come. Must not throw. */
  ring(): void
}

/**
 * Wakes many streams at moments of their own with a single timer of the clock, so that an idle connection costs a place in an
 * array and not a timer.
 */
export interface Alarms {
  /** Waits for a moment; what the alarm waited for before counts no more. `Infinity` never comes. */
  set(alarm: Alarm, at: number): void
  /** Waits no more. */
  clear(alarm: Alarm): void
}

/**
 * Makes alarms for streams to share.
 *
 * @example
 * ```ts
 * const alarms = createAlarms(systemClock)
 * const accept = (transport: Transport) => createServerStream({ ...deps, transport, alarms })
 * ```
 */
export function createAlarms(clock: Pick<Clock, 'monotonic' | 'after'>): Alarms {
  // A binary heap: the next to ring is in front.
  const heap: Alarm[] = []
  let timer: Disposable | undefined
  let timerAt = Number.POSITIVE_INFINITY

  function put(alarm: Alarm, place: number): void {
    heap[place] = alarm
    alarm.alarmPlace = place
  }

  function rise(alarm: Alarm, from: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const other = heap[above]!
      if (other.alarmAt <= alarm.alarmAt) break
      put(other, place)
      place = above
    }
    put(alarm, place)
  }

  function sink(alarm: Alarm, from: number): void {
    let place = from
    for (;;) {
      let below = 2 * place + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && heap[below + 1]!.alarmAt < heap[below]!.alarmAt) below++
      const other = heap[below]!
      if (other.alarmAt >= alarm.alarmAt) break
      put(other, place)
      place = below
    }
    put(alarm, place)
  }

  function remove(alarm: Alarm): void {
    const place = alarm.alarmPlace
    alarm.alarmPlace = -1
    const last = heap.pop()!
    if (last === alarm) {
      if (heap.length === 0) stop()
    } else if (last.alarmAt < alarm.alarmAt) rise(last, place)
    else sink(last, place)
  }

  function stop(): void {
    timer?.[Symbol.dispose]()
    timer = undefined
    timerAt = Number.POSITIVE_INFINITY
  }

  /** A timer that comes too early is left alone: it finds nothing due and waits for the next. */
  function keepTime(): void {
    const next = heap[0]
    if (next === undefined || next.alarmAt >= timerAt) return
    timer?.[Symbol.dispose]()
    timerAt = next.alarmAt
    timer = clock.after(Math.max(0, timerAt - clock.monotonic()), ringAll)
  }

  function ringAll(): void {
    timer = undefined
    timerAt = Number.POSITIVE_INFINITY
    const now = clock.monotonic()
    // What is set anew for this very moment waits for the next round.
    for (let left = heap.length; left > 0; left--) {
      const next = heap[0]
      if (next === undefined || next.alarmAt > now) break
      remove(next)
      next.ring()
    }
    keepTime()
  }

  return {
    set(alarm, at) {
      if (alarm.alarmPlace >= 0) remove(alarm)
      if (at === Number.POSITIVE_INFINITY) return
      alarm.alarmAt = at
      rise(alarm, heap.length)
      keepTime()
    },
    clear(alarm) {
      if (alarm.alarmPlace >= 0) remove(alarm)
    },
  }
}
