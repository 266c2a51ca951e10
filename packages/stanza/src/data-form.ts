import type { Element } from '@xmppkit/xml'
import type { Codec, Infer } from './codec.js'
import { element, text } from './element.js'
import { attr, child, children, flag, optionalAttr, optionalChild } from './fields.js'
import { NS } from './namespaces.js'
import { oneOf, string, type Text } from './scalars.js'

/** Kinds of form fields (XEP-0004 §3.3). */
export type FormFieldType =
  | 'boolean'
  | 'fixed'
  | 'hidden'
  | 'jid-multi'
  | 'jid-single'
  | 'list-multi'
  | 'list-single'
  | 'text-multi'
  | 'text-private'
  | 'text-single'

const fieldTypes: readonly FormFieldType[] = [
  'boolean',
  'fixed',
  'hidden',
  'jid-multi',
  'jid-single',
  'list-multi',
  'list-single',
  'text-multi',
  'text-private',
  'text-single',
]

const fieldType: Text<FormFieldType> = {
  // XEP-0004 §3.3: a type that is not understood is text-single.
  parse: (raw) => fieldTypes.find((known) => known === raw) ?? 'text-single',
  print: (value) => value,
}

/** Most fields, options or items of a form that are read. */
const max = 1000

const value = text('value', NS.dataForms, string)
const option = element('option', NS.dataForms, { label: optionalAttr('label', string), value: child(value) })
const field = element('field', NS.dataForms, {
  var: optionalAttr('var', string),
  type: optionalAttr('type', fieldType),
  label: optionalAttr('label', string),
  desc: optionalChild(text('desc', NS.dataForms, string)),
  required: flag('required', NS.dataForms),
  values: children(value, { max }),
  options: children(option, { max }),
})

/** One field of a {@link DataForm}. */
export interface FormField extends Infer<typeof field> {}
/** One option of a list field. */
export interface FormOption extends Infer<typeof option> {}

/**
 * A data form as it is (XEP-0004): a form to fill in, a submission, a cancellation or results.
 *
 * For a form whose fields are known beforehand use {@link form}, which checks and types the values.
 */
export const dataForm = element('x', NS.dataForms, {
  type: attr('type', oneOf('form', 'submit', 'cancel', 'result')),
  title: optionalChild(text('title', NS.dataForms, string)),
  instructions: children(text('instructions', NS.dataForms, string), { max }),
  fields: children(field, { max }),
  reported: optionalChild(element('reported', NS.dataForms, { fields: children(field, { max }) })),
  items: children(element('item', NS.dataForms, { fields: children(field, { max }) }), { max }),
})

/** The value of {@link dataForm}. */
export interface DataForm extends Infer<typeof dataForm> {}

/** Reads nothing but the type of a form and its `FORM_TYPE`, to decide what to do with it. */
export function formPurpose(el: Element): { readonly type: DataForm['type']; readonly formType?: string } {
  const { type, fields } = dataForm.decode(el)
  const formType = fields.find((one) => one.var === 'FORM_TYPE')?.values[0]
  return formType === undefined ? { type } : { type, formType }
}

/**
 * Writes results of which only names and values matter, such as an extension of disco#info (XEP-0128).
 *
 * @example
 * ```ts
 * resultForm(NS.contactAddresses, { 'abuse-addresses': ['mailto:abuse@example.com'] })
 * ```
 */
export function resultForm(
  formType: string,
  values: Readonly<Record<string, string | readonly string[]>>,
): Element {
  const codec: Codec<DataForm> = dataForm
  return codec.encode({
    type: 'result',
    instructions: [],
    items: [],
    fields: [
      { var: 'FORM_TYPE', type: 'hidden', values: [formType], options: [] },
      ...Object.entries(values).map(([name, entry]) => ({
        var: name,
        values: typeof entry === 'string' ? [entry] : entry,
        options: [],
      })),
    ],
  })
}
