import { attr, boundedString, element, type Infer, NS, optionalAttr } from '@xmppkit/stanza'

const short = boundedString({ max: 256 })

/**
 * The `<c/>` of presence and stream features (XEP-0115 §4). Without `hash` it is of the legacy format, whose
 * `ver` proves nothing.
 */
export const entityCaps = element('c', NS.caps, {
  hash: optionalAttr('hash', short),
  node: attr('node', boundedString({ max: 1024 })),
  ver: attr('ver', short),
})

/** The value of {@link entityCaps}. */
export interface EntityCaps extends Infer<typeof entityCaps> {}
