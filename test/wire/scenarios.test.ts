import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { oneDomain, playScenario, readScenarios, twoDomains } from './scenarios.js'
import { inMemory, type Place, ways } from './ways.js'

const files = readScenarios()

describe.each([
  ...ways.map((way) => ({ name: way.name, way, cast: twoDomains })),
  { name: 'in memory, on one domain', way: inMemory, cast: oneDomain },
])('$name', ({ way, cast }) => {
  let place: Place
  beforeAll(async () => {
    place = await way.open()
  })
  afterAll(() => place?.[Symbol.asyncDispose]())

  describe.each([...files])('%s', (_file, scenarios) => {
    test.each(scenarios.map((one) => [one.title, one] as const))('%s', async (_title, scenario) => {
      await expect(playScenario(scenario, place, cast)).resolves.toBeUndefined()
    })
  })
})
