import type { BareJid, Jid } from '@xmppkit/jid'
import type { FormFieldType, FormOption } from './data-form.js'
import { DecodeError } from './decode-error.js'
import { jid as anyJid, bareJid, bool, oneOf, string, type Text } from './scalars.js'

/** How a field is presented, and whether it must be filled in. */
export interface FormEntryOptions {
  /** Whether a submission without it is refused. @default false */
  readonly required?: boolean
  /** Its name for people. */
  readonly label?: string
  /** An explanation for people. */
  readonly desc?: string
}

/** A field of a {@link form}: its name, its looks, and how its values become one typed value. */
export interface FormEntry<T, R extends boolean = boolean> {
  /** Name of the field, its `var`. */
  readonly var: string
  /** Kind of the field. */
  readonly type: FormFieldType
  /** Whether it must be filled in. */
  readonly required: R
  /** Its name for people. */
  readonly label: string | undefined
  /** An explanation for people. */
  readonly desc: string | undefined
  /** What may be chosen, for list fields. */
  readonly options: readonly FormOption[]
  /**
   * Reads the values of a field that is there.
   * @returns undefined if they mean that nothing was filled in
   * @throws DecodeError if they do not fit
   */
  parse(values: readonly string[]): T | undefined
  /** Writes the values. */
  print(value: T): readonly string[]
}

/** Whether options make a field required: `true` only where it says so. */
export type RequiredOf<O extends FormEntryOptions> = O['required'] extends true ? true : false

function entry<T, O extends FormEntryOptions>(
  name: string,
  type: FormFieldType,
  options: O,
  mapping: Pick<FormEntry<T>, 'parse' | 'print'>,
  choices: readonly FormOption[] = [],
): FormEntry<T, RequiredOf<O>> {
  return Object.freeze({
    var: name,
    type,
    required: (options.required ?? false) as RequiredOf<O>,
    label: options.label,
    desc: options.desc,
    options: choices,
    ...mapping,
  })
}

function oneValue<T>(scalar: Text<T>): Pick<FormEntry<T>, 'parse' | 'print'> {
  return {
    parse(values) {
      if (values.length > 1) throw new DecodeError('', 'more than one value', 'not-acceptable')
      const [value] = values
      // XEP-0004 knows no difference between empty and absent; only for plain text is empty a value.
      if (value === undefined || (value === '' && scalar !== (string as Text<unknown>))) return undefined
      return scalar.parse(value)
    },
    print: (value) => [scalar.print(value)],
  }
}

function manyValues<T>(scalar: Text<T>): Pick<FormEntry<readonly T[]>, 'parse' | 'print'> {
  return {
    parse(values) {
      // XEP-0004 §3.3: duplicates are ignored.
      const seen = new Map<string, T>()
      for (const value of values) {
        if (value === '') continue
        const parsed = scalar.parse(value)
        const key = scalar.print(parsed)
        if (!seen.has(key)) seen.set(key, parsed)
      }
      return [...seen.values()]
    },
    print: (value) => value.map((one) => scalar.print(one)),
  }
}

/** A field with one value of any scalar type, shown as a line of text. */
export function formField<T, const O extends FormEntryOptions = Record<never, never>>(
  name: string,
  scalar: Text<T>,
  options?: O,
): FormEntry<T, RequiredOf<O>> {
  return entry(name, 'text-single', options ?? ({} as O), oneValue(scalar))
}

/** A line of text. */
export function textSingle<const O extends FormEntryOptions = Record<never, never>>(
  name: string,
  options?: O,
): FormEntry<string, RequiredOf<O>> {
  return formField(name, string, options)
}

/** A line of text nobody should read over a shoulder. */
export function textPrivate<const O extends FormEntryOptions = Record<never, never>>(
  name: string,
  options?: O,
): FormEntry<string, RequiredOf<O>> {
  return entry(name, 'text-private', options ?? ({} as O), oneValue(string))
}

/** Lines of text, joined with newlines. */
export function textMulti<const O extends FormEntryOptions = Record<never, never>>(
  name: string,
  options?: O,
): FormEntry<string, RequiredOf<O>> {
  return entry<string, O>(name, 'text-multi', options ?? ({} as O), {
    parse: (values) => (values.length === 0 ? undefined : values.join('\n')),
    print: (value) => value.split(/\r\n?|\n/),
  })
}

/** A value that is not shown and comes back as it was sent. */
export function hiddenField<const O extends FormEntryOptions = Record<never, never>>(
  name: string,
  options?: O,
): FormEntry<string, RequiredOf<O>> {
  return entry(name, 'hidden', options ?? ({} as O), oneValue(string))
}

/** Yes or no. */
export function booleanField<const O extends FormEntryOptions = Record<never, never>>(
  name: string,
  options?: O,
): FormEntry<boolean, RequiredOf<O>> {
  // Old clients know 0 and 1 only (XEP-0004 §3.3).
  const digits: Text<boolean> = { parse: bool.parse, print: (value) => (value ? '1' : '0') }
  return entry(name, 'boolean', options ?? ({} as O), oneValue(digits))
}

/** One address. */
export function jidSingle<const O extends FormEntryOptions = Record<never, never>>(
  name: string,
  options?: O,
): FormEntry<Jid, RequiredOf<O>> {
  return entry(name, 'jid-single', options ?? ({} as O), oneValue(anyJid))
}

/** Any number of bare addresses. */
export function jidMulti<const O extends FormEntryOptions = Record<never, never>>(
  name: string,
  options?: O,
): FormEntry<readonly BareJid[], RequiredOf<O>> {
  return entry(name, 'jid-multi', options ?? ({} as O), manyValues(bareJid))
}

/** A choice of a list field: its value, or its value and what to call it. */
export type FormChoice<V extends string = string> = V | { readonly value: V; readonly label: string }

function choicesOf(choices: readonly FormChoice[]): FormOption[] {
  return choices.map((one) => (typeof one === 'string' ? { value: one } : one))
}

function wordOf<V extends string>(choices: readonly FormChoice<V>[]): Text<V> {
  const words = choices.map((one) => (typeof one === 'string' ? one : one.value))
  const [first, ...rest] = words
  if (first === undefined) throw new TypeError('a list field needs a choice')
  return oneOf(first, ...rest)
}

/** One of some choices; anything else is refused. */
export function listSingle<const V extends string, const O extends FormEntryOptions = Record<never, never>>(
  name: string,
  choices: readonly FormChoice<V>[],
  options?: O,
): FormEntry<V, RequiredOf<O>> {
  return entry(name, 'list-single', options ?? ({} as O), oneValue(wordOf(choices)), choicesOf(choices))
}

/** Any of some choices; anything else is refused. */
export function listMulti<const V extends string, const O extends FormEntryOptions = Record<never, never>>(
  name: string,
  choices: readonly FormChoice<V>[],
  options?: O,
): FormEntry<readonly V[], RequiredOf<O>> {
  return entry(name, 'list-multi', options ?? ({} as O), manyValues(wordOf(choices)), choicesOf(choices))
}
