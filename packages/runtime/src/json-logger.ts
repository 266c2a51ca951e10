import { type Clock, systemClock } from './clock.js'
import type { LogFields, Logger, LogLevel } from './logger.js'
import { printable } from './printable.js'

/** Options of {@link createJsonLogger}. */
export interface JsonLoggerOptions {
  /** Least urgent level that is written. @default 'info' */
  readonly level?: LogLevel
  /** Clock that dates the lines. @default systemClock */
  readonly clock?: Pick<Clock, 'now'>
  /** Nesting of objects and of causes that is written. @default 6 */
  readonly maxDepth?: number
  /** Members of one object or array that are written. @default 64 */
  readonly maxMembers?: number
  /** Characters of one string that are written. @default 4096 */
  readonly maxTextLength?: number
}

/** What {@link createJsonLogger} uses for options not given. */
export const jsonLoggerDefaults = Object.freeze({
  level: 'info' as LogLevel,
  clock: systemClock as Pick<Clock, 'now'>,
  maxDepth: 6,
  maxMembers: 64,
  maxTextLength: 4096,
})

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/**
 * Makes a logger that writes one JSON object per line: `time`, `level`, `message`, then the fields.
 *
 * Errors keep their code and chain of causes; values under keys that name a password, token, proof, secret or the like
 * are replaced with `[redacted]`; everything is cut to a bounded size. What `write` throws is lost, as there is nowhere
 * left to report it.
 *
 * @param write - gets each line, ending in a newline
 *
 * @example
 * ```ts
 * const logger = createJsonLogger((line) => process.stderr.write(line), { level: 'debug' })
 * logger.child({ host: 'main' }).info('started', { domains: 2 })
 * ```
 */
export function createJsonLogger(write: (line: string) => void, options: JsonLoggerOptions = {}): Logger {
  const settings = Object.freeze({ ...jsonLoggerDefaults, ...options })
  const threshold = levels.indexOf(settings.level)

  function line(level: LogLevel, message: string, bound: LogFields, fields: LogFields | undefined): string {
    const head = {
      time: new Date(settings.clock.now()).toISOString(),
      level,
      message: printable(message, settings),
    }
    try {
      // The head comes last once more, so that no field can forge it.
      const body = printable({ ...bound, ...fields }, settings)
      return `${JSON.stringify({ ...head, ...(body as object), ...head })}\n`
    } catch {
      // A getter or toString of somebody's object threw; the message is worth more than its fields.
      return `${JSON.stringify({ ...head, fields: 'unprintable' })}\n`
    }
  }

  function loggerWith(bound: LogFields): Logger {
    const at = (level: LogLevel) => {
      if (levels.indexOf(level) < threshold) return () => {}
      return (message: string, fields?: LogFields) => {
        try {
          write(line(level, message, bound, fields))
        } catch {
          // Documented: a failing sink has nobody to report to.
        }
      }
    }
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => loggerWith({ ...bound, ...fields }),
    }
  }
  return loggerWith({})
}
