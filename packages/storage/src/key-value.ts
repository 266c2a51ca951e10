/** One entry of a {@link KeyValue}. */
export interface KeyValueEntry<V = string> {
  /** Its key. */
  readonly key: string
  /** Its value. */
  readonly value: V
}

/** Which entries of an owner to list. */
export interface KeyValuePage {
  /** Only keys that begin so. */
  readonly prefix?: string
  /** Continue after this key; from the first when absent. */
  readonly after?: string
  /** How many at most. */
  readonly limit: number
}

/** Outcome of {@link KeyValue.update}. */
export interface KeyValueUpdate<V = string> {
  /** The value before; absent when there was none. */
  readonly previous?: V
  /** The value now; absent when there is none. */
  readonly value?: V
  /** Whether anything was written. */
  readonly changed: boolean
}

/**
 * Values by owner and key. An owner is the text of a bare JID or a domain, so tenants cannot meet.
 *
 * Values are text; {@link jsonKeyValue} makes them typed. All methods reject when the store cannot be reached, with nothing
 * half done, and those that write resolve when what they wrote is durable. `@xmppkit/conformance/key-value` tests an
 * implementation.
 */
export interface KeyValue<V = string> {
  /** One value. */
  get(owner: string, key: string): Promise<V | undefined>
  /** Sets a value. */
  set(owner: string, key: string, value: V): Promise<void>
  /** Removes a value; false when there was none. */
  delete(owner: string, key: string): Promise<boolean>
  /** Entries of an owner, ordered by key; the order is the store's own but never changes. */
  list(owner: string, page: KeyValuePage): Promise<readonly KeyValueEntry<V>[]>
  /** Number of entries of an owner. */
  count(owner: string): Promise<number>
  /**
   * Reads, decides and writes atomically: of concurrent updates none is lost. `decide` is given the value and returns the
   * new one, `undefined` to remove it, or the same one to leave it; it must not wait and may be called more than once.
   * What it throws rejects the update and leaves the value.
   */
  update(
    owner: string,
    key: string,
    decide: (current: V | undefined) => V | undefined,
  ): Promise<KeyValueUpdate<V>>
  /** Removes everything of an owner; returns how many entries there were. */
  removeOwner(owner: string): Promise<number>
  /** Removes up to `limit` entries of a domain and of all its accounts; returns how many. */
  removeDomain(domain: string, limit: number): Promise<number>
}
