import type { Element } from '@xmppkit/xml'
import type { Codec } from './codec.js'
import { type DataForm, dataForm, type FormField } from './data-form.js'
import { DecodeError, within } from './decode-error.js'
import type { Simplify } from './element.js'
import type { FormEntry } from './form-entries.js'
import { NS } from './namespaces.js'

/** The fields of a form by the name of the property they become. */
export type FormShape = Readonly<Record<string, FormEntry<unknown>>>

/** The values of a form: what is not required is an optional property. */
export type FormValue<S extends FormShape> = {
  readonly [K in keyof S as S[K]['required'] extends true ? K : never]: S[K] extends FormEntry<infer T>
    ? T
    : never
} & {
  readonly [K in keyof S as S[K]['required'] extends true ? never : K]?: S[K] extends FormEntry<infer T>
    ? T
    : never
}

/** Text around a form that is to be filled in. */
export interface FormTexts {
  /** Its title. */
  readonly title?: string
  /** What to do with it. */
  readonly instructions?: string
}

/** A form whose fields are known: reads and checks submissions, writes forms, submissions and results. */
export interface Form<V> extends Codec<V> {
  /** What kind of form it is, its `FORM_TYPE` (XEP-0068). */
  readonly formType: string
  /** Writes the form to be filled in, with values that are set already. */
  blank(values?: Partial<V>, texts?: FormTexts): Element
  /** Writes the values as results, with labels and types. */
  result(values: Partial<V>): Element
}

/**
 * Describes a data form (XEP-0004) by its fields; the type of the values is inferred.
 *
 * `decode` reads submissions and results, refuses another `FORM_TYPE`, a cancellation, a missing required field and a
 * value that does not fit (`not-acceptable`), and ignores fields it does not know. `encode` writes a submission.
 *
 * @param formType - the `FORM_TYPE`
 * @param shape - property names and their fields
 *
 * @example
 * ```ts
 * const config = form('http://jabber.org/protocol/muc#roomconfig', {
 *   name: textSingle('muc#roomconfig_roomname', { label: 'Name of the room' }),
 *   whois: listSingle('muc#roomconfig_whois', ['moderators', 'anyone'], { required: true }),
 * })
 * config.decode(el) // { name?: string, whois: 'moderators' | 'anyone' }
 * ```
 */
export function form<const S extends FormShape>(formType: string, shape: S): Form<Simplify<FormValue<S>>> {
  const entries = Object.entries(shape)
  const write = (type: DataForm['type'], values: object, texts: FormTexts = {}): Element =>
    dataForm.encode({
      type,
      ...(texts.title === undefined ? {} : { title: texts.title }),
      instructions: texts.instructions === undefined ? [] : [texts.instructions],
      fields: [typeField(formType), ...fieldsOf(entries, values, type)],
      items: [],
    })
  return {
    name: 'x',
    ns: NS.dataForms,
    formType,
    decode: (el) => readForm(el, formType, entries) as Simplify<FormValue<S>>,
    encode: (values) => write('submit', values),
    blank: (values = {}, texts) => write('form', values, texts),
    result: (values) => write('result', values),
  }
}

function typeField(formType: string): FormField {
  return { var: 'FORM_TYPE', type: 'hidden', values: [formType], options: [] }
}

function fieldsOf(
  entries: readonly (readonly [string, FormEntry<unknown>])[],
  values: object,
  type: DataForm['type'],
): FormField[] {
  const given: Readonly<Record<string, unknown>> = { ...values }
  const fields: FormField[] = []
  for (const [key, entry] of entries) {
    const value = given[key]
    if (value === undefined && type !== 'form') continue
    const printed = value === undefined ? [] : entry.print(value)
    fields.push(type === 'submit' ? plainField(entry, printed) : fullField(entry, printed, type))
  }
  return fields
}

function plainField(entry: FormEntry<unknown>, values: readonly string[]): FormField {
  return { var: entry.var, values, options: [] }
}

function fullField(entry: FormEntry<unknown>, values: readonly string[], type: DataForm['type']): FormField {
  const toFill = type === 'form'
  return {
    var: entry.var,
    type: entry.type,
    ...(entry.label === undefined ? {} : { label: entry.label }),
    ...(toFill && entry.desc !== undefined ? { desc: entry.desc } : {}),
    ...(toFill && entry.required ? { required: true } : {}),
    values,
    options: toFill ? entry.options : [],
  }
}

function readForm(
  el: Element,
  formType: string,
  entries: readonly (readonly [string, FormEntry<unknown>])[],
): Record<string, unknown> {
  const { type, fields } = dataForm.decode(el)
  if (type === 'cancel') throw new DecodeError('x/@type', 'the form was cancelled')
  const byName = fieldsByName(fields)
  const given = byName.get('FORM_TYPE')?.values[0]
  // Many clients leave FORM_TYPE out; a different one is another form.
  if (given !== undefined && given !== formType) {
    throw new DecodeError('x/field[FORM_TYPE]', `must be ${formType}`)
  }
  const values: Record<string, unknown> = {}
  for (const [key, entry] of entries) {
    const value = readEntry(entry, byName.get(entry.var))
    if (value !== undefined) values[key] = value
    else if (entry.required) throw new DecodeError(`x/field[${entry.var}]`, 'required', 'not-acceptable')
  }
  return values
}

function fieldsByName(fields: readonly FormField[]): Map<string, FormField> {
  const byName = new Map<string, FormField>()
  for (const field of fields) {
    if (field.var === undefined) continue
    if (byName.has(field.var)) throw new DecodeError('x/field', 'two fields of the same name')
    byName.set(field.var, field)
  }
  return byName
}

function readEntry(entry: FormEntry<unknown>, field: FormField | undefined): unknown {
  if (field === undefined) return undefined
  try {
    return entry.parse(field.values)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    // XEP-0004 §4: data that is not valid is answered with not-acceptable.
    throw within(`x/field[${entry.var}]`, new DecodeError(error.path, error.reason, 'not-acceptable'))
  }
}
