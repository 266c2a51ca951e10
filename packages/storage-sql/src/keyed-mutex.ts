/** Runs what concerns one key one after another, and different keys at the same time. */
export interface KeyedMutex {
  /** Runs a task when those before it with the same key are done, however they ended. */
  run<T>(key: string, task: () => Promise<T>): Promise<T>
}

/** Makes a {@link KeyedMutex}. What waits is bounded by whoever calls, as each call waits for its answer. */
export function createKeyedMutex(): KeyedMutex {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run(key, task) {
      const before = tails.get(key)
      const running = before ? before.then(task, task) : task()
      const tail = running.then(
        () => {},
        () => {},
      )
      tails.set(key, tail)
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
      return running
    },
  }
}
