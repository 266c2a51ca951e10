import { prepareDomain } from './domain.js'
import { JidError } from './errors.js'
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

let make: (local: string, domain: string, resource: string) => Jid

/**
 * An XMPP address (RFC 7622): immutable, prepared, compared by value. Obtain one from {@link parseJid},
 * {@link tryParseJid} or {@link makeJid}.
 */
export class Jid {
  static {
    make = (local, domain, resource) => new Jid(local, domain, resource)
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

  /** The address without its resource; the same object each time, and this one if it has none. */
  get bare(): BareJid {
    if (this.#bare === undefined) {
      this.#bare = isBareJid(this) ? this : bareOf(this.local, this.domain)
    }
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

  /** The canonical text; two addresses are equal exactly when their texts are. */
  toString(): string {
    if (this.#text === undefined) {
      const bare = this.local === '' ? this.domain : `${this.local}@${this.domain}`
      this.#text = this.resource === '' ? bare : `${bare}/${this.resource}`
    }
    return this.#text
  }

  /** The canonical text, so that addresses survive `JSON.stringify`. */
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
   * This address with another resource.
   *
   * @throws {@link JidError} when the resource is empty or not valid.
   */
  withResource(resource: string): FullJid {
    return make(this.local, this.domain, prepareResource(resource)) as FullJid
  }
}

function bareOf(local: string, domain: string): BareJid {
  return memo.get(local === '' ? domain : `${local}@${domain}`, () => make(local, domain, '')) as BareJid
}

/** Whether the address has no resource. */
export function isBareJid(jid: Jid): jid is BareJid {
  return jid.resource === ''
}

/** Whether the address has a resource. */
export function isFullJid(jid: Jid): jid is FullJid {
  return jid.resource !== ''
}

const memo = {
  map: new Map<string, Jid>(),
  get(key: string, fn: () => Jid): Jid {
    let jid = this.map.get(key)
    if (jid === undefined) {
      if (this.map.size > 10_000) this.map.clear()
      this.map.set(key, (jid = fn()))
    }
    return jid
  },
}

/**
 * Parses and prepares an address (RFC 7622 §3.1). Parsing the same text again is cheap: results are kept in a bounded memo.
 *
 * @throws {@link JidError} saying which part breaks which rule.
 */
export function parseJid(text: string): Jid {
  return memo.get(text, () => {
    const slash = text.indexOf('/')
    const rest = slash < 0 ? text : text.slice(0, slash)
    const at = rest.indexOf('@')
    const local = at < 0 ? '' : prepareLocalpart(rest.slice(0, at))
    const domain = prepareDomain(rest.slice(at + 1))
    return make(local, domain, slash < 0 ? '' : prepareResource(text.slice(slash + 1)))
  })
}

/** Like {@link parseJid}, but answers `undefined` where that throws. */
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
  return make(
    parts.local ? prepareLocalpart(parts.local) : '',
    prepareDomain(parts.domain),
    parts.resource ? prepareResource(parts.resource) : '',
  )
}
