import { textFromWire, type Wire } from './wire.js'

const named = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function resolve(reference: string): string {
  if (reference.charCodeAt(0) !== 0x23) return named.get(reference)!
  const hex = reference.charCodeAt(1) === 0x78
  return String.fromCodePoint(Number.parseInt(reference.slice(hex ? 2 : 1), hex ? 16 : 10))
}

function references(text: string): string {
  let at = text.indexOf('&')
  if (at < 0) return text
  let out = ''
  let from = 0
  while (at >= 0) {
    const end = text.indexOf(';', at)
    out += text.slice(from, at) + resolve(text.slice(at + 1, end))
    from = end + 1
    at = text.indexOf('&', from)
  }
  return out + text.slice(from)
}

/** The value of an attribute the reader has accepted: references resolved, white space normalised (XML 1.0 §3.3.3). */
export function unescapeValue(text: string): string {
  return references(/[\t\n\r]/.test(text) ? text.replace(/\r\n?|[\t\n]/g, ' ') : text)
}

/** The text of character data the reader has accepted: CDATA unwrapped, references resolved, line endings normalised. */
export function unescapeText(text: string): string {
  if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n')
  if (!text.includes('<![CDATA[')) return references(text)
  let out = ''
  let at = 0
  for (;;) {
    const open = text.indexOf('<![CDATA[', at)
    if (open < 0) return out + references(text.slice(at))
    const close = text.indexOf(']]>', open)
    out += references(text.slice(at, open)) + text.slice(open + 9, close)
    at = close + 3
  }
}

/** The decoded value of an attribute as it stood in the bytes. */
export function valueFromWire(wire: Wire): string {
  return unescapeValue(textFromWire(wire))
}
