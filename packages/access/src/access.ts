import { type CompiledAccess, compileAccess } from './compile.js'
import type { AccessConfig, AccessSubject, ShaperDefinition } from './config.js'

/** An answer with its reasons. */
export interface AccessExplanation {
  /** Whether the rule allows the subject. */
  readonly allowed: boolean
  /** One sentence: `denied by entry 3 of access rule "c2s": user is eve@example.org`. */
  readonly reason: string
  /** What each entry said, in order, up to the one that decided. */
  readonly steps: readonly string[]
}

/** What a shaper rule yields: a shaper, a number, or nothing when no entry holds. */
export type ShaperOutcome =
  | { readonly kind: 'shaper'; readonly name: string; readonly shaper: ShaperDefinition | undefined }
  | { readonly kind: 'limit'; readonly limit: number }
  | { readonly kind: 'none' }

/** Answers who may do what, and how fast. */
export interface Access {
  /** Whether an access rule allows a subject. A rule that does not exist allows nobody. */
  allows(rule: string, subject: AccessSubject): boolean
  /** The same answer, with reasons for the administrator; it contains addresses, so it is not for the entity itself. */
  explain(rule: string, subject: AccessSubject): AccessExplanation
  /** Whether a subject belongs to an ACL; false for one that does not exist. */
  matches(acl: string, subject: AccessSubject): boolean
  /** What a shaper rule says of a subject; `none` when the rule does not exist or no entry holds. */
  shape(rule: string, subject: AccessSubject): ShaperOutcome
  /**
   * The shaper for a subject, given a shaper rule or else the name of a shaper; `undefined` is no shaping.
   *
   * @throws {@link AccessError} `access/not-a-shaper` when the rule yields a number, `access/unknown-name` when there is neither
   */
  shaper(ruleOrName: string, subject: AccessSubject): ShaperDefinition | undefined
  /**
   * The number a shaper rule yields for a subject, or `fallback` when no entry holds or there is no such rule.
   *
   * @throws {@link AccessError} `access/not-a-shaper` when the rule yields a shaper
   */
  limit(rule: string, subject: AccessSubject, fallback: number): number
  /** Whether there is an access rule of this name: ask at start, so that a misspelt name is found then. */
  hasRule(rule: string): boolean
  /**
   * Replaces the configuration at once; when it is refused, the old one stays.
   *
   * @throws {@link AccessError}
   */
  update(config: AccessConfig): void
}

/**
 * Makes an {@link Access} from plain data. All names, patterns and addresses are checked now, not when a rule is asked.
 *
 * @throws {@link AccessError} whose message begins with the path of what is wrong
 *
 * @example
 * ```ts
 * const access = createAccess({
 *   acls: { blocked: { user: 'eve@example.org' }, office: { ip: '192.0.2.0/24' } },
 *   accessRules: { c2s: [{ deny: 'blocked' }, { allow: ['all', 'office'] }] },
 * })
 * access.allows('c2s', { jid: parseJid('alice@example.org'), ip: '192.0.2.7' }) // true
 * ```
 */
export function createAccess(config: AccessConfig = {}): Access {
  let compiled: CompiledAccess = compileAccess(config)
  return {
    allows: (rule, subject) => compiled.decide(rule, subject) === 'allow',
    explain(rule, subject) {
      const steps: string[] = []
      const allowed = compiled.decide(rule, subject, steps) === 'allow'
      return { allowed, reason: steps.at(-1) as string, steps }
    },
    matches: (acl, subject) => compiled.acl(acl)?.holds(subject) ?? false,
    shape: (rule, subject) => compiled.shape(rule, subject),
    shaper: (ruleOrName, subject) => compiled.shaper(ruleOrName, subject),
    limit: (rule, subject, fallback) => compiled.limit(rule, subject, fallback),
    hasRule: (rule) => compiled.hasRule(rule),
    update(next) {
      compiled = compileAccess(next)
    },
  }
}
