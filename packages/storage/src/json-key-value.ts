import { StorageError } from './errors.js'
import type { KeyValue, KeyValueEntry, KeyValueUpdate } from './key-value.js'

/**
 * Makes typed values of a {@link KeyValue} of text: JSON in the store, checked when read.
 *
 * `update` leaves a value when `decide` returns the very object it was given.
 *
 * @param read - checks what was stored; throws for what it does not know
 *
 * @example
 * ```ts
 * const settings = jsonKeyValue(createMemoryKeyValue(), (value) => value as { theme: string })
 * await settings.set('alice@example.org', 'ui', { theme: 'dark' })
 * ```
 */
export function jsonKeyValue<T>(store: KeyValue, read: (value: unknown) => T): KeyValue<T> {
  function decode(text: string): T {
    try {
      return read(JSON.parse(text))
    } catch (error) {
      throw new StorageError('storage/bad-value', 'a stored value cannot be read', { cause: error })
    }
  }
  function encode(value: T): string {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw new StorageError('storage/bad-value', 'the value has no form in JSON')
    return text
  }
  const entry = ({ key, value }: KeyValueEntry): KeyValueEntry<T> => ({ key, value: decode(value) })

  async function update(
    owner: string,
    key: string,
    decide: (current: T | undefined) => T | undefined,
  ): Promise<KeyValueUpdate<T>> {
    let previous: T | undefined
    let value: T | undefined
    const { changed } = await store.update(owner, key, (current) => {
      previous = current === undefined ? undefined : decode(current)
      value = decide(previous)
      if (value === undefined) return undefined
      return value === previous ? current : encode(value)
    })
    return {
      ...(previous !== undefined && { previous }),
      ...(value !== undefined && { value }),
      changed,
    }
  }

  return {
    async get(owner, key) {
      const text = await store.get(owner, key)
      return text === undefined ? undefined : decode(text)
    },
    set: async (owner, key, value) => store.set(owner, key, encode(value)),
    delete: (owner, key) => store.delete(owner, key),
    list: async (owner, page) => (await store.list(owner, page)).map(entry),
    count: (owner) => store.count(owner),
    update,
    removeOwner: (owner) => store.removeOwner(owner),
    removeDomain: (domain, limit) => store.removeDomain(domain, limit),
  }
}
