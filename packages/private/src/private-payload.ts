import { defineIq, element, NS, raw } from '@xmppkit/stanza'

/** More elements than any request may have. */
const max = 100

const query = element('query', NS.privateStorage, { elements: raw({ max }) })

/** Asks for one kept element, by an empty one of its name (XEP-0049 §2). */
export const privateGet = defineIq({ type: 'get', request: query, result: query })

/** Keeps elements in place of those of the same names. */
export const privatePut = defineIq({ type: 'set', request: query })
