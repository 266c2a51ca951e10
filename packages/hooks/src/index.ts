/**
 * Typed, ordered hooks: events that tell everyone, filters that may change or stop a value.
 *
 * @packageDocumentation
 */

export { HooksError, type HooksErrorCode } from './errors.js'
export {
  createHooks,
  type FilterResult,
  type HandlerOf,
  type HandlerOptions,
  type Hooks,
  type HooksDeps,
  handlerDefaults,
  type Token,
} from './hooks.js'
export type { HandlerInfo, HandlerOutcome, HookObserver } from './observer.js'
export { type Drop, drop, isDrop, type Stop, stop } from './outcome.js'
export { type EventToken, event, type FilterToken, filter } from './token.js'
