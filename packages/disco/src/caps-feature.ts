import { NS } from '@xmppkit/stanza'
import type { StreamFeature } from '@xmppkit/stream'
import type { Disco } from './disco.js'
import { entityCaps } from './entity-caps.js'

/**
 * Announces among the stream features what a server supports, so that clients and peers need not ask (XEP-0115 §6.3).
 *
 * @example
 * ```ts
 * scope.use(c2s.features.add(capsFeature(disco)))
 * ```
 */
export function capsFeature(disco: Pick<Disco, 'caps'>): StreamFeature {
  return {
    name: 'caps',
    ns: NS.caps,
    offered: () => true,
    advertise: ({ domain }) => entityCaps.encode(disco.caps(domain)),
    // It is only announced: nothing a peer sends picks it.
    handles: () => false,
  }
}
