import {
  attr,
  boundedString,
  children,
  type DataForm,
  dataForm,
  defineIq,
  element,
  type Infer,
  jid,
  NS,
  optionalAttr,
} from '@xmppkit/stanza'

/** Longest node, feature, category, type, name or language that is read, in UTF-16 units. */
const maxTextLength = 1024

const short = boundedString({ max: maxTextLength })
const required = boundedString({ min: 1, max: maxTextLength })

const identity = element('identity', NS.discoInfo, {
  category: attr('category', required),
  type: attr('type', required),
  name: optionalAttr('name', short),
  lang: optionalAttr('xml:lang', short),
})

const feature = element('feature', NS.discoInfo, { var: attr('var', required) })

const item = element('item', NS.discoItems, {
  jid: attr('jid', jid),
  node: optionalAttr('node', required),
  name: optionalAttr('name', short),
})

const infoQuery = element('query', NS.discoInfo, { node: optionalAttr('node', short) })
const itemsQuery = element('query', NS.discoItems, { node: optionalAttr('node', short) })

const infoResult = element('query', NS.discoInfo, {
  node: optionalAttr('node', short),
  identities: children(identity, { max: 100 }),
  features: children(feature, { max: 1000 }),
  forms: children(dataForm, { max: 50 }),
})

const itemsResult = element('query', NS.discoItems, {
  node: optionalAttr('node', short),
  items: children(item),
})

/** What an entity is: a category and a type of the registry of XEP-0030, with a name in some language. */
export interface DiscoIdentity extends Infer<typeof identity> {}

/** Something an entity has: another address, or a node of an address. */
export interface DiscoItem extends Infer<typeof item> {}

/** What an entity says of itself (disco#info). */
export interface DiscoInfo {
  /** What it is; every entity is at least one thing. */
  readonly identities: readonly DiscoIdentity[]
  /** What it supports: namespaces and other names. */
  readonly features: readonly string[]
  /** More about it (XEP-0128), one form per `FORM_TYPE`. */
  readonly forms: readonly DataForm[]
}

/** Asks an entity what it is and supports: `disco#info` (XEP-0030 §3). */
export const discoInfoGet = defineIq({ type: 'get', request: infoQuery, result: infoResult })

/** Asks an entity what it has: `disco#items` (XEP-0030 §4). */
export const discoItemsGet = defineIq({ type: 'get', request: itemsQuery, result: itemsResult })

/** What {@link discoInfoGet} is answered with. */
export type DiscoInfoResult = Infer<typeof infoResult>

/** The answer to {@link discoInfoGet} as it is written. */
export function discoInfoResult(info: DiscoInfo, node: string | undefined): DiscoInfoResult {
  const { identities, forms } = info
  const features = info.features.map((name) => ({ var: name }))
  return node === undefined ? { identities, features, forms } : { node, identities, features, forms }
}

/** The answer to {@link discoInfoGet} as it is used. */
export function readDiscoInfo(result: Infer<typeof infoResult>): DiscoInfo {
  return {
    identities: result.identities,
    features: result.features.map((one) => one.var),
    forms: result.forms,
  }
}
