import { HooksError } from './errors.js'
import type { Invoke } from './invoke.js'
import { type HandlerInfo, type HookObserver, observed } from './observer.js'
import type { Drop, Stop } from './outcome.js'
import type { EventToken, FilterToken } from './token.js'
import { foldFrom, type Handler, type Outcome, runFrom } from './walk.js'

/** How a handler is registered. */
export interface HandlerOptions {
  /** Place in the order: lower runs earlier, equals run in the order they were registered. @default 50 */
  readonly seq?: number
  /** Name for reports and observers, usually that of the module. */
  readonly label?: string
}

/** What {@link Hooks.on} uses for options not given. */
export const handlerDefaults = Object.freeze({ seq: 50 })

/** Collaborators of {@link createHooks}. */
export interface HooksDeps {
  /** Told what a listener of an event, or an observer (label `observer`), threw; must not throw itself. */
  onError(error: unknown, where: { readonly hook: string; readonly label: string | undefined }): void
  /** Measures handlers for observers, in milliseconds. @default performance.now */
  readonly clock?: { monotonic(): number }
}

/** Handlers by hook. A handler added or removed while a walk is under way takes part from the next walk on. */
export interface Hooks {
  /**
   * Listens to an event or takes part in a filter. A filter's handler returns the value to go on with, `stop(value)`,
   * `drop`, or throws.
   *
   * @throws {@link HooksError} `hooks/kind-mismatch` if the name is in use as the other kind, `hooks/invalid-seq` for NaN
   */
  on<T extends Token>(token: T, handler: HandlerOf<T>, options?: HandlerOptions): Disposable
  /**
   * Fires an event: every listener is called in order, each after the one before has ended. One that fails is reported
   * and skipped. Returns a promise only if a listener did; it never rejects.
   */
  run(token: EventToken<void>): void | Promise<void>
  /** Fires an event with a payload. */
  run<P>(token: EventToken<P>, payload: NoInfer<P>): void | Promise<void>
  /**
   * Leads a value through a filter. Ends with the last handler's value, a stopped value, or {@link drop} (ask `isDrop`).
   * Returns a promise only if a handler did.
   *
   * @throws whatever a handler throws, which ends the walk: a policy that fails must not let the value pass
   */
  fold<V>(token: FilterToken<V, void>, value: NoInfer<V>): V | Drop | Promise<V | Drop>
  /** Leads a value, with a payload, through a filter. */
  fold<V, P>(token: FilterToken<V, P>, value: NoInfer<V>, payload: NoInfer<P>): V | Drop | Promise<V | Drop>
  /**
   * Leads a value through a filter and hands the outcome on in the very turn in which the last handler has answered, so that
   * nothing happens between what it decided and what is done about it. Returns what `then` returns, or a promise of it if a
   * handler did.
   *
   * @throws whatever a handler, or `then`, throws
   */
  foldInto<V, P, R>(
    token: FilterToken<V, P>,
    value: NoInfer<V>,
    payload: NoInfer<P>,
    then: (outcome: V | Drop) => R | Promise<R>,
  ): R | Promise<R>
  /** Tells whether a hook has any handler, for callers that would have to prepare its payload. */
  has(token: Token): boolean
  /** Watches every call of every handler. */
  observe(observer: HookObserver): Disposable
}

/** What a handler of a filter may return. */
export type FilterResult<V> = V | Stop<V> | Drop

/** The handler that fits a token: `(payload)` for an event, `(value, payload)` for a filter; either may be async. */
export type HandlerOf<T> =
  T extends FilterToken<infer V, infer P>
    ? (value: V, payload: P) => FilterResult<V> | Promise<FilterResult<V>>
    : T extends EventToken<infer P>
      ? (payload: P) => void | Promise<void>
      : never

/** What all tokens have in common. */
export type Token = Pick<EventToken<unknown> | FilterToken<unknown, unknown>, 'kind' | 'name'>

interface Slot {
  readonly kind: Token['kind']
  /** Replaced, never changed, so that a walk keeps what it began with. */
  handlers: readonly Handler[]
  /** The same, wrapped for the observers if there are any. */
  walked: readonly Handler[]
}

/**
 * Makes an empty set of hooks; whoever shares it can cooperate without knowing each other.
 *
 * @example
 * ```ts
 * const checkText = filter<string>('chat/check-text')
 * const hooks = createHooks({ onError: (error, { hook }) => logger.error('listener failed', { error, hook }) })
 * hooks.on(checkText, (text) => (text === '' ? drop : text.trim()), { seq: 20 })
 * const text = await hooks.fold(checkText, ' hello ') // 'hello'
 * ```
 */
export function createHooks(deps: HooksDeps): Hooks {
  const slots = new Map<string, Slot>()
  const now = () => deps.clock?.monotonic() ?? performance.now()
  let observers: readonly HookObserver[] = []

  function report(error: unknown, hook: string, label: string | undefined): void {
    try {
      deps.onError(error, { hook, label })
    } catch {
      // Documented: it must not throw. If it does all the same, the walk matters more.
    }
  }

  function assign(name: string, slot: Slot, handlers: readonly Handler[]): void {
    slot.handlers = handlers
    slot.walked =
      observers.length === 0 ? handlers : handlers.map((handler) => watched(name, slot.kind, handler))
    if (handlers.length === 0) slots.delete(name)
    else slots.set(name, slot)
  }

  function watched(hook: string, kind: Token['kind'], handler: Handler): Handler {
    const { seq, label } = handler
    const info: HandlerInfo = Object.freeze({ hook, kind, seq, label })
    const onError = (error: unknown) => report(error, hook, 'observer')
    return { seq, label, invoke: observed(handler.invoke, info, observers, { now, onError }) }
  }

  function observe(next: readonly HookObserver[]): void {
    observers = next
    for (const [name, slot] of slots) assign(name, slot, slot.handlers)
  }

  function slotOf(token: Token): Slot | undefined {
    const slot = slots.get(token.name)
    if (slot !== undefined && slot.kind !== token.kind) throw mismatch(token, slot)
    return slot
  }

  return {
    on<T extends Token>(
      token: T,
      fn: HandlerOf<T>,
      { seq = handlerDefaults.seq, label }: HandlerOptions = {},
    ) {
      if (Number.isNaN(seq))
        throw new HooksError('hooks/invalid-seq', `seq of a handler of ${token.name} is NaN`)
      const handler: Handler = { seq, label, invoke: fn as Invoke }
      const slot = slotOf(token) ?? { kind: token.kind, handlers: [], walked: [] }
      assign(token.name, slot, inserted(slot.handlers, handler))
      return {
        [Symbol.dispose]() {
          // Identity tells twice registered functions apart, and makes a second dispose find nothing.
          const current = slots.get(token.name)
          if (current?.handlers.includes(handler)) {
            assign(
              token.name,
              current,
              current.handlers.filter((other) => other !== handler),
            )
          }
        },
      }
    },
    run(token: Token, payload?: unknown) {
      const slot = slotOf(token)
      if (slot === undefined) return
      return runFrom(slot.walked, 0, payload, token.name, report)
    },
    fold<V>(token: Token, value: V, payload?: unknown) {
      const slot = slotOf(token)
      return slot === undefined
        ? value
        : (foldFrom(slot.walked, 0, value, payload, itself) as V | Drop | Promise<V | Drop>)
    },
    foldInto<V, P, R>(
      token: FilterToken<V, P>,
      value: V,
      payload: P,
      then: (outcome: V | Drop) => R | Promise<R>,
    ) {
      const slot = slotOf(token)
      return slot === undefined
        ? then(value)
        : (foldFrom(slot.walked, 0, value, payload, then as Outcome) as R | Promise<R>)
    },
    has: (token) => slotOf(token) !== undefined,
    observe(observer) {
      // Wrapped, so that an observer added twice is told twice and leaves once.
      const entry: HookObserver = {
        before: (handler) => observer.before?.(handler),
        after: (handler, durationMs, outcome) => observer.after?.(handler, durationMs, outcome),
      }
      observe([...observers, entry])
      return { [Symbol.dispose]: () => observe(observers.filter((other) => other !== entry)) }
    },
  }
}

function itself(value: unknown): unknown {
  return value
}

function inserted(handlers: readonly Handler[], handler: Handler): readonly Handler[] {
  const at = handlers.findIndex((other) => other.seq > handler.seq)
  return at < 0 ? [...handlers, handler] : [...handlers.slice(0, at), handler, ...handlers.slice(at)]
}

function mismatch(token: Token, slot: Slot): HooksError {
  const text = `${token.name} is in use as ${slot.kind}, and was now used as ${token.kind}`
  return new HooksError('hooks/kind-mismatch', text)
}
