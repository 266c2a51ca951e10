import { expect, test } from 'vitest'
import { defineModule } from './define-module.js'
import { withDependants } from './difference.js'
import { type Module, type ModuleUse, maybe, type Needs, service, use } from './index.js'
import { makePlan } from './plan.js'

/** A small generator of numbers that is the same on every machine, so that a failure can be repeated by its seed. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Modules without circles, in any order. */
function randomModules(random: (below: number) => number): Module[] {
  const size = 1 + random(12)
  const tokens = Array.from({ length: size }, (_, i) => service<number>(`test/${i}`))
  const modules = tokens.map((provides, i) => {
    const needs: Record<string, Needs[string]> = {}
    for (let n = random(4); n > 0 && i > 0; n--) {
      const other = random(i)
      needs[`n${other}`] = random(3) === 0 ? maybe(tokens[other]!) : tokens[other]!
    }
    return defineModule({ name: `m${i}`, needs, provides, start: () => ({ service: i }) })
  })
  for (let i = modules.length - 1; i > 0; i--) {
    const j = random(i + 1)
    ;[modules[i], modules[j]] = [modules[j]!, modules[i]!]
  }
  return modules
}

test('whatever the modules: each starts after what it needs, all of them once', async () => {
  for (let seed = 0; seed < 300; seed++) {
    const modules = randomModules(seeded(seed))
    const plan = await makePlan(
      modules.map((module): ModuleUse => use(module as Module<number, object>)),
      new Set(),
    )
    const started = new Set<string>()
    for (const { module, needs } of plan) {
      for (const { provider } of needs.values()) expect(started.has(provider!), `seed ${seed}`).toBe(true)
      started.add(module.name)
    }
    expect(started.size, `seed ${seed}`).toBe(modules.length)
  }
})

test('whatever the modules: with one go all that need it, directly or not, and nobody else', async () => {
  for (let seed = 0; seed < 300; seed++) {
    const modules = randomModules(seeded(seed))
    const plan = await makePlan(
      modules.map((module): ModuleUse => use(module as Module<number, object>)),
      new Set(),
    )
    const first = modules[0]!.name
    const gone = withDependants(plan, [first])
    const needsGone = ({ needs }: (typeof plan)[number]) =>
      [...needs.values()].some(({ provider }) => gone.has(provider!))
    for (const planned of plan) {
      const { name } = planned.module
      expect(gone.has(name), `seed ${seed}: ${name}`).toBe(name === first || needsGone(planned))
    }
  }
})
