import { JidError, prepareDomain, prepareLocalpart, prepareResource, tryParseJid } from '@xmppkit/jid'
import type { AccessSubject, Conditions, OneOrMore, Who } from './config.js'
import { AccessError } from './errors.js'
import { parseNetwork } from './networks.js'
import { compileGlob, compileRegexp } from './pattern.js'

/** A compiled condition and how to call it. */
export interface Test {
  /** What it says, for explanations: `user is alice@example.org`. */
  readonly label: string
  /** Whether it holds. */
  holds(subject: AccessSubject): boolean
}

/** Compiled ACLs by name; compiles on first use, so that ACLs may refer to each other in any order. */
export type AclLookup = (name: string, path: string) => Test

/** Compiles the `Who` of an entry: all of its terms must hold. */
export function compileWho(who: Who, path: string, acls: AclLookup): Test {
  const terms = (isList(who) ? who : [who]).map((term) =>
    typeof term === 'string' ? acls(term, path) : compileConditions(term, path, acls),
  )
  if (terms.length === 0)
    throw new AccessError('access/empty', `${path}: an empty list is for nobody; say 'none'`)
  return every(terms)
}

/** Compiles a set of conditions: all must hold. */
export function compileConditions(conditions: Conditions, path: string, acls: AclLookup): Test {
  const tests = Object.entries(conditions)
    .filter(([, values]) => values !== undefined)
    .map(([key, values]) =>
      compileCondition(key as keyof Conditions, values as OneOrMore<string>, path, acls),
    )
  if (tests.length === 0) {
    throw new AccessError(
      'access/empty',
      `${path}: no conditions, which would be everybody; say 'all' if that is meant`,
    )
  }
  return every(tests)
}

function every(tests: readonly Test[]): Test {
  if (tests.length === 1) return tests[0] as Test
  return {
    label: tests.map((test) => test.label).join(' and '),
    holds: (subject) => tests.every((test) => test.holds(subject)),
  }
}

/** Compiles alternatives: any must hold. */
export function anyOf(tests: readonly Test[], label: string): Test {
  return { label, holds: (subject) => tests.some((test) => test.holds(subject)) }
}

function compileCondition(
  key: keyof Conditions,
  values: OneOrMore<string>,
  path: string,
  acls: AclLookup,
): Test {
  const at = `${path}.${key}`
  const compile = Object.hasOwn(kinds, key) ? kinds[key as keyof typeof kinds] : undefined
  if (key !== 'acl' && !compile)
    throw new AccessError('access/unknown-name', `${at}: there is no such condition`)
  const list = typeof values === 'string' ? [values] : values
  const tests = list.map((value) => (compile ? within(at, () => compile(value)) : acls(value, at)))
  return anyOf(tests, labelOf(key, list, tests))
}

function labelOf(key: keyof Conditions, values: readonly string[], tests: readonly Test[]): string {
  if (key === 'acl') return tests.map((test) => test.label).join(' or ') || 'acl none'
  const words = key.replace(/Glob$/, ' matches glob').replace(/Regexp$/, ' matches regexp')
  return `${words === key ? `${key} is` : words} ${values.join(' or ') || '(nothing)'}`
}

type Holds = (subject: AccessSubject) => boolean
const test = (holds: Holds): Test => ({ label: '', holds })
const domainOf = (subject: AccessSubject) => subject.domain ?? subject.jid?.domain

/** An account at the domain that is asked, whose localpart passes. */
const localUser = (passes: (local: string) => boolean): Test =>
  test(
    ({ jid, domain }) =>
      jid !== undefined && jid.local !== '' && jid.domain === domainOf({ jid, domain }) && passes(jid.local),
  )

const kinds = {
  user(value: string): Test {
    if (!value.includes('@')) {
      const local = prepareLocalpart(value)
      return localUser((other) => other === local)
    }
    const wanted = tryParseJid(value)
    if (wanted?.resource !== '') throw badJid(value, 'an account')
    return test(({ jid }) => jid?.local === wanted.local && jid.domain === wanted.domain)
  },
  userGlob(value: string): Test {
    const at = value.lastIndexOf('@')
    if (at < 0) return localUser(compileGlob(value))
    const [local, domain] = [compileGlob(value.slice(0, at)), compileGlob(value.slice(at + 1))]
    return test(({ jid }) => jid !== undefined && jid.local !== '' && local(jid.local) && domain(jid.domain))
  },
  userRegexp: (value: string): Test => localUser(compileRegexp(value)),
  server(value: string): Test {
    const domain = prepareDomain(value)
    return test(({ jid }) => jid?.domain === domain)
  },
  serverGlob: (value: string): Test => onServer(compileGlob(value)),
  serverRegexp: (value: string): Test => onServer(compileRegexp(value)),
  resource(value: string): Test {
    const resource = prepareResource(value)
    return test(({ jid }) => jid?.resource === resource)
  },
  resourceGlob: (value: string): Test => onResource(compileGlob(value)),
  resourceRegexp: (value: string): Test => onResource(compileRegexp(value)),
  ip(value: string): Test {
    const network = parseNetwork(value)
    return test(({ ip }) => ip !== undefined && network.contains(ip))
  },
}

const onServer = (matches: (text: string) => boolean): Test =>
  test(({ jid }) => jid !== undefined && matches(jid.domain))
const onResource = (matches: (text: string) => boolean): Test =>
  test(({ jid }) => jid !== undefined && jid.resource !== '' && matches(jid.resource))

const badJid = (value: string, what: string) =>
  new AccessError('access/bad-jid', `${JSON.stringify(value)} is not ${what}`)

/** Puts the path before the message of whatever is wrong with a value. */
function within<T>(path: string, compile: () => T): T {
  try {
    return compile()
  } catch (error) {
    if (error instanceof AccessError) throw new AccessError(error.code, `${path}: ${error.message}`)
    if (error instanceof JidError)
      throw new AccessError('access/bad-jid', `${path}: ${error.message}`, { cause: error })
    throw error
  }
}

function isList(who: Who): who is readonly (string | Conditions)[] {
  return Array.isArray(who)
}
