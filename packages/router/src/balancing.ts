import { randomInt } from 'node:crypto'
import type { Jid } from '@xmppkit/jid'
import type { Stanza } from '@xmppkit/stanza'

/**
 * By what a route is chosen among several of one domain: anyhow, or by the sender or the addressee, with or without
 * resource, so that the same one always reaches the same route.
 */
export type BalancingKey = 'random' | 'source' | 'destination' | 'bareSource' | 'bareDestination'

/** How stanzas are spread over several routes of one domain. */
export interface Balancing {
  /** What decides. @default 'random' */
  readonly by?: BalancingKey
  /**
   * Number of routes there are when all are up. Addresses are then spread over this many buckets, so that a route that
   * goes away moves only its own. Without it, every change of the number of routes moves nearly everybody.
   */
  readonly buckets?: number
}

/** A route as far as balancing is concerned. */
export interface Instance {
  /** Its bucket, from 0. */
  readonly instance: number
}

/** Chooses among the routes of a domain; `routes` is sorted by bucket and not empty. */
export function chooseRoute<R extends Instance>(
  routes: readonly R[],
  stanza: Stanza,
  { by = 'random', buckets }: Balancing,
  random: (below: number) => number = randomInt,
): R {
  if (routes.length === 1) return routes[0]!
  if (by === 'random') return routes[random(routes.length)]!
  const hash = hashOf(keyOf(stanza, by))
  if (buckets === undefined) return routes[hash % routes.length]!
  // The route of the bucket itself, or the next one that is up, going round.
  const bucket = hash % buckets
  return routes.find(({ instance }) => instance >= bucket) ?? routes[0]!
}

function keyOf(stanza: Stanza, by: Exclude<BalancingKey, 'random'>): Jid | undefined {
  switch (by) {
    case 'source':
      return stanza.from
    case 'destination':
      return stanza.to
    case 'bareSource':
      return stanza.from?.bare
    case 'bareDestination':
      return stanza.to?.bare
  }
}

/** FNV-1a: spreads well, costs little, and never changes between versions. Not for keeping secrets. */
function hashOf(jid: Jid | undefined): number {
  const text = jid?.toString() ?? ''
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
