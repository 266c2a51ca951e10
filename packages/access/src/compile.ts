import type { ShaperOutcome } from './access.js'
import { type AclLookup, anyOf, compileConditions, compileWho, type Test } from './conditions.js'
import type { AccessConfig, AccessSubject, Conditions, OneOrMore, ShaperDefinition } from './config.js'
import { AccessError } from './errors.js'

/** A configuration ready to be asked. */
export interface CompiledAccess {
  /** What a rule says; the reasons are added to `steps`, the decisive one last. */
  decide(rule: string, subject: AccessSubject, steps?: string[]): 'allow' | 'deny'
  acl(name: string): Test | undefined
  shape(rule: string, subject: AccessSubject): ShaperOutcome
  shaper(ruleOrName: string, subject: AccessSubject): ShaperDefinition | undefined
  limit(rule: string, subject: AccessSubject, fallback: number): number
  hasRule(rule: string): boolean
}

interface Entry {
  readonly verdict: 'allow' | 'deny'
  readonly who: Test
}

interface ShapeEntry {
  readonly outcome: ShaperOutcome
  readonly who: Test
}

const predefined = ['all', 'none']
const everybody: Test = { label: 'all', holds: () => true }
const nobody: Test = { label: 'none', holds: () => false }

/** Checks and compiles a configuration. */
export function compileAccess(config: AccessConfig): CompiledAccess {
  const acls = compileAcls(config.acls ?? {})
  const rules = new Map<string, readonly Entry[]>([
    ['all', [{ verdict: 'allow', who: everybody }]],
    ['none', [{ verdict: 'deny', who: everybody }]],
  ])
  for (const [name, entries] of Object.entries(config.accessRules ?? {})) {
    refuseReserved(name, `accessRules.${name}`)
    rules.set(
      name,
      entries.map((entry, index) => {
        const verdict = 'allow' in entry ? 'allow' : 'deny'
        const who = 'allow' in entry ? entry.allow : entry.deny
        return { verdict, who: compileWho(who, `accessRules.${name}[${index}].${verdict}`, acls.lookup) }
      }),
    )
  }
  return { ...decisions(rules), acl: acls.find, ...compileShapes(config, acls.lookup) }
}

function decisions(rules: ReadonlyMap<string, readonly Entry[]>) {
  return {
    hasRule: (rule: string) => rules.has(rule),
    decide(rule: string, subject: AccessSubject, steps?: string[]): 'allow' | 'deny' {
      const entries = rules.get(rule)
      if (!entries) {
        steps?.push(`denied: there is no access rule ${JSON.stringify(rule)}`)
        return 'deny'
      }
      for (const [index, { verdict, who }] of entries.entries()) {
        const held = who.holds(subject)
        if (steps) steps.push(stepText(rule, index, verdict, who, held))
        if (held) return verdict
      }
      steps?.push(`denied: no entry of access rule ${JSON.stringify(rule)} holds for ${describe(subject)}`)
      return 'deny'
    },
  }
}

function stepText(rule: string, index: number, verdict: 'allow' | 'deny', who: Test, held: boolean): string {
  const entry = `entry ${index + 1} of access rule ${JSON.stringify(rule)}`
  if (!held) return `${entry} does not hold: ${verdict} ${who.label}`
  return `${verdict === 'allow' ? 'allowed' : 'denied'} by ${entry}: ${who.label}`
}

function describe({ jid, ip }: AccessSubject): string {
  const address = jid && `${jid.local && `${jid.local}@`}${jid.domain}${jid.resource && `/${jid.resource}`}`
  return [address ?? 'somebody unknown', ip && `from ${ip}`].filter(Boolean).join(' ')
}

function compileAcls(defined: Readonly<Record<string, OneOrMore<Conditions>>>) {
  const compiled = new Map<string, Test>([
    ['all', everybody],
    ['none', nobody],
  ])
  const underway: string[] = []
  const lookup: AclLookup = (name, path) => {
    const known = compiled.get(name)
    if (known) return known
    if (underway.includes(name)) {
      throw new AccessError(
        'access/cycle',
        `${path}: ACLs refer to each other: ${[...underway, name].join(' → ')}`,
      )
    }
    if (!Object.hasOwn(defined, name))
      throw unknown('ACL', name, [...predefined, ...Object.keys(defined)], path)
    underway.push(name)
    const definition = defined[name] as OneOrMore<Conditions>
    const entries: readonly Conditions[] = isList(definition) ? definition : [definition]
    const tests = entries.map((entry, index) => compileConditions(entry, `acls.${name}[${index}]`, lookup))
    underway.pop()
    const test = anyOf(tests, `acl ${name}`)
    compiled.set(name, test)
    return test
  }
  for (const name of Object.keys(defined)) {
    refuseReserved(name, `acls.${name}`)
    lookup(name, 'acls')
  }
  return { lookup, find: (name: string) => compiled.get(name) }
}

function compileShapes(config: AccessConfig, acls: AclLookup) {
  const shapers = new Map<string, ShaperDefinition | undefined>([['none', undefined]])
  for (const [name, definition] of Object.entries(config.shapers ?? {})) {
    if (name === 'none') refuseReserved(name, 'shapers.none')
    checkRates(definition, `shapers.${name}`)
    shapers.set(name, Object.freeze({ ...definition }))
  }
  const rules = new Map<string, readonly ShapeEntry[]>()
  for (const [name, entries] of Object.entries(config.shaperRules ?? {})) {
    const compile = (entry: (typeof entries)[number], index: number): ShapeEntry => {
      const path = `shaperRules.${name}[${index}]`
      const who = compileWho(entry.for, `${path}.for`, acls)
      if ('limit' in entry) {
        if (!(entry.limit >= 0))
          throw new AccessError('access/bad-rate', `${path}.limit: not a number from 0 up`)
        return { who, outcome: { kind: 'limit', limit: entry.limit } }
      }
      if (!shapers.has(entry.shaper))
        throw unknown('shaper', entry.shaper, [...shapers.keys()], `${path}.shaper`)
      return { who, outcome: { kind: 'shaper', name: entry.shaper, shaper: shapers.get(entry.shaper) } }
    }
    rules.set(name, entries.map(compile))
  }
  return shapeQuestions(rules, shapers)
}

function shapeQuestions(
  rules: ReadonlyMap<string, readonly ShapeEntry[]>,
  shapers: ReadonlyMap<string, ShaperDefinition | undefined>,
) {
  const shape = (rule: string, subject: AccessSubject): ShaperOutcome =>
    rules.get(rule)?.find((entry) => entry.who.holds(subject))?.outcome ?? { kind: 'none' }
  const mismatch = (rule: string, wanted: string) =>
    new AccessError('access/not-a-shaper', `shaper rule ${JSON.stringify(rule)} does not yield ${wanted}`)
  return {
    shape,
    shaper(ruleOrName: string, subject: AccessSubject): ShaperDefinition | undefined {
      if (!rules.has(ruleOrName)) {
        if (shapers.has(ruleOrName)) return shapers.get(ruleOrName)
        throw unknown('shaper rule or shaper', ruleOrName, [...rules.keys(), ...shapers.keys()], 'shaper')
      }
      const outcome = shape(ruleOrName, subject)
      if (outcome.kind === 'limit') throw mismatch(ruleOrName, 'a shaper')
      return outcome.kind === 'shaper' ? outcome.shaper : undefined
    },
    limit(rule: string, subject: AccessSubject, fallback: number): number {
      const outcome = shape(rule, subject)
      if (outcome.kind === 'shaper') throw mismatch(rule, 'a number')
      return outcome.kind === 'limit' ? outcome.limit : fallback
    },
  }
}

function checkRates(definition: ShaperDefinition, path: string): void {
  for (const [key, value] of Object.entries(definition)) {
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      throw new AccessError('access/bad-rate', `${path}.${key}: not a number above 0`)
  }
}

function refuseReserved(name: string, path: string): void {
  if (predefined.includes(name))
    throw new AccessError('access/reserved-name', `${path}: ${name} is predefined`)
}

function unknown(what: string, name: string, known: readonly string[], path: string): AccessError {
  const names = known.slice(0, 20).join(', ')
  return new AccessError(
    'access/unknown-name',
    `${path}: there is no ${what} ${JSON.stringify(name)} (there are: ${names})`,
  )
}

function isList<T>(value: OneOrMore<T>): value is readonly T[] {
  return Array.isArray(value)
}
