import { createHash } from 'node:crypto'
import type { BareJid } from '@xmppkit/jid'
import { StanzaError } from '@xmppkit/stanza'
import { type KeyValue, maxKeyBytes } from '@xmppkit/storage'
import { parseElement, type RawElement, textFromWire } from '@xmppkit/xml'
import type { PrivateOptions } from './private-options.js'

/** Keeps elements of accounts by name and namespace. */
export interface PrivateStore {
  /** The element of this name. */
  get(account: BareJid, name: string, ns: string): Promise<RawElement | undefined>
  /**
   * Keeps elements, each in place of the one of its name; an empty one takes its place too. Not two calls of one account
   * at a time, or the limits do not hold.
   *
   * @throws StanzaError `resource-constraint` with nothing kept, if it were too many or too much
   */
  put(account: BareJid, elements: readonly RawElement[]): Promise<void>
  /** Forgets all of an account. */
  removeAll(account: BareJid): Promise<unknown>
}

/** Makes the store over values by account, one for each name. */
export function createPrivateStore(values: KeyValue, limits: Required<PrivateOptions>): PrivateStore {
  /** Size in bytes by key of what an account keeps. */
  const sizesOf = async (owner: string): Promise<Map<string, number>> => {
    const entries = await values.list(owner, { limit: Math.min(limits.maxElements, 10_000) })
    return new Map(entries.map(({ key, value }) => [key, Buffer.byteLength(value)]))
  }

  const check = async (owner: string, texts: ReadonlyMap<string, string>): Promise<void> => {
    const sizes = await sizesOf(owner)
    for (const [key, text] of texts) sizes.set(key, Buffer.byteLength(text))
    let total = 0
    for (const size of sizes.values()) total += size
    if (sizes.size > limits.maxElements || total > limits.maxBytes) {
      throw new StanzaError('resource-constraint', { text: 'The account keeps too much already.' })
    }
  }

  return {
    async get(account, name, ns) {
      const text = await values.get(account.toString(), keyOf(name, ns))
      return text === undefined ? undefined : parseElement(text)
    },
    async put(account, elements) {
      const owner = account.toString()
      // Of two with one name in a request the last counts, as if they had come in two.
      const texts = new Map(elements.map((one) => [keyOf(one.name, one.ns), textFromWire(one.toWire())]))
      await check(owner, texts)
      for (const [key, text] of texts) await values.set(owner, key, text)
    },
    removeAll: (account) => values.removeOwner(account.toString()),
  }
}

/** A name in a namespace as a key: as people write it, unless it is too long for one. */
function keyOf(name: string, ns: string): string {
  const key = `{${ns}}${name}`
  if (Buffer.byteLength(key) <= maxKeyBytes) return key
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}
