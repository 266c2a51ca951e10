/** One value or several; several mean any of them. */
export type OneOrMore<T> = T | readonly T[]

/**
 * What must hold of an entity: **every** condition given, each with **any** of its values.
 *
 * A condition on something the entity does not have (a resource before binding, an address of a component) never holds.
 * Globs are matched against the whole text, regular expressions anywhere in it; neither can be made slow by a text.
 */
export interface Conditions {
  /** Member of a named ACL. */
  readonly acl?: OneOrMore<string>
  /** Account: `alice@example.org`, or `alice` at the domain that is asked. */
  readonly user?: OneOrMore<string>
  /** Account by glob: `adm-*@example.org`, or `adm-*` at the domain that is asked. */
  readonly userGlob?: OneOrMore<string>
  /** Account by regular expression, applied to the localpart at the domain that is asked. */
  readonly userRegexp?: OneOrMore<string>
  /** Domain of the entity. */
  readonly server?: OneOrMore<string>
  /** Domain of the entity by glob: `*.example.org`. */
  readonly serverGlob?: OneOrMore<string>
  /** Domain of the entity by regular expression. */
  readonly serverRegexp?: OneOrMore<string>
  /** Resource of the entity. */
  readonly resource?: OneOrMore<string>
  /** Resource of the entity by glob. */
  readonly resourceGlob?: OneOrMore<string>
  /** Resource of the entity by regular expression. */
  readonly resourceRegexp?: OneOrMore<string>
  /** Address the entity connects from: `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`. */
  readonly ip?: OneOrMore<string>
}

/**
 * Whom an entry is for: `'all'`, `'none'`, the name of an ACL, conditions, or a list of these of which **all** must hold.
 */
export type Who = string | Conditions | readonly (string | Conditions)[]

/** An entry of an access rule. */
export type AccessRuleEntry = { readonly allow: Who } | { readonly deny: Who }

/** An entry of a shaper rule: a shaper by name (`'none'` is no shaper), or a number. */
export type ShaperRuleEntry =
  | { readonly shaper: string; readonly for: Who }
  | { readonly limit: number; readonly for: Who }

/** Speed of input: what is above it waits. */
export interface ShaperDefinition {
  /** Bytes per second in the long run. @default Infinity */
  readonly bytesPerSecond?: number
  /** Bytes that may come at once after a pause. @default bytesPerSecond */
  readonly burstBytes?: number
  /** Stanzas, or whatever is counted, per second in the long run. @default Infinity */
  readonly operationsPerSecond?: number
  /** Operations that may come at once after a pause. @default operationsPerSecond */
  readonly burstOperations?: number
}

/** Named sets of entities, rules about them, and speeds. Plain data. */
export interface AccessConfig {
  /** ACLs: an entity belongs to one when **any** of its entries holds. `all` and `none` are predefined. */
  readonly acls?: Readonly<Record<string, OneOrMore<Conditions>>>
  /** Access rules: the first entry that holds decides, and without one it is no. `all` and `none` are predefined. */
  readonly accessRules?: Readonly<Record<string, readonly AccessRuleEntry[]>>
  /** Shapers by name. `none` is predefined. */
  readonly shapers?: Readonly<Record<string, ShaperDefinition>>
  /** Shaper rules: the first entry that holds yields its shaper or number. */
  readonly shaperRules?: Readonly<Record<string, readonly ShaperRuleEntry[]>>
}

/** An entity as far as it is known when a rule is asked. */
export interface AccessSubject {
  /** Its address; absent before authentication. */
  readonly jid?: { readonly local: string; readonly domain: string; readonly resource: string } | undefined
  /** The address it connects from. Never shown to other entities (rule L-5). */
  readonly ip?: string | undefined
  /** The domain the rule is asked for: users named without one are users of this one. @default the domain of `jid` */
  readonly domain?: string | undefined
}
