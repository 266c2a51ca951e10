import { prepareDomain } from './domain.js'
import { JidError } from './errors.js'
import { createMemo } from './memo.js'
import { prepareLocalpart, prepareResource } from './profiles.js'

declare const full: unique symbol

/** A {@link Jid} without a resource: `local@domain` or `domain`. */
export type BareJid = Jid & { readonly resource: '' }

/** A {@link Jid} with a resource: `local@domain/resource` or `domain/resource`. */
export type FullJid = Jid & { readonly [full]: true }

/** What {@link makeJid} puts together; each part is prepared. */
export interface JidParts {
  /** Localpart; absent or empty means none. */
  readonly local?: string | undefined
  /** Domainpart: a domain name or an IP address. */
  readonly domain: string
  /** Resourcepart; absent or empty means none. */
  readonly resource?: string | undefined
}

/** Longest address: three parts of 1023 octets and two separators (RFC 7622 §3.1). */
const maxUnits = 3071

// Parsing is a pure function of its text, so remembering results changes nothing but the time it takes.
const memo = createMemo<Jid>(8192, 256)

let create: (local: string, domain: string, resource: string) => Jid

/**
 * An XMPP address (RFC 7622): prepared, immutable, compared by value. Comes from {@link parseJid},
 * {@link tryParseJid} or {@link makeJid}.
 */
export class Jid {
  static {
    create = (local, domain, resource) => new Jid(local, domain, resource)
  }

  /** Prepared localpart, `''` when there is none. */
  readonly local: string
  /** Prepared domainpart: U-labels in lower case, or an IP address. */
  readonly domain: string
  /** Prepared resourcepart, `''` when there is none. */
  readonly resource: string
  #text: string | undefined
  #bare: BareJid | undefined

  private constructor(local: string, domain: string, resource: string) {
    this.local = local
    this.domain = domain
    this.resource = resource
    Object.freeze(this)
  }

  /** The address without its resource: the same object each time, and this one when it has no resource. */
  get bare(): BareJid {
    this.#bare ??= isBareJid(this) ? this : bareJid(this.local, this.domain)
    return this.#bare
  }

  /** Whether there is no resource. */
  get isBare(): boolean {
    return this.resource === ''
  }

  /** Whether there is neither localpart nor resource. */
  get isDomain(): boolean {
    return this.local === '' && this.resource === ''
  }

  /** The canonical text: two addresses are equal exactly when their texts are. */
  toString(): string {
    this.#text ??= this.resource === '' ? bareText(this.local, this.domain) : `${this.bare}/${this.resource}`
    return this.#text
  }

  /** The canonical text, so that an address in JSON is a string. */
  toJSON(): string {
    return this.toString()
  }

  /** Whether the other address has the same parts. */
  equals(other: Jid): boolean {
    return (
      this === other ||
      (this.local === other.local && this.domain === other.domain && this.resource === other.resource)
    )
  }

  /**
   * This address with another resource, which is prepared.
   *
   * @throws {@link JidError} when the resource is empty or not valid.
   */
  withResource(resource: string): FullJid {
    return create(this.local, this.domain, copy(prepareResource(resource))) as FullJid
  }
}

function bareText(local: string, domain: string): string {
  return local === '' ? domain : `${local}@${domain}`
}

/** The bare address of prepared parts, shared by all resources of an account while the memo holds it. */
function bareJid(local: string, domain: string): BareJid {
  const text = bareText(local, domain)
  const known = memo.get(text)
  if (known !== undefined) return known as BareJid
  const jid = create(local, domain, '')
  memo.set(text, jid)
  return jid as BareJid
}

/** Whether the address has no resource. */
export function isBareJid(jid: Jid): jid is BareJid {
  return jid.resource === ''
}

/** Whether the address has a resource. */
export function isFullJid(jid: Jid): jid is FullJid {
  return jid.resource !== ''
}

/**
 * Parses and prepares an address: `[localpart@]domainpart[/resourcepart]`. Doing so again with the same text
 * is cheap, because recent results are remembered.
 *
 * @throws {@link JidError} saying which part breaks which rule.
 * @example
 * ```ts
 * const jid = parseJid('Juliet@Example.COM/balcony')
 * jid.bare.toString() // 'juliet@example.com'
 * ```
 */
export function parseJid(text: string): Jid {
  const known = memo.get(text)
  if (known !== undefined) return known
  if (typeof text !== 'string') throw new JidError('jid/not-text', 'jid', 'is not a string')
  if (text.length > maxUnits) throw new JidError('jid/too-long', 'jid', `is longer than ${maxUnits} octets`)
  const own = copy(text)
  const jid = parse(own)
  memo.set(own, jid)
  return jid
}

function parse(text: string): Jid {
  // RFC 7622 §3.1: the first slash ends the bare address, the first @ before it ends the localpart.
  const slash = text.indexOf('/')
  const bare = slash < 0 ? text : text.slice(0, slash)
  const at = bare.indexOf('@')
  const local = at < 0 ? '' : prepareLocalpart(bare.slice(0, at))
  const domain = prepareDomain(bare.slice(at + 1))
  return slash < 0 ? create(local, domain, '') : create(local, domain, prepareResource(text.slice(slash + 1)))
}

/**
 * A text that shares no memory with the given one. Engines make substrings as windows on the whole string;
 * without this, one remembered address could keep a stanza of 256 KiB alive.
 */
function copy(text: string): string {
  return ` ${text}`.slice(1)
}

/** Like {@link parseJid}, but answers `undefined` where that throws a {@link JidError}. */
export function tryParseJid(text: string): Jid | undefined {
  try {
    return parseJid(text)
  } catch (error) {
    if (error instanceof JidError) return undefined
    throw error
  }
}

/**
 * Puts an address together from raw parts, preparing each.
 *
 * @throws {@link JidError} saying which part breaks which rule.
 */
export function makeJid(parts: JidParts): Jid {
  const local = parts.local ? copy(prepareLocalpart(parts.local)) : ''
  const domain = copy(prepareDomain(parts.domain))
  if (!parts.resource) return bareJid(local, domain)
  return create(local, domain, copy(prepareResource(parts.resource)))
}
