import { NS } from '@xmppkit/stanza'
import type { StreamFeature } from '@xmppkit/stream'
import type { Disco } from './disco.js'
import { entityCaps } from './entity-caps.js'

/**
 * Announces what a server supports among its stream features, so that clients and peers need not ask (XEP-0115 §6.3).
 *
 * @param disco - finds the discovery of a domain, since hosts share a listener
 */
export function capsFeature(disco: (domain: string) => Pick<Disco, 'caps'> | undefined): StreamFeature {
  return {
    name: 'caps',
    ns: NS.caps,
    offered: () => true,
    advertise({ domain }) {
      const caps = disco(domain)?.caps(domain)
      return caps && entityCaps.encode(caps)
    },
    // It is only announced: nothing a peer sends picks it.
    handles: () => false,
  }
}
