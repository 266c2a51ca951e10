import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { checkSections, sectionDefaults } from './server-options.js'
import { softwareVersion } from './software-version.js'

test('every default is acceptable', () => {
  const sections = Object.fromEntries(
    Object.entries(sectionDefaults).map(([name, options]) => [name, { ...options }]),
  )
  expect(() => checkSections(sections)).not.toThrow()
})

test('L-1: a limit may be lifted', () => {
  expect(() => checkSections({ roster: { maxItems: Number.POSITIVE_INFINITY } })).not.toThrow()
})

describe('what cannot be is said, with what can', () => {
  test.each([
    [{ rooster: {} }, /no section rooster; there are accounts,.*roster/],
    [{ roster: { maxItem: 1 } }, /roster has no option maxItem; it has maxItems/],
    [{ roster: { maxItems: 'many' } }, /roster\.maxItems wants a number/],
    [{ roster: { maxItems: -1 } }, /roster\.maxItems wants a number that is not negative/],
    [{ roster: { maxItems: Number.NaN } }, /roster\.maxItems wants a number/],
    [{ registration: { allowRegistration: 'yes' } }, /wants a boolean/],
    [{ accounts: { hashes: 'SHA-1' } }, /wants a list/],
    [{ stream: { limits: { maxByte: 1 } } }, /stream\.limits has no option maxByte; it has maxBytes/],
    [{ stream: { limits: 5 } }, /stream\.limits wants a object|stream\.limits wants an object/],
  ])('%j', (sections, message) => {
    expect(() => checkSections(sections as never)).toThrow(message)
  })
})

test('the version it tells is that of the package', async () => {
  const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  expect(softwareVersion).toBe(manifest.version)
})
