import {
  type DataForm,
  DecodeError,
  dataForm,
  dateTime,
  type FormField,
  jid,
  NS,
  StanzaError,
} from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import type { ArchiveFilter } from './ports.js'

/** Field for the words to search for (XEP-0431). */
const fulltextNs = 'urn:xmpp:fulltext:0'
/** Announces that field. */
export const fulltextFeature = fulltextNs
const fulltextField = `{${fulltextNs}}fulltext`
/** The name servers and clients used before XEP-0431. */
const withtextField = 'withtext'

/** Most ids one query may name. */
const maxIds = 1000
/** Longest text to search for, in characters. */
const maxText = 1024

type Filter = { -readonly [K in keyof ArchiveFilter]: ArchiveFilter[K] }
type Reader = (filter: Filter, values: readonly string[], name: string) => void

const one = (values: readonly string[], name: string): string => {
  const [value] = values
  if (values.length === 1 && value !== undefined) return value
  throw new StanzaError('bad-request', { text: `the field ${name} has one value` })
}

const readText: Reader = (filter, values, name) => {
  const text = one(values, name).trim()
  if (text.length > maxText) throw new StanzaError('bad-request', { text: `${name} is too long` })
  // XEP-0431 §2.2: an empty text is no filter.
  if (text !== '') filter.text = text
}

const readers: Readonly<Record<string, Reader>> = {
  with: (filter, values, name) => (filter.with = jid.parse(one(values, name))),
  start: (filter, values, name) => (filter.start = dateTime.parse(one(values, name)).getTime()),
  end: (filter, values, name) => (filter.end = dateTime.parse(one(values, name)).getTime()),
  'after-id': (filter, values, name) => (filter.after = [one(values, name)]),
  'before-id': (filter, values, name) => (filter.before = [one(values, name)]),
  ids(filter, values) {
    if (values.length > maxIds) throw new StanzaError('bad-request', { text: `more than ${maxIds} ids` })
    filter.ids = values
  },
  // Understood, though there is nothing of rooms in the archive of a user.
  'include-groupchat'() {},
}

/**
 * Reads the filters of a query (XEP-0313 §4.1).
 *
 * @throws StanzaError `bad-request`, or `feature-not-implemented` for a field that is not known (§4.1.5)
 */
export function readFilter(form: DataForm | undefined, searches: boolean): ArchiveFilter {
  const filter: Filter = {}
  if (form === undefined) return filter
  checkForm(form)
  for (const { var: name, values } of form.fields) {
    if (name === undefined || name === 'FORM_TYPE') continue
    const isText = name === fulltextField || name === withtextField
    const read = isText ? searches && readText : Object.hasOwn(readers, name) && readers[name]
    if (!read) throw new StanzaError('feature-not-implemented', { text: `there is no field ${name}` })
    readField(read, filter, { name, values })
  }
  return filter
}

function checkForm({ type, fields }: DataForm): void {
  const formType = fields.find((field) => field.var === 'FORM_TYPE')?.values[0]
  if (type !== 'submit' || formType !== NS.mam) {
    throw new StanzaError('bad-request', { text: `a query is a submission with the FORM_TYPE ${NS.mam}` })
  }
}

function readField(
  read: Reader,
  filter: Filter,
  { name, values }: { name: string; values: readonly string[] },
) {
  try {
    read(filter, values, name)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new StanzaError('bad-request', { text: `${name}: ${error.reason}` })
  }
}

const field = (name: string, type: NonNullable<FormField['type']>): FormField => ({
  var: name,
  type,
  values: [],
  options: [],
})

/** Writes the form with all fields a query may have (XEP-0313 §4.1.5). */
export function queryForm(searches: boolean): Element {
  const form = dataForm.encode({
    type: 'form',
    instructions: [],
    items: [],
    fields: [
      { ...field('FORM_TYPE', 'hidden'), values: [NS.mam] },
      field('with', 'jid-single'),
      field('start', 'text-single'),
      field('end', 'text-single'),
      field('before-id', 'text-single'),
      field('after-id', 'text-single'),
      field('include-groupchat', 'boolean'),
      ...(searches ? [field(fulltextField, 'text-single')] : []),
    ],
  })
  form.cnode(openListField())
  const query = new Element('query', { xmlns: NS.mam })
  query.cnode(form)
  return query
}

/** The field `ids`, open to any value (XEP-0122). */
function openListField(): Element {
  const ids = new Element('field', { var: 'ids', type: 'list-multi' })
  ids.c('validate', { xmlns: 'http://jabber.org/protocol/xdata-validate', datatype: 'xs:string' }).c('open')
  return ids
}
