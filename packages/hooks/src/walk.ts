import { type Invoke, isThenable } from './invoke.js'
import { isDrop, isStop } from './outcome.js'

/** A registered handler, as a walk sees it. */
export interface Handler {
  /** Its place in the order. */
  readonly seq: number
  /** Name for reports. */
  readonly label: string | undefined
  /** The handler itself. */
  readonly invoke: Invoke
}

/** Tells every handler, one after another; reports and skips those that fail. Returns a promise only if one of them did. */
export function runFrom(
  handlers: readonly Handler[],
  first: number,
  payload: unknown,
  hook: string,
  failed: (error: unknown, hook: string, label: string | undefined) => void,
): void | Promise<void> {
  for (let i = first; i < handlers.length; i++) {
    const handler = handlers[i]!
    try {
      const result = handler.invoke(payload, undefined)
      if (result === undefined || !isThenable(result)) continue
      return runAfter(result, handlers, i, payload, hook, failed)
    } catch (error) {
      failed(error, hook, handler.label)
    }
  }
}

async function runAfter(
  pending: PromiseLike<unknown>,
  handlers: readonly Handler[],
  at: number,
  payload: unknown,
  hook: string,
  failed: (error: unknown, hook: string, label: string | undefined) => void,
): Promise<void> {
  try {
    await pending
  } catch (error) {
    failed(error, hook, handlers[at]!.label)
  }
  return runFrom(handlers, at + 1, payload, hook, failed)
}

/** Leads a value past every handler. Returns a promise only if one of them did. */
export function foldFrom(
  handlers: readonly Handler[],
  first: number,
  value: unknown,
  payload: unknown,
): unknown {
  for (let i = first; i < handlers.length; i++) {
    const result = handlers[i]!.invoke(value, payload)
    // Most handlers hand back what they got; nothing needs to be asked then.
    if (result === value) continue
    if (isThenable(result)) return foldAfter(result, handlers, i, payload)
    if (isDrop(result)) return result
    if (isStop(result)) return result.value
    value = result
  }
  return value
}

async function foldAfter(
  pending: PromiseLike<unknown>,
  handlers: readonly Handler[],
  at: number,
  payload: unknown,
): Promise<unknown> {
  const result = await pending
  if (isDrop(result)) return result
  if (isStop(result)) return result.value
  return foldFrom(handlers, at + 1, result, payload)
}
