import type { Module, ModuleUse } from './define-module.js'
import { ModuleError } from './errors.js'
import type { Maybe, Service } from './service.js'
import { validateOptions } from './validate-options.js'

/** A module with everything settled that can be before it starts. */
export interface Planned {
  /** The module. */
  readonly module: Module
  /** Its options, validated. */
  readonly options: unknown
  /** For each of its needs, the service's key and the name of the module that provides it, if one does. */
  readonly needs: ReadonlyMap<string, Need>
}

/** Where one need is met. */
export interface Need {
  /** Key of the service. */
  readonly key: string
  /** Name of the module that provides it; undefined when the host or the embedder does, or nobody. */
  readonly provider: string | undefined
}

/** Modules in the order in which they start. */
export type Plan = readonly Planned[]

/**
 * Settles which modules there are, what they need from whom, and in which order they start.
 *
 * @param uses - the modules; the first whose needs are met starts next
 * @param given - keys of services that are there without a module
 * @throws {@link ModuleError} for names used twice, services provided twice or by nobody, cycles and invalid options
 */
export async function makePlan(uses: readonly ModuleUse[], given: ReadonlySet<string>): Promise<Plan> {
  refuseDuplicates(uses)
  const providers = providersOf(uses, given)
  refuseMissing(uses, given, providers)
  const needs = uses.map(({ module }) => needsOf(module, providers))
  const order = startOrder(uses, needs)
  const options: unknown[] = []
  for (const entry of uses) options.push(await validateOptions(entry))
  return order.map((i) => ({ module: uses[i]!.module, options: options[i], needs: needs[i]! }))
}

function wanted(need: Service<unknown> | Maybe<unknown>): { service: Service<unknown>; soft: boolean } {
  return 'maybe' in need ? { service: need.maybe, soft: true } : { service: need, soft: false }
}

function refuseDuplicates(uses: readonly ModuleUse[]): void {
  const seen = new Set<string>()
  for (const { module } of uses) {
    if (seen.has(module.name)) {
      throw new ModuleError('module/duplicate-name', `two modules are called ${module.name}`)
    }
    seen.add(module.name)
  }
}

function providersOf(uses: readonly ModuleUse[], given: ReadonlySet<string>): Map<string, string> {
  const providers = new Map<string, string>()
  for (const { module } of uses) {
    const key = module.provides?.key
    if (key === undefined) continue
    const other = given.has(key) ? 'the host' : providers.get(key)
    if (other !== undefined) {
      throw new ModuleError('module/provided-twice', `${key} is provided by ${other} and by ${module.name}`)
    }
    providers.set(key, module.name)
  }
  return providers
}

function refuseMissing(
  uses: readonly ModuleUse[],
  given: ReadonlySet<string>,
  providers: ReadonlyMap<string, string>,
): void {
  const missing: string[] = []
  for (const { module } of uses) {
    for (const need of Object.values(module.needs)) {
      const { service, soft } = wanted(need)
      if (soft || given.has(service.key) || providers.has(service.key)) continue
      const hint = service.providedBy.length === 0 ? '' : ` (provided by ${service.providedBy.join(' or ')})`
      missing.push(`  ${module.name} needs ${service.key}${hint}`)
    }
  }
  if (missing.length === 0) return
  throw new ModuleError('module/missing-service', `services nobody provides:\n${missing.join('\n')}`)
}

function needsOf(module: Module, providers: ReadonlyMap<string, string>): ReadonlyMap<string, Need> {
  return new Map(
    Object.entries(module.needs).map(([name, need]) => {
      const { key } = wanted(need).service
      return [name, { key, provider: providers.get(key) }]
    }),
  )
}

function startOrder(uses: readonly ModuleUse[], needs: readonly ReadonlyMap<string, Need>[]): number[] {
  const order: number[] = []
  const placed = new Set<string>()
  const ready = (i: number) =>
    [...needs[i]!.values()].every(({ provider }) => provider === undefined || placed.has(provider))
  const waiting = new Set(uses.keys())
  while (waiting.size > 0) {
    const next = [...waiting].find(ready)
    if (next === undefined) throw new ModuleError('module/cycle', cycleText(uses, needs, waiting))
    waiting.delete(next)
    placed.add(uses[next]!.module.name)
    order.push(next)
  }
  return order
}

/** Every module that is left waits for another one that is left, so following them must come round. */
function cycleText(
  uses: readonly ModuleUse[],
  needs: readonly ReadonlyMap<string, Need>[],
  waiting: ReadonlySet<number>,
): string {
  const left = new Map([...waiting].map((i) => [uses[i]!.module.name, needs[i]!]))
  const path: string[] = []
  let name = [...left.keys()][0]!
  while (!path.includes(name)) {
    path.push(name)
    name = [...left.get(name)!.values()].find(({ provider }) => provider !== undefined && left.has(provider))!
      .provider!
  }
  return `modules need each other: ${[...path.slice(path.indexOf(name)), name].join(' -> ')}`
}
