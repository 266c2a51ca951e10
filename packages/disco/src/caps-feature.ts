import { NS } from '@xmppkit/stanza'
import type { StreamFeature } from '@xmppkit/stream'
import type { Element } from '@xmppkit/xml'
import type { Disco } from './disco.js'
import { type EntityCaps, entityCaps } from './entity-caps.js'

/**
 * Announces among the stream features what a server supports, so that clients and peers need not ask (XEP-0115 §6.3).
 *
 * @example
 * ```ts
 * scope.use(c2s.features.add(capsFeature(disco)))
 * ```
 */
export function capsFeature(disco: Pick<Disco, 'caps'>): StreamFeature {
  const written = new WeakMap<EntityCaps, Element>()
  const write = (caps: EntityCaps): Element => {
    const known = written.get(caps)
    if (known !== undefined) return known
    const el = entityCaps.encode(caps)
    written.set(caps, el)
    return el
  }
  return {
    name: 'caps',
    ns: NS.caps,
    offered: () => true,
    advertise: ({ domain }) => write(disco.caps(domain)),
    // It is only announced: nothing a peer sends picks it.
    handles: () => false,
  }
}
