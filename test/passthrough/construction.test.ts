import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { xml } from '@xmpp/client'
import { Element, parseElement, rawElement, textFromWire, writeElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const listed = (folder: string) => readdirSync(join(root, folder)).map((name) => join(root, folder, name))
const ownPackages = [...listed('packages'), ...listed('examples'), join(root, 'test'), root].filter(
  (folder) => existsSync(join(folder, 'package.json')),
)

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const manifest = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

/** Every file of sources below a folder. */
function sources(folder: string): { file: string; text: string }[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return /^(node_modules|dist|\..*)$/.test(entry.name) ? [] : sources(path)
    return /\.(ts|mjs|js)$/.test(entry.name) ? [{ file: path, text: readFileSync(path, 'utf8') }] : []
  })
}

const all = ['packages', 'examples', 'test', 'bench'].flatMap((folder) => sources(join(root, folder)))
const shipped = all.filter(({ file }) => /packages\/[^/]+\/src\/(?!.*\.test(-d)?\.ts$)/.test(file))

test('there are sources to look at', () => {
  expect(shipped.length).toBeGreaterThan(150)
  expect(shipped.some(({ text }) => text.includes("from 'ltx'"))).toBe(true)
})

describe('pass-through risk 4: two copies of ltx, of which neither knows the elements of the other', () => {
  test('one package depends on it, and one version of it is installed', () => {
    const users = ownPackages
      .map(manifest)
      .filter(({ dependencies, devDependencies, peerDependencies }) =>
        [dependencies, devDependencies, peerDependencies].some((list) => list?.ltx !== undefined),
      )
    expect(users.map(({ name }) => name)).toEqual(['@xmppkit/xml'])
    const lock = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')
    const versions = new Set([...lock.matchAll(/^ {2}'?ltx@([^:'(]+)/gm)].map((found) => found[1]))
    expect([...versions]).toEqual([manifest(join(root, 'packages', 'xml')).dependencies?.ltx])
  })

  test('it is imported under one name, by that package alone', () => {
    const importing = all.flatMap(({ file, text }) =>
      [...text.matchAll(/^(?:import|export)\b[^'"]*\bfrom '(ltx(?:\/[^']*)?)'/gm)].map(
        (found) => [file, found[1]] as const,
      ),
    )
    expect(importing.length).toBeGreaterThan(3)
    expect(new Set(importing.map(([, specifier]) => specifier))).toEqual(new Set(['ltx']))
    for (const [file] of importing) expect(file).toMatch(/packages\/xml\/src\//)
    const loading = shipped.filter(({ text }) => /(?:require|import)\(\s*['"]ltx/.test(text))
    expect(loading.map(({ file }) => file)).toEqual([])
  })

  test('nobody asks an element for its class', () => {
    const asking = shipped.filter(({ text }) => /instanceof Element\b/.test(text))
    expect(asking.map(({ file }) => file)).toEqual([])
  })

  test('so elements of another copy are as good as ours', () => {
    const require = createRequire(
      realpathSync(join(root, 'packages', 'xml', 'node_modules', 'ltx', 'package.json')),
    )
    const other = require('ltx') as { Element: typeof Element }
    expect(other.Element).not.toBe(Element)
    const build = (Class: typeof Element) => {
      const tree = new Class('message', { xmlns: 'jabber:client', to: 'é&"' })
      tree.c('x', { xmlns: 'urn:x' }).c('y').t(']]> <').up().c('z', { xmlns: 'jabber:client' })
      return tree
    }
    const [own, foreign] = [build(Element), build(other.Element)]
    expect(foreign).not.toBeInstanceOf(Element)
    expect(writeElement(foreign)).toBe(writeElement(own))
    expect(rawElement(foreign).toWire()).toBe(rawElement(own).toWire())
    const base = parseElement("<iq xmlns='jabber:client'/>")
    expect(base.append(foreign).toWire()).toBe(base.append(own).toWire())
  })

  test('those of @xmpp/client too, which brings its own build along', () => {
    const body = xml('body', {}, 'é <')
    const message = xml('message', { xmlns: 'jabber:client', to: 'a@b' }, body)
    expect(textFromWire(rawElement(message as Element).toWire())).toBe(
      '<message xmlns="jabber:client" to="a@b"><body>é &lt;</body></message>',
    )
  })
})

describe('pass-through risk 8: a string of bytes taken for text', () => {
  test('only bytes made of bytes are declared to be a wire, in five places', () => {
    const declaring = shipped.filter(({ text }) => /\bas Wire\b|<Wire>\(?['"`]/.test(text))
    // What joins wires with each other, or encodes.
    expect(declaring.map(({ file }) => file.slice(root.length))).toEqual([
      'packages/carbons/src/carbon-copy.ts',
      'packages/stream/src/feature-choice.ts',
      'packages/stream/src/outbox.ts',
      'packages/web/src/bosh-body.ts',
      'packages/xml/src/wire.ts',
    ])
  })
})

test('pass-through risk 9: reading depends on nothing of the engine that is not documented', () => {
  const undocumented =
    /\b(?:latin1|utf8|ascii|ucs2|hex|base64)(?:Slice|Write)\b|%[A-Z]\w+\(|\bprocess\.binding\b|internalBinding/
  const using = shipped.filter(({ text }) => undocumented.test(text))
  expect(using.map(({ file }) => file)).toEqual([])
})
