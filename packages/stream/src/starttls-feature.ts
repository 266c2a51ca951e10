import { NS } from '@xmppkit/stanza'
import { Element, type RawElement } from '@xmppkit/xml'
import { StreamClosedError } from './errors.js'
import type { FeatureIo, StreamChange, StreamFeature } from './stream-feature.js'

/** Options of {@link starttlsFeature}. */
export interface StarttlsOptions {
  /**
   * Offer nothing else before TLS is in use (T-1), nor where there is no TLS to be had.
   * @default true
   */
  readonly required?: boolean
}

/** What {@link StarttlsOptions} are when left out. */
export const starttlsDefaults: Required<StarttlsOptions> = Object.freeze({ required: true })

/**
 * STARTTLS on the receiving side (RFC 6120 §5): offered while the transport can be upgraded, never after that.
 *
 * @example
 * ```ts
 * const host = { features: () => [starttlsFeature(), sasl, bind] }
 * ```
 */
export function starttlsFeature(options: StarttlsOptions = {}): StreamFeature {
  const { required } = Object.freeze({ ...starttlsDefaults, ...options })
  const advertised = new Element('starttls', { xmlns: NS.tls })
  if (required) advertised.c('required')
  return {
    name: 'starttls',
    ns: NS.tls,
    offered: (state) => !state.secure && state.canStartTls,
    required: () => required,
    exclusive: (state) => required && !state.secure,
    advertise: () => advertised,
    negotiate: (el, io) => (isStarttls(el) ? upgrade(io) : fail(io)),
    refuse: (_el, io) => fail(io),
  }
}

async function upgrade(io: FeatureIo): Promise<StreamChange> {
  io.send(new Element('proceed', { xmlns: NS.tls }))
  const tls = await io.startTls()
  return { tls, restart: true }
}

// RFC 6120 §5.4.2.2: the failure, the end of the stream, the end of the connection; no stream error.
function fail(io: FeatureIo): never {
  io.send(new Element('failure', { xmlns: NS.tls }))
  throw new StreamClosedError('stream/refused', 'the peer asked for TLS where it was not offered, or wrongly')
}

function isStarttls(el: RawElement): boolean {
  return el.name === 'starttls' && el.children.length === 0 && el.text().trim() === ''
}
