import { type Awaitable, isThenable } from '@xmppkit/runtime'

/** Runs tasks of one account strictly one after another; those of different accounts do not wait for each other. */
export interface AccountQueue {
  /**
   * Runs the task when those that came before have ended; settles as the task does. When nothing is before it and it does
   * not wait, its answer is there at once.
   */
  run<T>(key: string, task: () => Awaitable<T>): Awaitable<T>
}

/** Makes a queue; it keeps nothing for accounts without tasks. */
export function createAccountQueue(): AccountQueue {
  const tails = new Map<string, Promise<void>>()
  return {
    run<T>(key: string, task: () => Awaitable<T>): Awaitable<T> {
      const before = tails.get(key)
      const result = before === undefined ? task() : before.then(task)
      if (!isThenable(result)) return result
      const tail: Promise<void> = Promise.resolve(result)
        .then(nothing, nothing)
        .then(() => {
          if (tails.get(key) === tail) tails.delete(key)
        })
      tails.set(key, tail)
      return result
    },
  }
}

function nothing(): void {}
