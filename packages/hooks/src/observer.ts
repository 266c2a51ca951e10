import { type Invoke, isThenable } from './invoke.js'
import { isDrop, isStop } from './outcome.js'

/** Which handler of which hook. */
export interface HandlerInfo {
  /** Name of the hook. */
  readonly hook: string
  /** Whether it is an event or a filter. */
  readonly kind: 'event' | 'filter'
  /** The handler's place in the order. */
  readonly seq: number
  /** The handler's label, if it was registered with one. */
  readonly label: string | undefined
}

/** How one call of a handler ended: `dropped` and `stopped` only in filters. */
export type HandlerOutcome = 'done' | 'dropped' | 'stopped' | 'failed'

/** Watches every call of every handler, for metrics and tracing; what it throws is reported and ignored. */
export interface HookObserver {
  /** A handler is about to be called. */
  before?(handler: HandlerInfo): void
  /**
   * A handler has ended; if it returned a promise, when that settled.
   *
   * @param durationMs - time from the call to the end, in milliseconds
   */
  after?(handler: HandlerInfo, durationMs: number, outcome: HandlerOutcome): void
}

/** Wraps a handler so that observers hear of each call. */
export function observed(
  invoke: Invoke,
  info: HandlerInfo,
  observers: readonly HookObserver[],
  deps: { now(): number; onError(error: unknown): void },
): Invoke {
  function tell(call: (observer: HookObserver) => void): void {
    for (const observer of observers) {
      try {
        call(observer)
      } catch (error) {
        deps.onError(error)
      }
    }
  }
  return (value, payload) => {
    tell((o) => o.before?.(info))
    const startedAt = deps.now()
    const end = (outcome: HandlerOutcome) => {
      const durationMs = deps.now() - startedAt
      tell((o) => o.after?.(info, durationMs, outcome))
    }
    const fail = (error: unknown): never => {
      end('failed')
      throw error
    }
    const done = (result: unknown) => {
      end(isDrop(result) ? 'dropped' : isStop(result) ? 'stopped' : 'done')
      return result
    }
    let result: unknown
    try {
      result = invoke(value, payload)
    } catch (error) {
      return fail(error)
    }
    return isThenable(result) ? Promise.resolve(result).then(done, fail) : done(result)
  }
}
