import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { playScenario, readScenarios, twoDomains } from '../wire/scenarios.js'
import { inMemory, type Place } from '../wire/ways.js'
import { allTokens, letAllPass } from './tokens.js'

// A handler that does nothing must change nothing, whether it answers at once or later: every conversation goes as
// it goes without.
const files = readScenarios()
const modes = [
  ['at once', <V>(value: V) => value],
  ['later', async <V>(value: V) => value],
] as const

describe.each(modes)('M-4: with a handler in every hook that answers %s', (_mode, pass) => {
  let place: Place
  const called = new Set<string>()
  beforeAll(async () => {
    place = await inMemory.open()
    await letAllPass(place.server, pass, (token) => called.add(token.name))
  })
  afterAll(() => place?.[Symbol.asyncDispose]())

  describe.each([...files])('%s', (_file, scenarios) => {
    test.each(scenarios.map((one) => [one.title, one] as const))('%s', async (_title, scenario) => {
      await expect(playScenario(scenario, place, twoDomains)).resolves.toBeUndefined()
    })
  })

  test('the conversations come by the hooks there are', () => {
    expect([...called]).toEqual(
      expect.arrayContaining([
        'router/filter-packet',
        'c2s/user-send-packet',
        'c2s/user-receive-packet',
        'sessions/receive-packet',
        'sessions/offline-message',
        'sessions/bounce-packet',
        'sessions/subscription-in',
        'sessions/session-opened',
        'sessions/session-closed',
        'auth/remove-user',
        'disco/info',
      ]),
    )
  })
})

test('every token of the sources is found', async () => {
  const packages = new URL('../../packages/', import.meta.url)
  const declared = readdirSync(packages).flatMap((name) => {
    try {
      const text = readFileSync(new URL(`${name}/src/tokens.ts`, packages), 'utf8')
      return [...text.matchAll(/= (?:event|filter)<[^;]*?>\(\s*'([^']+)'\s*\)/gs)].map((match) => match[1]!)
    } catch {
      return []
    }
  })
  const found = (await allTokens()).map((token) => token.name)
  expect(declared.length).toBeGreaterThan(20)
  expect(found).toEqual(expect.arrayContaining(declared))
})
