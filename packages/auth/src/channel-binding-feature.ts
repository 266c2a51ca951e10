import { NS } from '@xmppkit/stanza'
import type { StreamFeature } from '@xmppkit/stream'
import { Element } from '@xmppkit/xml'
import type { Logins } from './logins.js'

/**
 * Lists the channel bindings a client may use (XEP-0440), next to the mechanisms that use them.
 *
 * @example
 * ```ts
 * const features = [starttlsFeature(), channelBindingFeature(logins), saslFeature(logins)]
 * ```
 */
export function channelBindingFeature(logins: Pick<Logins, 'bindings'>): StreamFeature {
  const elements = new Map<string, Element>()
  return {
    name: 'channel-binding',
    ns: NS.saslChannelBinding,
    offered: (state) => state.authenticated === undefined && logins.bindings(state).length > 0,
    advertise(state) {
      const types = logins.bindings(state)
      const key = types.join(' ')
      const el = elements.get(key) ?? listOf(types)
      elements.set(key, el)
      return el
    },
  }
}

function listOf(types: readonly string[]): Element {
  const el = new Element('sasl-channel-binding', { xmlns: NS.saslChannelBinding })
  for (const type of types) el.c('channel-binding', { type })
  return el
}
