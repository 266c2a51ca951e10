/** What {@link printable} cuts away. */
export interface PrintLimits {
  /** Nesting of objects, arrays and causes kept. */
  readonly maxDepth: number
  /** Members of an object or array kept. */
  readonly maxMembers: number
  /** Characters of a string kept. */
  readonly maxTextLength: number
}

// Compared without case and punctuation, anywhere in the key: userPassword, access_token, X-Client-Secret.
const secretKey =
  /password|passwd|passphrase|token|proof|secret|credential|authorization|cookie|(stored|server|client|private|session)key/

/** True for keys whose values must never reach a log. */
function isSecretKey(key: string): boolean {
  return secretKey.test(key.toLowerCase().replace(/[^a-z0-9]/g, ''))
}

/** A copy of a value that JSON can carry: secrets redacted, errors with their causes, and everything of bounded size. */
export function printable(value: unknown, limits: PrintLimits, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return cut(value, limits)
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'boolean':
      return value
    case 'object':
      return value === null ? null : printableObject(value, limits, depth)
    case 'undefined':
      return undefined
    default:
      return cut(String(value), limits)
  }
}

function cut(text: string, { maxTextLength }: PrintLimits): string {
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}… (${text.length} characters)`
}

function printableObject(value: object, limits: PrintLimits, depth: number): unknown {
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString()
  if (value instanceof Error) return printableError(value, limits, depth)
  if (depth >= limits.maxDepth) return Array.isArray(value) ? '[…]' : '{…}'
  if (Array.isArray(value)) return printableArray(value, limits, depth)
  if (value instanceof Set) return printableArray([...value], limits, depth)
  const plain = value instanceof Map ? Object.fromEntries(value) : value
  if ('toJSON' in plain && typeof plain.toJSON === 'function')
    return printable(plain.toJSON(), limits, depth + 1)
  // Immutable values such as addresses print as they read.
  const proto: unknown = Object.getPrototypeOf(plain)
  if (proto !== Object.prototype && proto !== null && plain.toString !== Object.prototype.toString) {
    return cut(String(plain), limits)
  }
  return members(plain, Object.keys(plain), limits, depth)
}

function printableArray(items: readonly unknown[], limits: PrintLimits, depth: number): unknown[] {
  const kept = items.slice(0, limits.maxMembers).map((item) => printable(item, limits, depth + 1) ?? null)
  if (items.length > limits.maxMembers) kept.push(`… (${items.length} items)`)
  return kept
}

function printableError(error: Error, limits: PrintLimits, depth: number): unknown {
  if (depth >= limits.maxDepth) return cut(`${error.name}: ${error.message}`, limits)
  const more = Object.keys(error).filter(
    (key) => !['name', 'message', 'stack', 'cause', 'errors'].includes(key),
  )
  return {
    name: error.name,
    message: cut(error.message, limits),
    ...members(error, more, limits, depth),
    stack: error.stack === undefined ? undefined : cut(error.stack, limits),
    cause: printable(error.cause, limits, depth + 1),
    errors: error instanceof AggregateError ? printable(error.errors, limits, depth + 1) : undefined,
  }
}

function members(of: object, keys: string[], limits: PrintLimits, depth: number): Record<string, unknown> {
  const entries = keys.slice(0, limits.maxMembers).map((key) => {
    if (isSecretKey(key)) return [key, '[redacted]'] as const
    return [key, printable(Reflect.get(of, key), limits, depth + 1)] as const
  })
  if (keys.length > limits.maxMembers) entries.push(['…', `(${keys.length} members)`])
  return Object.fromEntries(entries)
}
