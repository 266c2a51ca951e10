import { describe, expect, test } from 'vitest'
import { directDependencies, drawGraph } from './graph.mjs'
import { dependencyProblems, mayDepend, packageName, shapeProblems } from './layers.mjs'

type Pkg = {
  name: string
  layer: number | string
  manifest: Record<string, unknown>
  dir: string
  deps: string[]
}
const exportsMap = {
  '.': { '@xmppkit/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
}
const pkg = (name: string, layer: number | string, manifest: object = {}): Pkg => ({
  name,
  layer,
  dir: `/packages/${name}`,
  deps: [],
  manifest: { name: `@xmppkit/${name}`, exports: exportsMap, ...manifest },
})
const known = new Map(
  [pkg('jid', 0), pkg('xml', 0), pkg('router', 2), pkg('testing', 'kit')].map((p) => [
    `@xmppkit/${p.name}`,
    p,
  ]),
)
const workspace = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [`@xmppkit/${name}`, 'workspace:^']))
const imports = (...specifiers: string[]) =>
  specifiers.map((specifier) => ({ file: 'a.ts', specifier, test: false }))
const testImports = (...specifiers: string[]) =>
  specifiers.map((specifier) => ({ file: 'a.test.ts', specifier, test: true }))

describe('who may import whom', () => {
  test.each([
    [2, 1, false, true],
    [2, 2, false, false],
    [2, 3, false, false],
    ['kit', 5, false, true],
    ['kit', 6, false, false],
    ['kit', 'kit', false, false],
    [6, 'kit', true, true],
    [7, 'kit', true, true],
    [6, 'kit', false, false],
    [5, 'kit', true, false],
  ])('layer %s → layer %s, test only: %s → %s', (from, to, isTest, allowed) => {
    expect(mayDepend(from, to, { test: isTest })).toBe(allowed)
  })

  test('package names come out of specifiers', () => {
    expect(['@xmppkit/sessions/module', 'pg/lib/x', 'ltx'].map(packageName)).toEqual([
      '@xmppkit/sessions',
      'pg',
      'ltx',
    ])
  })
})

describe('dependencies of a package', () => {
  const problems = (subject: Pkg, found: ReturnType<typeof imports>) =>
    dependencyProblems(subject, found, known)

  test('declared, used and lower are fine', () => {
    const iq = pkg('iq', 2, {
      dependencies: workspace('jid'),
      devDependencies: { ...workspace('xml'), x: '1.0.0' },
    })
    expect(
      problems(iq, [
        ...imports('@xmppkit/jid', 'node:fs', './b.js'),
        ...testImports('@xmppkit/xml', 'vitest'),
      ]),
    ).toEqual([])
  })

  test('undeclared ones are named, in shipped files and in tests', () => {
    expect(problems(pkg('iq', 2), imports('@xmppkit/jid', 'valibot'))).toEqual([
      'a.ts: @xmppkit/jid is not declared in package.json',
      'a.ts: valibot is not declared in package.json',
    ])
    expect(problems(pkg('iq', 2), testImports('@xmppkit/jid'))).toHaveLength(1)
    expect(problems(pkg('iq', 2), imports('vitest'))).toHaveLength(1)
  })

  test('unused ones, and those only tests use, are named', () => {
    const iq = pkg('iq', 2, { dependencies: workspace('jid', 'xml') })
    expect(problems(iq, testImports('@xmppkit/jid'))).toEqual([
      'package.json: only tests use @xmppkit/jid, make it a dev dependency',
      'package.json: @xmppkit/xml is not used',
    ])
  })

  test('a dev dependency does not serve a shipped file', () => {
    const iq = pkg('iq', 2, { devDependencies: workspace('jid') })
    expect(problems(iq, imports('@xmppkit/jid'))).toEqual([
      'a.ts: @xmppkit/jid is only a dev dependency, but this file is shipped',
    ])
  })

  test('the same or a higher layer is refused in the manifest and in the file', () => {
    const iq = pkg('iq', 2, { dependencies: workspace('router') })
    expect(problems(iq, imports('@xmppkit/router'))).toEqual([
      'a.ts: layer 2 may not import @xmppkit/router (layer 2)',
      'package.json: layer 2 may not depend on @xmppkit/router (layer 2)',
    ])
  })

  test('kits serve the tests of the edges only', () => {
    const low = pkg('roster', 5, { devDependencies: workspace('testing') })
    expect(problems(low, testImports('@xmppkit/testing'))).toHaveLength(2)
    const edge = pkg('tcp', 6, { devDependencies: workspace('testing') })
    expect(problems(edge, testImports('@xmppkit/testing'))).toEqual([])
    expect(
      problems(pkg('tcp', 6, { dependencies: workspace('testing') }), imports('@xmppkit/testing')),
    ).toHaveLength(2)
  })

  test('ltx and saslmechanisms have one importer each', () => {
    const dependencies = { ltx: '3.1.2', saslmechanisms: '0.1.1' }
    expect(problems(pkg('iq', 2, { dependencies }), imports('ltx', 'saslmechanisms'))).toEqual([
      'a.ts: only @xmppkit/xml imports ltx',
      'a.ts: only @xmppkit/sasl imports saslmechanisms',
    ])
    expect(problems(pkg('xml', 0, { dependencies }), imports('ltx'))).toEqual([])
  })

  test('only entries of a package can be imported, and versions stay in step', () => {
    const iq = pkg('iq', 2, { dependencies: { '@xmppkit/jid': '^0.1.0' } })
    expect(problems(iq, imports('@xmppkit/jid/dist/jid.js'))).toEqual([
      'a.ts: @xmppkit/jid/dist/jid.js is not an entry of @xmppkit/jid',
      'package.json: @xmppkit/jid must be "workspace:^"',
    ])
  })
})

describe('the shape of a package', () => {
  const whole = pkg('jid', 0, {
    version: '0.1.0',
    description: 'Addresses.',
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.20.0' },
    files: ['dist', 'README.md'],
  })
  const files = (names: string[], typedoc = '{"entryPoints":["./src/index.ts"]}') => ({
    version: '0.1.0',
    exists: (name: string) => names.includes(name.replace('./', '')),
    read: () => typedoc,
  })
  const usual = ['README.md', 'typedoc.json', 'src/index.ts']

  test('is the same everywhere', () => {
    expect(shapeProblems(whole, files(usual))).toEqual([])
  })

  test('lacks nothing', () => {
    expect(shapeProblems(whole, files(['src/index.ts']))).toEqual([
      'README.md is missing',
      'typedoc.json is missing',
    ])
    expect(shapeProblems(whole, files(usual, '{"entryPoints":[]}'))).toHaveLength(1)
    const odd = {
      ...whole,
      manifest: { ...whole.manifest, version: '0.2.0', exports: { '.': './dist/index.js' } },
    }
    expect(shapeProblems(odd, files(usual)).length).toBeGreaterThan(1)
  })
})

describe('the picture', () => {
  const a = pkg('a', 0)
  const b = pkg('b', 1, { dependencies: workspace('a') })
  const c = pkg('c', 2, { dependencies: workspace('a', 'b') })

  test('leaves out what follows from the rest', () => {
    expect(Object.fromEntries(directDependencies([a, b, c]))).toEqual({ a: [], b: ['a'], c: ['b'] })
  })

  test('is the same for the same packages and says what it shows', () => {
    const drawn = drawGraph([a, b, c])
    expect(drawn).toBe(drawGraph([a, b, c]))
    expect(drawn).toContain('<title id="title">')
    expect(drawn.match(/<path class="line"/g)).toHaveLength(2)
  })
})
