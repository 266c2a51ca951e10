import type { Infer } from './codec.js'
import { element, text } from './element.js'
import { body, optionalAttr, optionalChild } from './fields.js'
import { NS } from './namespaces.js'
import { boundedString, intBetween, string } from './scalars.js'

const count = intBetween(0, Number.MAX_SAFE_INTEGER)
// Ids of items are opaque to the client and go into stores as keys, so their length is limited.
const itemId = boundedString({ max: 1024 })

/**
 * What part of a result is wanted (XEP-0059): at most `max` items, after or before one, or from an index.
 *
 * An empty `before` asks for the last page.
 */
export const rsmRequest = element('set', NS.rsm, {
  max: optionalChild(text('max', NS.rsm, count)),
  after: optionalChild(text('after', NS.rsm, itemId)),
  before: optionalChild(text('before', NS.rsm, itemId)),
  index: optionalChild(text('index', NS.rsm, count)),
})

/** The value of {@link rsmRequest}. */
export interface RsmRequest extends Infer<typeof rsmRequest> {}

/** What part of a result this is (XEP-0059): ids of the first and last item, position of the first, size of the whole. */
export const rsmResponse = element('set', NS.rsm, {
  first: optionalChild(element('first', NS.rsm, { index: optionalAttr('index', count), id: body(string) })),
  last: optionalChild(text('last', NS.rsm, string)),
  count: optionalChild(text('count', NS.rsm, count)),
})

/** The value of {@link rsmResponse}. */
export interface RsmResponse extends Infer<typeof rsmResponse> {}
