import { defineIq, element, type Field, NS, raw } from '@xmppkit/stanza'
import type { Element } from '@xmppkit/xml'

/** More elements than any request may have. */
const max = 100

const elements: Field<readonly Element[]> = raw({ max })
const query = element('query', NS.privateStorage, { elements })

/** Asks for one kept element, by an empty one of its name (XEP-0049 §2). */
export const privateGet = defineIq({ type: 'get', request: query, result: query })

/** Keeps elements in place of those of the same names. */
export const privatePut = defineIq({ type: 'set', request: query })
