import { AccessError } from './errors.js'
import { type Node, parseGlob, parseRegexp } from './pattern-parser.js'

/** Tells whether a text matches; takes time proportional to the text, whatever the text is. */
export type Matcher = (text: string) => boolean

/** Largest pattern there may be, counted in states of its automaton. */
export const maxPatternStates = 1_000

// One state per character test; `out` are the states that follow. Splits and anchors consume nothing.
interface State {
  readonly kind: 'char' | 'jump' | 'start' | 'end' | 'match'
  readonly accepts?: (codePoint: number) => boolean
  out: number[]
}

/**
 * Compiles a regular expression to an automaton that is run in parallel (Thompson 1968), not by backtracking, so no
 * text makes it slow. Not anchored unless it says `^` and `$`.
 *
 * Supported: `.`, `[...]`, `\d \w \s`, groups, `|`, `* + ? {n,m}`, `^`, `$`. Back references and look-around are not.
 *
 * @throws {@link AccessError} `access/bad-pattern`
 */
export function compileRegexp(source: string): Matcher {
  return automaton(parseRegexp(source), source, false)
}

/**
 * Compiles a glob: `*` is any text, `?` any character, `[a-z]` and `[!a-z]` a character of a class. Always the whole text.
 *
 * @throws {@link AccessError} `access/bad-pattern`
 */
export function compileGlob(source: string): Matcher {
  return automaton(parseGlob(source), source, true)
}

function automaton(root: Node, source: string, whole: boolean): Matcher {
  const states: State[] = []
  const add = (state: State): number => {
    if (states.length >= maxPatternStates)
      throw new AccessError('access/bad-pattern', `the pattern ${JSON.stringify(source)} is too large`)
    return states.push(state) - 1
  }
  const accept = add({ kind: 'match', out: [] })
  const first = build(root, accept, add, states)
  return (text) => run(states, first, text, whole)
}

/** Adds the states of a node that go on to `next`; answers with its first state. */
function build(node: Node, next: number, add: (state: State) => number, states: State[]): number {
  switch (node.kind) {
    case 'char':
      return add({ kind: 'char', accepts: node.accepts, out: [next] })
    case 'start':
    case 'end':
      return add({ kind: node.kind, out: [next] })
    case 'sequence':
      return node.parts.reduceRight((after, part) => build(part, after, add, states), next)
    case 'choice':
      return add({ kind: 'jump', out: node.parts.map((part) => build(part, next, add, states)) })
    case 'repeat':
      return buildRepeat(node, next, add, states)
  }
}

function buildRepeat(
  node: Node & { kind: 'repeat' },
  next: number,
  add: (state: State) => number,
  states: State[],
): number {
  let after = next
  if (node.max === Number.POSITIVE_INFINITY) {
    const loop = add({ kind: 'jump', out: [next] })
    states[loop]!.out.push(build(node.part, loop, add, states))
    after = loop
  } else {
    for (let n = node.min; n < node.max; n += 1)
      after = add({ kind: 'jump', out: [build(node.part, after, add, states), next] })
  }
  for (let n = 0; n < node.min; n += 1) after = build(node.part, after, add, states)
  return after
}

function run(states: readonly State[], first: number, text: string, whole: boolean): boolean {
  const seen = new Int32Array(states.length).fill(-1)
  const codePoints = Array.from(text, (char) => char.codePointAt(0) as number)
  let current: number[] = []
  for (let at = 0; at <= codePoints.length; at += 1) {
    const atEnd = at === codePoints.length
    // A search starts anew at every position; a match of the whole text only at the first.
    const entering = !whole || at === 0 ? [...current, first] : current
    const active = closure(states, entering, at, atEnd, seen)
    if (active.includes(0) && (!whole || atEnd)) return true
    if (atEnd) return false
    const codePoint = codePoints[at] as number
    current = []
    for (const index of active) {
      const state = states[index] as State
      if (state.accepts?.(codePoint)) current.push(state.out[0] as number)
    }
    if (whole && current.length === 0) return false
  }
  return false
}

/** The states reachable without reading a character. */
function closure(
  states: readonly State[],
  from: readonly number[],
  at: number,
  atEnd: boolean,
  seen: Int32Array,
) {
  const active: number[] = []
  const pending = [...from]
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (seen[index] === at) continue
    seen[index] = at
    const state = states[index] as State
    if (state.kind === 'char' || state.kind === 'match') active.push(index)
    else if (state.kind === 'jump' || (state.kind === 'start' ? at === 0 : atEnd)) pending.push(...state.out)
  }
  return active
}
