import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { indexFindings, lintSource, nameFindings } from './lint.mjs'

const parse = (text: string) => ts.createSourceFile('block.ts', text, ts.ScriptTarget.ESNext, true)
const block = { shipped: true, isProgram: false, ownsTime: false }
const rules = (text: string, where = block) => lintSource(parse(text), where).map(({ rule }) => rule)

describe('rules for shipped files', () => {
  test.each([
    ['random', 'const id = Math.random()'],
    ['clock', 'const now = Date.now()'],
    ['console', "console.log('x')"],
    ['process', 'const { HOME } = process.env'],
    ['events', "import { EventEmitter } from 'node:events'"],
    ['events', "import events from 'events'"],
    ['process', "import { env } from 'node:process'"],
    ['ltx', "import { parse } from 'ltx'"],
    ['ltx', "import { Element, stringify } from 'ltx'"],
    ['ltx', "import * as ltx from 'ltx'"],
    ['ltx', "export { Parser } from 'ltx'"],
    ['ltx', "import Parser from 'ltx/lib/Parser.js'"],
    ['extension', "import { a } from './a'"],
    ['extension', "export { a } from './a.ts'"],
    ['enum', 'enum Kind { A }'],
    ['namespace', "declare module 'x' {}"],
    ['default', 'export default 1'],
    ['export-star', "export * from './a.js'"],
    ['cast', 'const a = b as unknown as C'],
    ['secret', 'if (given === user.password) accept()'],
    ['secret', 'const same = token !== expectedToken'],
    ['unfinished', '// TODO: later'],
  ])('%s: %s', (rule, text) => {
    expect(rules(text)).toEqual([rule])
  })

  test.each([
    "import { Element } from 'ltx'",
    "import { once } from 'node:events'",
    "import { a } from './a.js'",
    'if (password === undefined) refuse()',
    "if (token === '') refuse()",
    'if (token.kind === other.kind) run()',
    'function run(process: Process) { return process.step() }',
    'const same = user === owner',
    '// the shape was checked above\nconst a = b as unknown as C',
    '// lint-allow secret: both are names of hooks\nif (token === other) run()',
  ])('finds nothing in: %s', (text) => {
    expect(rules(text)).toEqual([])
  })

  test('spares what owns the process, and the clock itself', () => {
    expect(rules('console.log(process.argv)', { ...block, isProgram: true })).toEqual([])
    expect(rules('const now = Date.now()', { ...block, ownsTime: true })).toEqual([])
  })

  test('say where', () => {
    expect(lintSource(parse('\n\nconst id = Math.random()'), block)).toMatchObject([{ line: 3 }])
  })
})

describe('rules for tests', () => {
  const inTest = { ...block, shipped: false }

  test('find tests that do not run', () => {
    expect(
      rules("test.skip('a', run); describe.only('b', run); it.concurrent.todo('c')", inTest),
    ).toHaveLength(3)
    expect(rules("test.each([1])('a', run); list.skip(3)", inTest)).toEqual([])
  })

  test('let tests use what blocks may not', () => {
    expect(rules('process.env.X; Date.now(); Math.random()', inTest)).toEqual([])
  })
})

describe('names and entries', () => {
  test('files are kebab-case and say what they hold', () => {
    expect(['stream-state.ts', 'codec.test-d.ts', 'tables.generated.ts'].flatMap(nameFindings)).toEqual([])
    expect(['StreamState.ts', 'utils.ts', 'types.ts'].map((name) => nameFindings(name).length)).toEqual([
      1, 1, 1,
    ])
  })

  test('an index re-exports and introduces the package', () => {
    const intro = '/** A block. @packageDocumentation */\n'
    expect(
      indexFindings(parse(`${intro}export { a } from './a.js'\nexport type { B } from './b.js'`)),
    ).toEqual([])
    expect(indexFindings(parse(`${intro}export {}`))).toEqual([])
    expect(indexFindings(parse("export { a } from './a.js'"))).toHaveLength(1)
    expect(indexFindings(parse(`${intro}export const a = 1`))).toHaveLength(1)
  })
})
