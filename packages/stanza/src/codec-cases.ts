import { type Element, parseElement, textFromWire, writeElement } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import type { Codec } from './codec.js'
import { DecodeError } from './decode-error.js'

/** Parses text into a tree, for tests. */
export function tree(xml: string): Element {
  return parseElement(xml).toElement()
}

/** Serialises a tree, for tests. */
export function xmlOf(el: Element): string {
  return textFromWire(writeElement(el))
}

/** Checks that each value is written as its text and that the text is read as the value. */
export function codecCases<T>(
  name: string,
  codec: Codec<T>,
  cases: readonly (readonly [value: T, xml: string])[],
): void {
  test.each(cases)(`${name}: %j`, (value, xml) => {
    expect(xmlOf(codec.encode(value))).toBe(xmlOf(tree(xml)))
    expect(codec.decode(tree(xml))).toEqual(value)
  })
}

/** Checks that each text is refused with the path and reason given as `path: reason`. */
export function decodeFailures(
  name: string,
  codec: Codec<unknown>,
  cases: readonly (readonly [xml: string, message: string])[],
): void {
  test.each(cases)(`${name} refuses %s`, (xml, message) => {
    const error = failureOf(() => codec.decode(tree(xml)))
    expect(error).toBeInstanceOf(DecodeError)
    expect(error?.message).toBe(message)
  })
}

/** What a function throws. */
export function failureOf(act: () => unknown): Error | undefined {
  try {
    act()
  } catch (error) {
    return error as Error
  }
  return undefined
}
