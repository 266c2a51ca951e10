/**
 * Lifetimes, clock, ids, logger and the error base: the few things every block shares, and nothing else.
 *
 * @packageDocumentation
 */

export { type Awaitable, isThenable } from './awaitable.js'
export { type Clock, systemClock } from './clock.js'
export { disposable } from './disposable.js'
export { isXmppkitError, type RuntimeErrorCode, XmppkitError } from './errors.js'
export { createCountingIds, type Ids, randomIds } from './ids.js'
export { createJsonLogger, type JsonLoggerOptions, jsonLoggerDefaults } from './json-logger.js'
export { createKeyedQueue, type KeyedQueue } from './keyed-queue.js'
export { type LogFields, type Logger, type LogLevel, silentLogger } from './logger.js'
export { createManualClock, type ManualClock } from './manual-clock.js'
export { createScope, type Scope } from './scope.js'
export { type RemoveAll, type SweepOptions, startSweep } from './sweep.js'
