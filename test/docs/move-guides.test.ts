import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sectionDefaults } from '@xmppkit/server'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(`${root}${file}`, 'utf8')
const namesIn = (file: string, pattern: RegExp) =>
  new Set([...read(file).matchAll(pattern)].map((match) => match[1]!))

const commands = namesIn('docs/reference/commands.md', /^\| `(\w+)`/gm)
const hooks = namesIn('docs/reference/hooks.md', /^\| \*\*[^|]*\| `(\w+)`/gm)
const flags = namesIn('packages/cli/src/serve-flags.ts', /name: '([\w-]+)'/g)
const isOption = (path: string) => {
  let at: unknown = sectionDefaults
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return false
    at = Reflect.get(at, step)
  }
  return true
}
/** Members of the API that tables name as they are called. */
const calls = new Map([
  ['host.reload(modules)', ['packages/module/src/host.ts', 'reload(modules:']],
  ['createHost', ['packages/module/src/host.ts', 'function createHost(']],
])

function kindOf(name: string): string | undefined {
  if (name.startsWith('@xmppkit/'))
    return existsSync(`${root}packages/${name.slice(9)}/package.json`) ? 'package' : undefined
  if (name.startsWith('--')) return flags.has(name.slice(2)) ? 'flag' : undefined
  const call = calls.get(name)
  if (call) return read(call[0]!).includes(call[1]!) ? 'call' : undefined
  if (name.includes('.')) return isOption(name) ? 'option' : undefined
  if (commands.has(name)) return 'command'
  return hooks.has(name) ? 'hook' : undefined
}

/** Names in the columns behind the first of the tables of a page. */
function namesOf(page: string): string[] {
  const rows = read(page)
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|-]*$/.test(line))
  const cells = rows.flatMap((row) => row.split('|').slice(2))
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!))
}

describe.each(['docs/guides/move-from-ejabberd.md', 'docs/guides/move-from-prosody.md'])('%s', (page) => {
  const names = namesOf(page)
  test('names packages, options, flags, hooks and commands', () => {
    const kinds = new Set(names.map(kindOf))
    for (const kind of ['package', 'option', 'flag', 'hook', 'command']) expect(kinds).toContain(kind)
  })
  test.each([...new Set(names)])('%s exists', (name) => {
    expect(kindOf(name)).toBeDefined()
  })
  test('links lead somewhere', () => {
    for (const [, link] of read(page).matchAll(/\]\(([^)#]+)/g)) {
      expect(existsSync(`${root}docs/guides/${link}`), link).toBe(true)
    }
  })
})

test('a name that does not exist is found out', () => {
  for (const name of ['@xmppkit/nothing', '--nothing', 'archive.nothing', 'nothing', 'nothing.at.all']) {
    expect(kindOf(name)).toBeUndefined()
  }
})
