import { Element } from '@xmppkit/xml'
import { addText } from './child-elements.js'
import type { Codec, Infer } from './codec.js'
import { codecNames, matches } from './codec.js'
import { DecodeError, within } from './decode-error.js'
import type { Field, Optional } from './fields.js'
import type { Text } from './scalars.js'

/** The fields of an element by the name of the property they become. */
export type Shape = Readonly<Record<string, Field<unknown>>>

/** The value of a shape: what is optional in the element is an optional property. */
export type ShapeValue<S extends Shape> = {
  readonly [K in keyof S as S[K] extends Optional<unknown> ? never : K]: S[K] extends Field<infer T>
    ? T
    : never
} & {
  readonly [K in keyof S as S[K] extends Optional<unknown> ? K : never]?: S[K] extends Field<infer T>
    ? Exclude<T, undefined>
    : never
}

/** Makes hovers show the properties instead of how they were computed. */
export type Simplify<T> = { [K in keyof T]: T[K] } & {}

/**
 * Describes an element by its fields; the type of the value is inferred.
 *
 * @param name - local name
 * @param ns - namespace
 * @param shape - property names and where each is found
 *
 * @example
 * ```ts
 * const item = element('item', NS.roster, {
 *   jid: attr('jid', bareJid),
 *   name: optionalAttr('name', string),
 *   groups: children(text('group', NS.roster, string)),
 * })
 * item.decode(el) // { jid, name?, groups }
 * ```
 */
export function element<const S extends Shape>(
  name: string,
  ns: string,
  shape: S,
): Codec<Simplify<ShapeValue<S>>> {
  const fields = Object.entries(shape)
  return {
    name,
    ns,
    decode(el) {
      const value: Record<string, unknown> = {}
      try {
        for (const [key, field] of fields) {
          const part = field.read(el)
          if (part !== undefined) value[key] = part
        }
      } catch (error) {
        throw within(name, error)
      }
      return value as Simplify<ShapeValue<S>>
    },
    encode(value) {
      const el = new Element(name, { xmlns: ns })
      const values: Readonly<Record<string, unknown>> = value
      for (const [key, field] of fields) field.write(el, values[key])
      return el
    },
  }
}

/**
 * Describes an element that carries nothing but text.
 *
 * @example
 * ```ts
 * const group = text('group', NS.roster, string) // Codec<string>
 * ```
 */
export function text<T>(name: string, ns: string, type: Text<T>): Codec<T> {
  return {
    name,
    ns,
    decode(el) {
      try {
        return type.parse(el.getText())
      } catch (error) {
        throw within(name, error)
      }
    },
    encode: (value) => addText(new Element(name, { xmlns: ns }), type.print(value)),
  }
}

/** The value of a choice: which alternative it is, and its value. */
export type ChoiceValue<A extends Readonly<Record<string, Codec<unknown>>>> = {
  [K in keyof A]: { readonly kind: K; readonly value: Infer<A[K]> }
}[keyof A]

/**
 * Describes an element that is one of several, told apart by name and namespace.
 *
 * @param alternatives - the codecs by the name they have in the value
 *
 * @example
 * ```ts
 * const action = choice({ block: blockList, unblock: unblockList })
 * action.decode(el) // { kind: 'block', value: … } | { kind: 'unblock', value: … }
 * ```
 */
export function choice<const A extends Readonly<Record<string, Codec<unknown>>>>(
  alternatives: A,
): Codec<ChoiceValue<A>> {
  const entries = Object.entries(alternatives)
  const names = Object.freeze(entries.flatMap(([, codec]) => codecNames(codec)))
  const first = names[0]
  if (first === undefined) throw new TypeError('a choice needs an alternative')
  return {
    name: first.name,
    ns: first.ns,
    alternatives: names,
    decode(el) {
      for (const [kind, codec] of entries) {
        if (matches(codec, el)) return { kind, value: codec.decode(el) } as ChoiceValue<A>
      }
      throw new DecodeError('', `none of ${names.map((one) => one.name).join(', ')}`)
    },
    encode(value) {
      const { kind } = value
      const codec = Object.hasOwn(alternatives, kind) ? alternatives[kind] : undefined
      if (codec === undefined) throw new TypeError(`unknown alternative ${String(kind)}`)
      return codec.encode(value.value)
    },
  }
}
