/** The domains a host serves, by their prepared names. */
export interface Domains {
  /** Tells whether the host serves this domain. */
  has(domain: string): boolean
  /** All of them, in the order they were added. */
  list(): readonly string[]
}

/** The set behind {@link Domains}; only the host changes it. */
export interface DomainSet extends Domains {
  /** Adds one. */
  add(domain: string): void
  /** Takes one out. */
  delete(domain: string): void
  /** How many there are. */
  readonly size: number
}

/** Makes an empty {@link DomainSet}. */
export function createDomainSet(): DomainSet {
  const names = new Set<string>()
  // Rebuilt only after a change, so that asking is free and adding many is not quadratic.
  let listed: readonly string[] | undefined
  return {
    has: (domain) => names.has(domain),
    list: () => (listed ??= Object.freeze([...names])),
    add(domain) {
      names.add(domain)
      listed = undefined
    },
    delete(domain) {
      names.delete(domain)
      listed = undefined
    },
    get size() {
      return names.size
    },
  }
}
