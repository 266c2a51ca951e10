/** Runs tasks of one key strictly one after another; tasks of different keys do not wait for each other. */
export interface KeyedQueue {
  /** Runs the task when those of the same key that came before have ended; settles as the task does. */
  run<T>(key: string, task: () => Promise<T>): Promise<T>
}

/**
 * Makes a queue. It grows with the streams that wait on it, each of which has one stanza under way, and
 * keeps nothing for keys without tasks.
 */
export function createKeyedQueue(): KeyedQueue {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run(key, task) {
      const before = tails.get(key)
      const result = before === undefined ? task() : before.then(task)
      const tail = result.then(nothing, nothing).then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
      tails.set(key, tail)
      return result
    },
  }
}

function nothing(): void {}
