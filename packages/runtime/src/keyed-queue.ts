import { type Awaitable, isThenable } from './awaitable.js'

/** Runs tasks of one key strictly one after another; tasks of different keys do not wait for each other. */
export interface KeyedQueue {
  /**
   * Runs the task when those of the same key that came before have ended; settles as the task does. When nothing is before
   * it and it does not wait, its answer is there at once.
   */
  run<T>(key: string, task: () => Awaitable<T>): Awaitable<T>
}

/**
 * Makes a queue. It grows with the tasks that wait, which whoever runs them has to bound (a stream has one stanza under way), and
 * keeps nothing for keys without tasks.
 */
export function createKeyedQueue(): KeyedQueue {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run<T>(key: string, task: () => Awaitable<T>): Awaitable<T> {
      const before = tails.get(key)
      const result = before === undefined ? task() : before.then(task)
      if (!isThenable(result)) return result
      const tail: Promise<unknown> = result.then(nothing, nothing).then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
      tails.set(key, tail)
      return result
    },
  }
}

function nothing(): void {}
