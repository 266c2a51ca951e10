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

/** What is done with the outcome of a walk, in the turn in which the last handler has answered. */
export type Outcome = (value: unknown) => unknown

/**
 * Leads a value past every handler, and hands on what came of it. Returns a promise only if one of them did, or whoever it was
 * handed to.
 */
export function foldFrom(
  handlers: readonly Handler[],
  first: number,
  value: unknown,
  payload: unknown,
  then: Outcome,
): unknown {
  for (let i = first; i < handlers.length; i++) {
    const result = handlers[i]!.invoke(value, payload)
    // Most handlers hand back what they got; nothing needs to be asked then.
    if (result === value) continue
    if (isThenable(result)) return foldAfter(result, handlers, i, payload, then)
    if (isDrop(result)) return then(result)
    if (isStop(result)) return then(result.value)
    value = result
  }
  return then(value)
}

async function foldAfter(
  pending: PromiseLike<unknown>,
  handlers: readonly Handler[],
  at: number,
  payload: unknown,
  then: Outcome,
): Promise<unknown> {
  const result = await pending
  if (isDrop(result)) return then(result)
  if (isStop(result)) return then(result.value)
  return foldFrom(handlers, at + 1, result, payload, then)
}
