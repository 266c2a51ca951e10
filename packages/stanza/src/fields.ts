import type { Element } from '@xmppkit/xml'
import {
  addText,
  childElements,
  detachedCopy,
  elementChildren,
  isElementNamed,
  namespaceOf,
  ownAttribute,
} from './child-elements.js'
import { type Codec, codecNames, matches } from './codec.js'
import { DecodeError, within } from './decode-error.js'
import type { Text } from './scalars.js'

/** One property of a value and its place in an element. */
export interface Field<T> {
  /**
   * Reads the property.
   * @throws DecodeError with the path below the element
   */
  read(el: Element): T
  /** Writes the property into the element. */
  write(el: Element, value: T): void
}

/** A field whose property may be absent. */
export interface Optional<T> extends Field<T | undefined> {
  /** Makes the property optional in the inferred type. */
  readonly optional: true
}

/** How many children a list may have. */
export interface ListLimits {
  /** At least so many. @default 0 */
  readonly min?: number
  /** At most so many; a longer list is refused, not cut. @default 10_000 */
  readonly max?: number
}

/** Longest list {@link children} and {@link raw} read unless told otherwise. */
export const defaultMaxChildren = 10_000

function parseText<T>(step: string, type: Text<T>, text: string): T {
  try {
    return type.parse(text)
  } catch (error) {
    throw step === '' ? error : within(step, error)
  }
}

/** An attribute that must be there. */
export function attr<T>(name: string, type: Text<T>): Field<T> {
  const step = `@${name}`
  return {
    read(el) {
      const text = ownAttribute(el, name)
      if (text === undefined) throw new DecodeError(step, 'required')
      return parseText(step, type, text)
    },
    write(el, value) {
      el.attrs[name] = type.print(value)
    },
  }
}

/** An attribute that may be absent. */
export function optionalAttr<T>(name: string, type: Text<T>): Optional<T> {
  const step = `@${name}`
  return {
    optional: true,
    read(el) {
      const text = ownAttribute(el, name)
      return text === undefined ? undefined : parseText(step, type, text)
    },
    write(el, value) {
      if (value !== undefined) el.attrs[name] = type.print(value)
    },
  }
}

/** A child element that must be there exactly once. */
export function child<T>(codec: Codec<T>): Field<T> {
  return {
    read(el) {
      const found = onlyChild(el, codec)
      if (found === undefined) throw new DecodeError(nameOf(codec), 'required')
      return codec.decode(found)
    },
    write(el, value) {
      el.cnode(codec.encode(value))
    },
  }
}

/** A child element that may be there once. */
export function optionalChild<T>(codec: Codec<T>): Optional<T> {
  return {
    optional: true,
    read(el) {
      const found = onlyChild(el, codec)
      return found === undefined ? undefined : codec.decode(found)
    },
    write(el, value) {
      if (value !== undefined) el.cnode(codec.encode(value))
    },
  }
}

// Which of two would be meant is open, and taking either lets a checker and a user see different ones.
function onlyChild(el: Element, codec: Codec<unknown>): Element | undefined {
  let found: Element | undefined
  for (const one of el.children) {
    if (typeof one !== 'object' || !matches(codec, one)) continue
    if (found !== undefined) throw new DecodeError(nameOf(codec), 'more than one')
    found = one
  }
  return found
}

function nameOf(codec: Codec<unknown>): string {
  return codecNames(codec)
    .map((one) => one.name)
    .join('|')
}

/** All children of one kind, in order. */
export function children<T>(item: Codec<T>, limits: ListLimits = {}): Field<readonly T[]> {
  const { min = 0, max = defaultMaxChildren } = limits
  return {
    read(el) {
      const values: T[] = []
      for (const one of el.children) {
        if (typeof one !== 'object' || !matches(item, one)) continue
        if (values.length === max) throw new DecodeError(nameOf(item), `more than ${max}`)
        try {
          values.push(item.decode(one))
        } catch (error) {
          throw numbered(error, values.length + 1)
        }
      }
      if (values.length < min) throw new DecodeError(nameOf(item), `fewer than ${min}`)
      return values
    },
    write(el, values) {
      for (const value of values) el.cnode(item.encode(value))
    },
  }
}

// The codec of the item has put its name first: `item/@jid` becomes `item[2]/@jid`.
function numbered(error: unknown, position: number): unknown {
  if (!(error instanceof DecodeError)) return error
  const end = error.path.indexOf('/')
  const step = end < 0 ? error.path : error.path.slice(0, end)
  const rest = end < 0 ? '' : error.path.slice(end)
  return new DecodeError(`${step}[${position}]${rest}`, error.reason, error.condition)
}

/** A child element whose presence alone means true; absent otherwise. */
export function flag(name: string, ns: string): Optional<boolean> {
  return {
    optional: true,
    read(el) {
      return el.children.some((one) => typeof one === 'object' && isElementNamed(one, name, ns))
        ? true
        : undefined
    },
    write(el, value) {
      if (value === true) el.c(name, { xmlns: ns })
    },
  }
}

/** The text of the element itself. */
export function body<T>(type: Text<T>): Field<T> {
  return {
    read: (el) => parseText('', type, el.getText()),
    write(el, value) {
      addText(el, type.print(value))
    },
  }
}

/** Which children {@link raw} takes, and how many. */
export interface RawOptions {
  /** Only children of this name. Needs `ns`. */
  readonly name?: string
  /** Only children in this namespace. */
  readonly ns?: string
  /** Every child but those in this namespace. */
  readonly not?: string
  /** At most so many; more are refused. @default 10_000 */
  readonly max?: number
}

/** Children as they are, undecoded: copies that stand alone. */
export function raw(options: RawOptions = {}): Field<readonly Element[]> {
  const { max = defaultMaxChildren } = options
  return {
    read(el) {
      const found = rawChildren(el, options)
      if (found.length > max) throw new DecodeError(options.name ?? '*', `more than ${max}`)
      return found.map(detachedCopy)
    },
    write(el, values) {
      for (const value of values) el.cnode(value)
    },
  }
}

function rawChildren(el: Element, { name, ns, not }: RawOptions): Element[] {
  if (name !== undefined && ns !== undefined) return childElements(el, name, ns)
  return elementChildren(el).filter((one) => {
    if (ns === undefined && not === undefined) return true
    const own = namespaceOf(one)
    return (ns === undefined || own === ns) && (not === undefined || own !== not)
  })
}
