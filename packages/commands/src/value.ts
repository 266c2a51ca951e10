import type { ArgumentIssue } from './errors.js'

/** The part of JSON Schema (2020-12) that describes values, for OpenAPI and forms. */
export interface JsonSchema {
  /** JSON type. */
  readonly type?: 'string' | 'integer' | 'boolean' | 'array' | 'object' | 'null'
  /** What the value means, for people. */
  readonly description?: string
  /** Format of a text: `date-time`, `password`, `jid`. */
  readonly format?: string
  /** The texts there are to choose from. */
  readonly enum?: readonly string[]
  /** Least number. */
  readonly minimum?: number
  /** Greatest number. */
  readonly maximum?: number
  /** Characters at most. */
  readonly maxLength?: number
  /** Entries at most. */
  readonly maxItems?: number
  /** What a list holds. */
  readonly items?: JsonSchema
  /** What an object holds. */
  readonly properties?: Readonly<Record<string, JsonSchema>>
  /** Keys an object must have. */
  readonly required?: readonly string[]
  /** False when an object has no other keys. */
  readonly additionalProperties?: boolean
  /** What an argument left out stands for. */
  readonly default?: unknown
}

/** What kind of thing a value is: tells a front end which field to show. */
export type ValueKind =
  | 'text'
  | 'integer'
  | 'boolean'
  | 'choice'
  | 'account'
  | 'address'
  | 'domain'
  | 'time'
  | 'list'
  | 'record'
  | 'nothing'
  | 'custom'

/** Reports an issue at a path below the value that is being read. */
export type Report = (path: string, message: string) => undefined

/** Describes a value of an argument or result: how to read, write and show it. */
export interface Value<T> {
  /** What kind of thing it is. */
  readonly kind: ValueKind
  /** One line for people. */
  readonly description?: string
  /** True for what must never be logged or shown. */
  readonly secret?: boolean
  /**
   * Reads what a front end was given: JSON, or text where numbers and truth values have no type of their own.
   * What is wrong is reported, and then the result means nothing.
   */
  read(input: unknown, report: Report): T | undefined
  /** What to send for a value: plain JSON. */
  write(value: T): unknown
  /** Describes the value to tools. */
  schema(): JsonSchema
}

/** A value that may be left out. */
export interface OptionalValue<T> extends Value<T | undefined> {
  /** Marks it. */
  readonly optional: true
}

/** The type of a value. */
export type Infer<V> = V extends Value<infer T> ? T : never

/** Values by name: the arguments of a command, or the members of a record. */
export type Shape = Readonly<Record<string, Value<unknown>>>

/** The type of a {@link Shape}. */
export type InferShape<S extends Shape> = {
  readonly [K in keyof S as S[K] extends { readonly optional: true } ? never : K]: Infer<S[K]>
} & {
  readonly [K in keyof S as S[K] extends { readonly optional: true } ? K : never]?: Exclude<
    Infer<S[K]>,
    undefined
  >
} extends infer O
  ? { readonly [K in keyof O]: O[K] }
  : never

/** Whether a value may be left out. */
function isOptional(value: Value<unknown>): value is OptionalValue<unknown> {
  return 'optional' in value && value.optional === true
}

/** Reads an object by its shape; unknown and missing keys are issues. */
export function readShape<S extends Shape>(
  shape: S,
  input: unknown,
  report: Report,
): InferShape<S> | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return report('', 'must be an object')
  for (const key of Object.keys(input)) {
    if (!Object.hasOwn(shape, key))
      report(key, `is not known; there are ${Object.keys(shape).join(', ') || 'none'}`)
  }
  const members: [string, unknown][] = []
  for (const [key, value] of Object.entries(shape)) {
    const given: unknown = Object.hasOwn(input, key) ? Reflect.get(input, key) : undefined
    if (given === undefined && !isOptional(value)) {
      report(key, 'is missing')
      continue
    }
    const member = value.read(given, (path, message) => report(joined(key, path), message))
    if (member !== undefined) members.push([key, member])
  }
  return Object.fromEntries(members) as InferShape<S>
}

/** Writes an object by its shape. */
export function writeShape(shape: Shape, object: object): Record<string, unknown> {
  const members: [string, unknown][] = []
  for (const [key, value] of Object.entries(shape)) {
    const member: unknown = Reflect.get(object, key)
    if (member !== undefined) members.push([key, value.write(member)])
  }
  return Object.fromEntries(members)
}

/** Describes an object by its shape. */
export function shapeSchema(shape: Shape): JsonSchema {
  const keys = Object.keys(shape)
  return {
    type: 'object',
    properties: Object.fromEntries(keys.map((key) => [key, (shape[key] as Value<unknown>).schema()])),
    required: keys.filter((key) => !isOptional(shape[key] as Value<unknown>)),
    additionalProperties: false,
  }
}

/** A copy of arguments fit for a log: secrets are replaced, at any depth. */
export function redacted(shape: Shape, args: object): Record<string, unknown> {
  const written = writeShape(shape, args)
  for (const [key, value] of Object.entries(shape)) {
    if (Object.hasOwn(written, key) && value.secret) written[key] = '[secret]'
  }
  return written
}

/** Reads a value, collecting what is wrong with it. */
export function readAll<T>(
  read: (report: Report) => T | undefined,
  maxIssues = 20,
): { readonly value: T | undefined; readonly issues: readonly ArgumentIssue[] } {
  const issues: ArgumentIssue[] = []
  const value = read((path, message) => {
    if (issues.length < maxIssues) issues.push({ path, message })
    return undefined
  })
  return { value, issues }
}

function joined(key: string, path: string): string {
  if (path === '') return key
  return path.startsWith('[') ? `${key}${path}` : `${key}.${path}`
}
