import type { Jid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { EntityCaps } from './entity-caps.js'
import type { DiscoInfo } from './payloads.js'
import { capsHash, isKnownHash, verificationString } from './verification-string.js'
import { isWellFormed } from './well-formed.js'

/** Collaborators of {@link createCapsCache}. */
export interface CapsCacheDeps {
  /**
   * Asks an entity for its disco#info with a node (XEP-0115 §6.2); {@link queryDiscoInfo} does it over an iq block.
   * A rejection means that nothing was learnt.
   */
  query(entity: Jid, node: string, options: { readonly from?: Jid }): Promise<DiscoInfo>
}

/** Limits of {@link createCapsCache}. */
export interface CapsCacheOptions {
  /** Verified hashes that are remembered; the least recently used goes first. @default 1000 */
  readonly maxEntries?: number
  /** Longest verification string that is remembered, so that a cache of hostile entries stays small. @default 16_384 */
  readonly maxInfoLength?: number
  /** Queries that may be under way at once; beyond that nothing is asked. @default 1000 */
  readonly maxPending?: number
  /** Entities asked at once about the same hash: more than one, so that one that never answers does not block it. @default 3 */
  readonly maxPendingPerHash?: number
}

/** What {@link createCapsCache} uses for options not given. */
export const capsCacheDefaults = Object.freeze({
  maxEntries: 1000,
  maxInfoLength: 16_384,
  maxPending: 1000,
  maxPendingPerHash: 3,
})

/** What others support, by the hashes they announce in presence. Only what a hash proves is remembered. */
export interface CapsCache {
  /** What a hash stands for, if that was verified before. */
  get(caps: EntityCaps): DiscoInfo | undefined
  /**
   * What an entity that announces these capabilities supports: from memory, else by asking it. `undefined` when it
   * does not answer, answers with something its hash does not prove, or announces a hash nobody can verify.
   */
  resolve(entity: Jid, caps: EntityCaps, options?: { readonly from?: Jid }): Awaitable<DiscoInfo | undefined>
  /** Verified hashes that are remembered. */
  readonly size: number
}

/**
 * Makes a cache of verified entity capabilities (XEP-0115 §5.4).
 *
 * An announcement of the legacy format (no `hash`) proves nothing and is neither asked about nor remembered: whoever
 * sends it first would decide what everybody else's software supports (SEC-24).
 *
 * @example
 * ```ts
 * const cache = createCapsCache({ query: queryDiscoInfo(iq) })
 * const caps = presence.payload(entityCaps)
 * const info = caps && (await cache.resolve(presence.from, caps))
 * if (info?.features.includes('urn:xmpp:avatar:metadata+notify')) notify(presence.from)
 * ```
 */
export function createCapsCache(deps: CapsCacheDeps, options: CapsCacheOptions = {}): CapsCache {
  const limits = Object.freeze({ ...capsCacheDefaults, ...options })
  const verified = new Map<string, DiscoInfo>()
  const pending = new Map<string, Set<Promise<DiscoInfo | undefined>>>()
  let underWay = 0

  function get(caps: EntityCaps): DiscoInfo | undefined {
    const key = keyOf(caps)
    const info = verified.get(key)
    if (info === undefined) return undefined
    verified.delete(key)
    verified.set(key, info)
    return info
  }

  function remember(key: string, info: DiscoInfo): void {
    if (verificationString(info).length > limits.maxInfoLength) return
    verified.delete(key)
    verified.set(key, info)
    if (verified.size > limits.maxEntries) verified.delete(verified.keys().next().value!)
  }

  async function ask(entity: Jid, caps: EntityCaps, from: Jid | undefined): Promise<DiscoInfo | undefined> {
    try {
      const node = `${caps.node}#${caps.ver}`
      const info = await deps.query(entity, node, from === undefined ? {} : { from })
      if (!isWellFormed(info) || capsHash(info, caps.hash) !== caps.ver) return undefined
      remember(keyOf(caps), info)
      return info
    } catch {
      // No answer, an error or nonsense: nothing is known, and the next entity with this hash will be asked.
      return undefined
    }
  }

  function begin(entity: Jid, caps: EntityCaps, from: Jid | undefined): Promise<DiscoInfo | undefined> {
    const key = keyOf(caps)
    const queries = pending.get(key) ?? new Set()
    const query = ask(entity, caps, from).finally(() => {
      underWay--
      queries.delete(query)
      if (queries.size === 0) pending.delete(key)
    })
    underWay++
    pending.set(key, queries.add(query))
    return query
  }

  function resolve(
    entity: Jid,
    caps: EntityCaps,
    { from }: { from?: Jid } = {},
  ): Awaitable<DiscoInfo | undefined> {
    if (caps.hash === undefined || !isKnownHash(caps.hash)) return undefined
    const known = get(caps)
    if (known !== undefined) return known
    const queries = pending.get(keyOf(caps)) ?? new Set()
    if (queries.size >= limits.maxPendingPerHash) return firstAnswer([...queries])
    return underWay >= limits.maxPending ? undefined : begin(entity, caps, from)
  }

  return {
    get,
    resolve,
    get size() {
      return verified.size
    },
  }
}

/** The hash alone: what it stands for does not depend on the software that announces it. */
function keyOf({ hash, ver }: EntityCaps): string {
  return `${hash} ${ver}`
}

/** The first of several queries to learn something; `undefined` when none does. */
async function firstAnswer(
  queries: readonly Promise<DiscoInfo | undefined>[],
): Promise<DiscoInfo | undefined> {
  try {
    return await Promise.any(
      queries.map((query) => query.then((info) => info ?? Promise.reject(nothingLearnt))),
    )
  } catch {
    return undefined
  }
}

const nothingLearnt = new Error('nothing learnt')
