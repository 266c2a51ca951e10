import { disposable } from '@xmppkit/runtime'

/** Counts what goes on at the same time per key: connections per address, requests under way per account. */
export interface SlotTable {
  /** Takes a slot, to be given back by disposing it; `undefined` when the key has none left, or all are taken. */
  enter(key: string): Disposable | undefined
  /** Slots a key holds. */
  count(key: string): number
  /** Slots held by all keys. */
  readonly total: number
}

/** Options of {@link createSlotTable}. */
export interface SlotTableOptions {
  /** Slots one key may hold. `Infinity` lifts the limit. */
  readonly perKey: number
  /** Slots all keys may hold together; also bounds the table. @default 65_536 */
  readonly total?: number
}

/** What {@link createSlotTable} uses for options not given. */
export const slotTableDefaults = Object.freeze({ total: 65_536 })

/**
 * Makes a {@link SlotTable}.
 *
 * @example
 * ```ts
 * const connections = createSlotTable({ perKey: 20 })
 * const slot = connections.enter(addressKey(remoteAddress))
 * if (!slot) socket.destroy()
 * else socket.once('close', () => slot[Symbol.dispose]())
 * ```
 */
export function createSlotTable(options: SlotTableOptions): SlotTable {
  const { perKey, total } = Object.freeze({ ...slotTableDefaults, ...options })
  const held = new Map<string, number>()
  let all = 0

  function leave(key: string): void {
    all -= 1
    const left = (held.get(key) ?? 1) - 1
    if (left > 0) held.set(key, left)
    else held.delete(key)
  }

  return {
    enter(key) {
      const count = held.get(key) ?? 0
      if (count >= perKey || all >= total) return undefined
      held.set(key, count + 1)
      all += 1
      return disposable(() => leave(key))
    },
    count: (key) => held.get(key) ?? 0,
    get total() {
      return all
    },
  }
}
