/** How urgent a log line is, from the least to the most. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Data of a log line. An error goes under the key `error`; addresses, ids and counts under names of their own. */
export type LogFields = Readonly<Record<string, unknown>>

/** Where blocks report what the operator should know. Methods never throw. */
export interface Logger {
  /** For developers: what happens in detail. */
  debug(message: string, fields?: LogFields): void
  /** What happens in normal operation. */
  info(message: string, fields?: LogFields): void
  /** Something is wrong, but was dealt with. */
  warn(message: string, fields?: LogFields): void
  /** Something is wrong and somebody should look. */
  error(message: string, fields?: LogFields): void
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger
}

/** A logger that keeps quiet. */
export const silentLogger: Logger = Object.freeze({
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
})
