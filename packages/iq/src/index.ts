/**
 * Dispatches IQ requests to typed handlers and tracks requests of our own.
 *
 * @packageDocumentation
 */

export type { Concurrency } from './concurrency.js'
export { IqError, type IqErrorCode } from './errors.js'
export type { IqRequest } from './exchange.js'
export { type HandleOptions, handleDefaults, type IqTarget } from './handler-table.js'
export {
  type AnyIqDefinition,
  createIq,
  type Iq,
  type IqDeps,
  type IqHandler,
  type IqOptions,
  iqDefaults,
  type RequestOf,
  type ResultOf,
} from './iq.js'
export type { RequestOptions } from './pending-requests.js'
