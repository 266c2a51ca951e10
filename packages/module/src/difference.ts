import { isDeepStrictEqual } from 'node:util'
import type { Plan, Planned } from './plan.js'

/** What has to be done to get from the modules that run to those that shall run; names of modules. */
export interface Difference {
  /** Were there and shall be gone. */
  readonly removed: ReadonlySet<string>
  /** Shall be there and were not. */
  readonly added: ReadonlySet<string>
  /** Have other options and nothing else, and can take them while they run. */
  readonly reloadable: ReadonlySet<string>
  /** Must be stopped and started again for a reason of their own. */
  readonly changed: ReadonlySet<string>
}

/**
 * Compares two plans.
 *
 * @param canReload - tells whether a module that runs takes other options
 */
export function difference(from: Plan, to: Plan, canReload: (name: string) => boolean): Difference {
  const before = new Map(from.map((planned) => [planned.module.name, planned]))
  const after = new Set(to.map(({ module }) => module.name))
  const added = new Set<string>()
  const reloadable = new Set<string>()
  const changed = new Set<string>()
  for (const planned of to) {
    const { name } = planned.module
    const old = before.get(name)
    if (!old) added.add(name)
    else if (old.module !== planned.module || !isDeepStrictEqual(old.needs, planned.needs)) changed.add(name)
    else if (!isDeepStrictEqual(old.options, planned.options))
      (canReload(name) ? reloadable : changed).add(name)
  }
  const removed = new Set([...before.keys()].filter((name) => !after.has(name)))
  return { removed, added, reloadable, changed }
}

/** These modules and all that need them, directly or not. */
export function withDependants(plan: Plan, names: Iterable<string>): Set<string> {
  const all = new Set(names)
  // In the order of starting, so whoever is needed has been looked at before.
  for (const { module, needs } of plan) {
    for (const { provider } of needs.values()) {
      if (provider !== undefined && all.has(provider)) all.add(module.name)
    }
  }
  return all
}

/** Names of the modules one needs. */
export function providersOf(planned: Planned): string[] {
  return [...planned.needs.values()].flatMap(({ provider }) => provider ?? [])
}
