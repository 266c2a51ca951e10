/** What a client has received, to be taken out one by one. */
export interface Inbox<T> {
  put(item: T): void
  /** The first one that is wanted, once it is there. */
  next(wanted: (item: T) => boolean): Promise<T>
  readonly left: readonly T[]
  /** Forgets what nobody has taken out. */
  clear(): void
}

/** Makes one that is empty. */
export function createInbox<T>(): Inbox<T> {
  const items: T[] = []
  const waiting: (() => void)[] = []
  return {
    left: items,
    clear() {
      items.length = 0
    },
    put(item) {
      items.push(item)
      for (const wake of waiting.splice(0)) wake()
    },
    async next(wanted) {
      for (;;) {
        const at = items.findIndex(wanted)
        if (at >= 0) return items.splice(at, 1)[0]!
        await new Promise<void>((wake) => waiting.push(wake))
      }
    },
  }
}
