import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type BareJid, isBareJid, type Jid, JidError, parseJid, prepareDomain } from '@xmppkit/jid'
import {
  type InferShape,
  type JsonSchema,
  type OptionalValue,
  type Report,
  readShape,
  type Shape,
  shapeSchema,
  type Value,
  type ValueKind,
  writeShape,
} from './value.js'

/** What every value may say about itself. */
export interface ValueOptions {
  /** One line for people. */
  readonly description?: string
}

const describe = (options: ValueOptions): { description?: string } =>
  options.description === undefined ? {} : { description: options.description }

function make<T>(
  kind: ValueKind,
  options: ValueOptions,
  schema: JsonSchema,
  read: (input: unknown, report: Report) => T | undefined,
  write: (value: T) => unknown = (value) => value,
): Value<T> {
  const described = describe(options)
  return Object.freeze({ kind, ...described, read, write, schema: () => ({ ...schema, ...described }) })
}

/** Any text. Longest by default 65 536 characters. */
export function text(options: ValueOptions & { readonly maxLength?: number } = {}): Value<string> {
  const { maxLength = 65_536 } = options
  return make('text', options, { type: 'string', maxLength }, (input, report) => {
    if (typeof input !== 'string') return report('', 'must be a text')
    if (input.length > maxLength) return report('', `must have at most ${maxLength} characters`)
    return input
  })
}

/** A whole number, by default from 0 to 2^53 - 1. */
export function integer(
  options: ValueOptions & { readonly min?: number; readonly max?: number } = {},
): Value<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options
  return make('integer', options, { type: 'integer', minimum: min, maximum: max }, (input, report) => {
    const value = typeof input === 'string' && /^-?\d{1,16}$/.test(input) ? Number(input) : input
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) return report('', 'must be a whole number')
    if (value < min || value > max) return report('', `must be from ${min} to ${max}`)
    return value
  })
}

/** True or false. */
export function boolean(options: ValueOptions = {}): Value<boolean> {
  return make('boolean', options, { type: 'boolean' }, (input, report) => {
    if (typeof input === 'boolean') return input
    if (input === 'true' || input === 'false') return input === 'true'
    return report('', 'must be true or false')
  })
}

/** One of some texts. */
export function choice<const C extends readonly string[]>(
  choices: C,
  options: ValueOptions = {},
): Value<C[number]> {
  return make('choice', options, { type: 'string', enum: choices }, (input, report) => {
    const found = choices.find((one) => one === input)
    return found ?? report('', `must be one of ${choices.join(', ')}`)
  })
}

/** Calls what throws `JidError`, reporting that instead; its message never contains the text. */
function prepared<T>(input: unknown, report: Report, prepare: (text: string) => T): T | undefined {
  if (typeof input !== 'string') return report('', 'must be a text')
  try {
    return prepare(input)
  } catch (error) {
    if (error instanceof JidError) return report('', `is not a valid address: ${error.message}`)
    throw error
  }
}

/** The bare address of an account: `alice@example.org`. Prepared like any other address (rule J-3). */
export function account(options: ValueOptions = {}): Value<BareJid> {
  return make(
    'account',
    options,
    { type: 'string', format: 'jid' },
    (input, report) => {
      const jid = prepared(input, report, parseJid)
      if (jid === undefined) return undefined
      if (!isBareJid(jid) || jid.local === '')
        return report('', 'must be an account, as in alice@example.org')
      return jid
    },
    String,
  )
}

/** Any address: an account, a domain, a session. */
export function address(options: ValueOptions = {}): Value<Jid> {
  return make(
    'address',
    options,
    { type: 'string', format: 'jid' },
    (input, report) => prepared(input, report, parseJid),
    String,
  )
}

/** A domain, prepared. */
export function domain(options: ValueOptions = {}): Value<string> {
  return make('domain', options, { type: 'string', format: 'idn-hostname' }, (input, report) =>
    prepared(input, report, prepareDomain),
  )
}

/** A moment, written as in `2026-01-31T12:00:00Z`; milliseconds since 1970. */
export function time(options: ValueOptions = {}): Value<number> {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/
  return make(
    'time',
    options,
    { type: 'string', format: 'date-time' },
    (input, report) => {
      const ms = typeof input === 'string' && shape.test(input) ? Date.parse(input) : Number.NaN
      return Number.isNaN(ms) ? report('', 'must be a time, as in 2026-01-31T12:00:00Z') : ms
    },
    (ms) => new Date(ms).toISOString(),
  )
}

/** A list, by default of at most 1 000 entries. */
export function list<T>(
  item: Value<T>,
  options: ValueOptions & { readonly max?: number } = {},
): Value<readonly T[]> {
  const { max = 1_000 } = options
  const schema: JsonSchema = { type: 'array', maxItems: max, items: item.schema() }
  const read = (input: unknown, report: Report) => {
    if (!Array.isArray(input)) return report('', 'must be a list')
    if (input.length > max) return report('', `must have at most ${max} entries`)
    return input.map((entry, index) =>
      item.read(entry, (path, message) =>
        report(`[${index}]${path && !path.startsWith('[') ? '.' : ''}${path}`, message),
      ),
    ) as T[]
  }
  const value = make<readonly T[]>('list', options, schema, read, (entries) =>
    entries.map((entry) => item.write(entry)),
  )
  return item.secret ? secret(value) : value
}

/** Several values by name. */
export function record<S extends Shape>(shape: S, options: ValueOptions = {}): Value<InferShape<S>> {
  const value = make<InferShape<S>>(
    'record',
    options,
    shapeSchema(shape),
    (input, report) => readShape(shape, input, report),
    (object) => writeShape(shape, object as object),
  )
  return Object.values(shape).some((member) => member.secret) ? secret(value) : value
}

/** A value that may be left out. With a fallback it is then that. */
export function optional<T>(value: Value<T>): OptionalValue<T> {
  return Object.freeze({
    ...value,
    optional: true as const,
    read: (input: unknown, report: Report) => (input === undefined ? undefined : value.read(input, report)),
    write: (given: T | undefined) => (given === undefined ? undefined : value.write(given)),
  })
}

/** A value no log, list or explanation may show. Whatever contains one is a secret as a whole. */
export function secret<T>(value: Value<T>): Value<T> {
  const schema = value.kind === 'text' ? { format: 'password' } : {}
  return Object.freeze({ ...value, secret: true, schema: () => ({ ...value.schema(), ...schema }) })
}

/** The result of a command that has none. */
export function nothing(): Value<void> {
  return make<void>(
    'nothing',
    {},
    { type: 'null' },
    () => undefined,
    () => null,
  )
}

/** A value checked by any Standard Schema library; it must answer at once, not with a promise. */
export function custom<T>(
  schema: StandardSchemaV1<unknown, T>,
  options: ValueOptions & { readonly schema: JsonSchema },
): Value<T> {
  return make('custom', options, options.schema, (input, report) => {
    const result = schema['~standard'].validate(input)
    if (result instanceof Promise) throw new TypeError('a schema of an argument must not be asynchronous')
    if (!result.issues) return result.value
    for (const issue of result.issues) {
      const keys = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step))
      report(keys.join('.'), issue.message)
    }
    return undefined
  })
}
