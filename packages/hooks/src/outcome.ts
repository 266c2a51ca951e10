// Marks are told by shape, not identity: a handler may have been written against another installed copy.
const mark = '~xmppkit/hooks'

/** What a handler of a filter returns to end the walk with nothing; see {@link drop}. */
export interface Drop {
  /** Tells it from every value. */
  readonly '~xmppkit/hooks': 'drop'
}

/** What a handler of a filter returns to end the walk with a value; see {@link stop}. */
export interface Stop<V> {
  /** Tells it from every value. */
  readonly '~xmppkit/hooks': 'stop'
  /** What the walk ends with. */
  readonly value: V
}

/** Ends the walk: the value is consumed, and no later handler sees it. */
export const drop: Drop = Object.freeze({ [mark]: 'drop' })

/** Ends the walk with this value: no later handler sees it. */
export function stop<V>(value: V): Stop<V> {
  return { [mark]: 'stop', value }
}

/** Tells whether a walk ended with {@link drop}. */
export function isDrop(outcome: unknown): outcome is Drop {
  return markOf(outcome) === 'drop'
}

/** Tells whether a handler ended its walk with {@link stop}. */
export function isStop(outcome: unknown): outcome is Stop<unknown> {
  return markOf(outcome) === 'stop'
}

function markOf(outcome: unknown): unknown {
  if (typeof outcome !== 'object' || outcome === null) return undefined
  return (outcome as Partial<Drop>)[mark]
}
