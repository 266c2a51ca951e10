import {
  attr,
  bool,
  type Codec,
  child,
  children,
  DecodeError,
  dataForm,
  dateTime,
  defineIq,
  element,
  flag,
  type Infer,
  jid,
  NS,
  oneOf,
  optionalAttr,
  optionalChild,
  rsmRequest,
  rsmResponse,
  string,
  text,
} from '@xmppkit/stanza'
import type { Element } from '@xmppkit/xml'

/** A query (XEP-0313 §4): filters in a form, part of a result, order within it. */
const query = element('query', NS.mam, {
  queryid: optionalAttr('queryid', string),
  form: optionalChild(dataForm),
  set: optionalChild(rsmRequest),
  flipPage: flag('flip-page', NS.mam),
})

/** A query as it came. */
export interface ArchiveQuery extends Infer<typeof query> {}

/** What follows the results of a query. */
const fin = element('fin', NS.mam, {
  complete: optionalAttr('complete', bool),
  stable: optionalAttr('stable', bool),
  set: child(rsmResponse),
})

/** Asks for messages of an archive. */
export const archiveQuery = defineIq({ type: 'set', request: query, result: fin })

/** Wraps a form that is written by hand, because its fields are more than a data form's. */
const formAnswer: Codec<Element> = {
  name: 'query',
  ns: NS.mam,
  decode() {
    throw new DecodeError('query', 'is only written')
  },
  encode: (value) => value,
}

/** Asks for the fields queries may have. */
export const archiveForm = defineIq({ type: 'get', request: query, result: formAnswer })

const end = (name: 'start' | 'end') =>
  optionalChild(element(name, NS.mam, { id: attr('id', string), timestamp: attr('timestamp', dateTime) }))
/** The ends of an archive (XEP-0313 §5). */
export const metadata = element('metadata', NS.mam, { start: end('start'), end: end('end') })

/** Asks for the ends of an archive (XEP-0313 §5). */
export const archiveMetadata = defineIq({ type: 'get', request: metadata, result: metadata })

/** More addresses than any server allows are not even read. */
const maxRead = 10_000
const jids = (name: 'always' | 'never') =>
  optionalChild(element(name, NS.mam, { jids: children(text('jid', NS.mam, jid), { max: maxRead }) }))
const prefs = element('prefs', NS.mam, {
  default: optionalAttr('default', oneOf('always', 'never', 'roster')),
  always: jids('always'),
  never: jids('never'),
})

/** Asks for preferences (XEP-0441). */
export const preferencesGet = defineIq({ type: 'get', request: prefs, result: prefs })
/** Sets preferences; the answer is what holds from now on. */
export const preferencesSet = defineIq({ type: 'set', request: prefs, result: prefs })
