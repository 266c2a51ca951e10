import type { StreamFeature, StreamOptions, StreamState } from '@xmppkit/stream'
import { Element } from '@xmppkit/xml'

const ns = 'urn:xmpp:stream-limits:0'

/** The options of a stream that are limits to its client. */
export type StreamLimits = Required<Pick<StreamOptions, 'preAuthLimits' | 'limits' | 'idleTimeoutMs'>>

interface Listed {
  readonly before: Element
  readonly after: Element
}

/**
 * Tells clients what a stream takes and how long it may be silent (XEP-0478), before and after the login. What is lifted is
 * not listed.
 *
 * @param limitsOf - those of a stream; they are the same object for all streams of a front door
 */
export function limitsFeature(limitsOf: (state: StreamState) => StreamLimits | undefined): StreamFeature {
  const listed = new WeakMap<StreamLimits, Listed>()
  return {
    name: 'limits',
    ns,
    offered: () => true,
    advertise(state) {
      const limits = limitsOf(state)
      if (limits === undefined) return undefined
      const { before, after } = listed.get(limits) ?? list(limits, listed)
      return state.authenticated === undefined ? before : after
    },
  }
}

function list(limits: StreamLimits, listed: WeakMap<StreamLimits, Listed>): Listed {
  const { preAuthLimits, idleTimeoutMs } = limits
  const made = {
    before: elementOf(preAuthLimits.maxBytes, Number.POSITIVE_INFINITY),
    after: elementOf(limits.limits.maxBytes, idleTimeoutMs),
  }
  listed.set(limits, made)
  return made
}

function elementOf(maxBytes: number, idleMs: number): Element {
  const el = new Element('limits', { xmlns: ns })
  if (Number.isFinite(maxBytes)) el.c('max-bytes').t(String(maxBytes))
  if (Number.isFinite(idleMs)) el.c('idle-seconds').t(String(Math.floor(idleMs / 1000)))
  return el
}
