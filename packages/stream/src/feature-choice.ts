import { NS, StreamError } from '@xmppkit/stanza'
import { type Element, type RawElement, type Wire, wireFromText, writeElement } from '@xmppkit/xml'
import type { StreamFeature } from './stream-feature.js'
import type { StreamState } from './stream-state.js'

/** The feature an element belongs to, and whether it may be negotiated now. */
export interface FeatureChoice {
  readonly feature: StreamFeature
  readonly offered: boolean
}

/** Finds the feature an element picks; one that is on offer wins over one that is not. */
export function pickFeature(
  features: readonly StreamFeature[],
  el: RawElement,
  state: StreamState,
): FeatureChoice | undefined {
  let refused: FeatureChoice | undefined
  for (const feature of features) {
    if (!handles(feature, el, state)) continue
    if (isOnOffer(feature, features, state)) return { feature, offered: true }
    refused ??= { feature, offered: false }
  }
  return refused
}

/** The error for an element of a feature that is not on offer and has no answer of its own. */
export function refusal(features: readonly StreamFeature[], state: StreamState): StreamError {
  const first =
    features.find((feature) => feature.exclusive?.(state)) ??
    features.find((feature) => feature.offered(state) && feature.required?.(state))
  return first === undefined
    ? new StreamError('unsupported-stanza-type')
    : new StreamError('policy-violation', { text: `${first.name} comes first` })
}

/** Writes the list of what may be negotiated now; an empty list ends negotiation (S-7). */
export function writeFeatures(features: readonly StreamFeature[], state: StreamState): Wire {
  const name = state.framing === 'framed' ? `stream:features xmlns:stream='${NS.streams}'` : 'stream:features'
  let content = ''
  for (const feature of features) {
    if (!isOnOffer(feature, features, state)) continue
    const el = feature.advertise(state)
    if (el !== undefined) content += written(el)
  }
  const start = wireFromText(content === '' ? `<${name}/>` : `<${name}>`)
  return (content === '' ? start : `${start}${content}</stream:features>`) as Wire
}

// Most features advertise the same element to everybody.
const writtenElements = new WeakMap<Element, Wire>()

function written(el: Element): Wire {
  const known = writtenElements.get(el)
  if (known !== undefined) return known
  const wire = writeElement(el)
  writtenElements.set(el, wire)
  return wire
}

function isOnOffer(feature: StreamFeature, features: readonly StreamFeature[], state: StreamState): boolean {
  if (!feature.offered(state)) return false
  return features.every((other) => other === feature || !other.exclusive?.(state))
}

function handles(feature: StreamFeature, el: RawElement, state: StreamState): boolean {
  return feature.handles?.(el, state) ?? el.ns === feature.ns
}
