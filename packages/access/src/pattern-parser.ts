import { AccessError } from './errors.js'

/** A part of a pattern. */
export type Node =
  | { readonly kind: 'char'; readonly accepts: (codePoint: number) => boolean }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number }

type Test = (codePoint: number) => boolean

interface Cursor {
  readonly chars: readonly string[]
  readonly source: string
  at: number
  depth: number
}

const maxDepth = 50
const maxRepeat = 200

const code = (char: string) => char.codePointAt(0) as number
const isDigit: Test = (c) => c >= 0x30 && c <= 0x39
const isWord: Test = (c) => isDigit(c) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || c === 0x5f
const isSpace: Test = (c) => /\s/u.test(String.fromCodePoint(c))
const not =
  (test: Test): Test =>
  (c) =>
    !test(c)
const classes: Readonly<Record<string, Test>> = {
  d: isDigit,
  w: isWord,
  s: isSpace,
  D: not(isDigit),
  W: not(isWord),
  S: not(isSpace),
}
const controls: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09 }

function cursorOf(source: string): Cursor {
  return { chars: [...source], source, at: 0, depth: 0 }
}

function bad(cursor: Cursor, reason: string): AccessError {
  return new AccessError('access/bad-pattern', `the pattern ${JSON.stringify(cursor.source)} ${reason}`)
}

/** Parses a regular expression; see `compileRegexp` for what it may contain. */
export function parseRegexp(source: string): Node {
  const cursor = cursorOf(source)
  const node = choice(cursor)
  if (cursor.at < cursor.chars.length) throw bad(cursor, 'closes a group it did not open')
  return node
}

function choice(cursor: Cursor): Node {
  cursor.depth += 1
  if (cursor.depth > maxDepth) throw bad(cursor, 'nests too deep')
  const parts = [sequence(cursor)]
  while (cursor.chars[cursor.at] === '|') {
    cursor.at += 1
    parts.push(sequence(cursor))
  }
  cursor.depth -= 1
  return parts.length === 1 ? (parts[0] as Node) : { kind: 'choice', parts }
}

function sequence(cursor: Cursor): Node {
  const parts: Node[] = []
  for (let char = cursor.chars[cursor.at]; char !== undefined && char !== '|' && char !== ')'; ) {
    parts.push(repeated(cursor, atom(cursor)))
    char = cursor.chars[cursor.at]
  }
  return { kind: 'sequence', parts }
}

function atom(cursor: Cursor): Node {
  const char = cursor.chars[cursor.at++] as string
  switch (char) {
    case '^':
      return { kind: 'start' }
    case '$':
      return { kind: 'end' }
    case '.':
      return { kind: 'char', accepts: (c) => c !== 0x0a && c !== 0x0d }
    case '(':
      return group(cursor)
    case '[':
      return { kind: 'char', accepts: characterClass(cursor, '^') }
    case '\\':
      return { kind: 'char', accepts: escapedTest(cursor) }
    case '*':
    case '+':
    case '?':
    case '{':
      throw bad(cursor, `has nothing before its ${char}`)
    default: {
      const wanted = code(char)
      return { kind: 'char', accepts: (c) => c === wanted }
    }
  }
}

function group(cursor: Cursor): Node {
  if (cursor.chars[cursor.at] === '?') {
    if (cursor.chars[cursor.at + 1] !== ':') throw bad(cursor, 'uses (?…, which is not supported but for (?:')
    cursor.at += 2
  }
  const node = choice(cursor)
  if (cursor.chars[cursor.at++] !== ')') throw bad(cursor, 'does not close a group')
  return node
}

function repeated(cursor: Cursor, part: Node): Node {
  const char = cursor.chars[cursor.at]
  let node = part
  if (char === '*') node = repeat(part, 0, Number.POSITIVE_INFINITY)
  else if (char === '+') node = repeat(part, 1, Number.POSITIVE_INFINITY)
  else if (char === '?') node = repeat(part, 0, 1)
  else if (char === '{') return counted(cursor, part)
  else return part
  cursor.at += 1
  return refuseSecondRepeat(cursor, node)
}

const repeat = (part: Node, min: number, max: number): Node => ({ kind: 'repeat', part, min, max })

function counted(cursor: Cursor, part: Node): Node {
  const rest = cursor.chars.slice(cursor.at, cursor.at + 12).join('')
  const match = /^\{(\d{1,4})(,?)(\d{0,4})\}/.exec(rest)
  if (!match) throw bad(cursor, 'has a { that is no repetition; write \\{ for the character')
  const min = Number(match[1])
  const max = !match[2] ? min : match[3] ? Number(match[3]) : Number.POSITIVE_INFINITY
  if (max < min) throw bad(cursor, `repeats at least ${min} and at most ${max} times`)
  if (min > maxRepeat || (max > maxRepeat && max !== Number.POSITIVE_INFINITY))
    throw bad(cursor, `repeats more than ${maxRepeat} times`)
  cursor.at += match[0].length
  return refuseSecondRepeat(cursor, repeat(part, min, max))
}

function refuseSecondRepeat(cursor: Cursor, node: Node): Node {
  const char = cursor.chars[cursor.at]
  // Lazy repetition finds the same texts, so it means nothing here.
  if (char === '?') cursor.at += 1
  else if (char === '*' || char === '+' || char === '{') throw bad(cursor, 'repeats a repetition')
  return node
}

function escapedTest(cursor: Cursor): Test {
  const char = cursor.chars[cursor.at++]
  if (char === undefined) throw bad(cursor, 'ends in a backslash')
  if (Object.hasOwn(classes, char)) return classes[char] as Test
  const wanted = escaped(cursor, char)
  return (c) => c === wanted
}

function escaped(cursor: Cursor, char: string): number {
  if (Object.hasOwn(controls, char)) return controls[char] as number
  if (/[A-Za-z0-9]/.test(char)) throw bad(cursor, `uses \\${char}, which is not supported`)
  return code(char)
}

/** What stands between `[` and `]`, the opening bracket read already. */
function characterClass(cursor: Cursor, negation: string): Test {
  const negated = cursor.chars[cursor.at] === negation
  if (negated) cursor.at += 1
  const tests: Test[] = []
  for (let first = true; ; first = false) {
    const char = cursor.chars[cursor.at]
    if (char === undefined) throw bad(cursor, 'does not close a [')
    if (char === ']' && !first) break
    tests.push(classMember(cursor))
  }
  cursor.at += 1
  const any: Test = (c) => tests.some((test) => test(c))
  return negated ? not(any) : any
}

function classMember(cursor: Cursor): Test {
  const char = cursor.chars[cursor.at++] as string
  if (char === '\\' && Object.hasOwn(classes, cursor.chars[cursor.at] ?? '')) return escapedTest(cursor)
  const from = char === '\\' ? classEscape(cursor) : code(char)
  const dash = cursor.chars[cursor.at] === '-' && cursor.chars[cursor.at + 1] !== ']'
  if (!dash || cursor.chars[cursor.at + 1] === undefined) return (c) => c === from
  cursor.at += 1
  const last = cursor.chars[cursor.at++] as string
  const to = last === '\\' ? classEscape(cursor) : code(last)
  if (to < from) throw bad(cursor, 'has a range that ends before it begins')
  return (c) => c >= from && c <= to
}

function classEscape(cursor: Cursor): number {
  const char = cursor.chars[cursor.at++]
  if (char === undefined) throw bad(cursor, 'ends in a backslash')
  return escaped(cursor, char)
}

/** Parses a glob. */
export function parseGlob(source: string): Node {
  const cursor = cursorOf(source)
  const any: Node = { kind: 'char', accepts: () => true }
  const parts: Node[] = []
  for (let char = cursor.chars[cursor.at++]; char !== undefined; char = cursor.chars[cursor.at++]) {
    if (char === '*') parts.push(repeat(any, 0, Number.POSITIVE_INFINITY))
    else if (char === '?') parts.push(any)
    else if (char === '[') parts.push({ kind: 'char', accepts: characterClass(cursor, '!') })
    else if (char === '\\') parts.push({ kind: 'char', accepts: escapedTest(cursor) })
    else {
      const wanted = code(char)
      parts.push({ kind: 'char', accepts: (c) => c === wanted })
    }
  }
  return { kind: 'sequence', parts }
}
