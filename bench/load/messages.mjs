// @ts-check
// Stanzas that are made by copying a template and counted by scanning for a marker.
//
// Each carries its flow and number in 20 bytes: `~RRRRFFFFFF.NNNNNNNN` (run, flow, number). Fixed widths make one copy
// and a few digits of each stanza, and one search and a few digits of its arrival.

const tokenBytes = 20
const run = String(process.pid % 10_000).padStart(4, '0')

/** Starts every token of this process. */
export const tokenStart = `~${run}`

/** @param {number} flow @param {number} number */
export const tokenOf = (flow, number) =>
  `${tokenStart}${String(flow).padStart(6, '0')}.${String(number).padStart(8, '0')}`

/** @param {Buffer} bytes @param {number} at @param {number} digits */
function readDigits(bytes, at, digits) {
  let value = 0
  for (let i = at; i < at + digits; i++) value = value * 10 + /** @type {number} */ (bytes[i]) - 48
  return value
}

/** @param {Buffer} bytes @param {number} at the token's first byte */
export const flowAt = (bytes, at) => readDigits(bytes, at + 5, 6)
/** @param {Buffer} bytes @param {number} at the token's first byte */
export const numberAt = (bytes, at) => readDigits(bytes, at + 12, 8)

/** A stanza of one flow; all of its tokens are renumbered for each copy. */
export class Template {
  /** @type {Buffer} */
  bytes
  /** @type {number[]} */
  #ends = []

  /** @param {string} text with `tokenOf(flow, 0)` wherever the number belongs */
  constructor(text) {
    this.bytes = Buffer.from(text)
    for (let at = this.bytes.indexOf(tokenStart); at >= 0; at = this.bytes.indexOf(tokenStart, at + 1)) {
      this.#ends.push(at + tokenBytes - 1)
    }
  }

  /** @param {number} number */
  #renumber(number) {
    for (const end of this.#ends) {
      let left = number
      for (let i = 0; i < 8; i++) {
        this.bytes[end - i] = 48 + (left % 10)
        left = Math.trunc(left / 10)
      }
    }
  }

  /** Copies of it, numbered from `first`. @param {number} first @param {number} count */
  copies(first, count) {
    const size = this.bytes.length
    const out = Buffer.allocUnsafe(size * count)
    for (let i = 0; i < count; i++) {
      this.#renumber(first + i)
      this.bytes.copy(out, i * size)
    }
    return out
  }
}

/** Text as people write it: beyond ASCII, with escapes, without what servers may escape in different ways. */
const prose =
  'It’s only a test — naïve café talk &amp; more. See you at 7 &lt;3 😀 Lorem ipsum dolor sit amet, consectetur adipiscing elit. '

/** As much of the prose, in bytes, cut where a character and an escape end. @param {number} size */
function proseOf(size) {
  let text = ''
  let bytes = 0
  const pieces = prose.match(/&\w+;|./gu) ?? []
  for (let i = 0; ; i = (i + 1) % pieces.length) {
    const piece = /** @type {string} */ (pieces[i])
    if (bytes + Buffer.byteLength(piece) > size) break
    text += piece
    bytes += Buffer.byteLength(piece)
  }
  return text + '.'.repeat(size - bytes)
}

/**
 * A message of a given size on the wire.
 *
 * @param {string} to @param {number} flow @param {number} size @param {string} [type]
 */
export function messageTemplate(to, flow, size, type = 'chat') {
  const token = tokenOf(flow, 0)
  const start = `<message to='${to}' type='${type}' id='${token}'><body>${token} `
  const end = '</body></message>'
  return new Template(start + proseOf(size - start.length - end.length) + end)
}

/** What a body looks like on its way: the marker, and what follows it up to the end tag. @param {Template} template */
export function bodyOf({ bytes }) {
  const start = bytes.indexOf('<body>') + 6
  return bytes.subarray(start, bytes.indexOf('</body>') + 7)
}

const bodyMarker = Buffer.from(`<body>${tokenStart}`)

/**
 * Finds every message in what has arrived and keeps an unfinished end for the next time.
 *
 * @param {import('./link.mjs').Link} link
 * @param {Buffer} bytes
 * @param {number} bodyBytes from the token to the end of `</body>`
 * @param {(bytes: Buffer, at: number) => void} found `at` is the token's first byte
 */
export function eachMessage(link, bytes, bodyBytes, found) {
  if (link.rest !== undefined) {
    bytes = Buffer.concat([link.rest, bytes])
    link.rest = undefined
  }
  let from = 0
  for (;;) {
    const marker = bytes.indexOf(bodyMarker, from)
    if (marker < 0) break
    const token = marker + 6
    if (token + bodyBytes > bytes.length) {
      from = marker
      break
    }
    found(bytes, token)
    from = token + bodyBytes
  }
  const unfinished = bytes.indexOf(bodyMarker, from) < 0 ? Math.max(from, bytes.length - 16) : from
  if (unfinished < bytes.length) link.rest = Buffer.from(bytes.subarray(unfinished))
}

/**
 * Finds every token in what has arrived: for stanzas that have one each.
 *
 * @param {import('./link.mjs').Link} link
 * @param {Buffer} bytes
 * @param {Buffer} marker ends with {@link tokenStart}
 * @param {(bytes: Buffer, at: number) => void} found `at` is the token's first byte
 */
export function eachToken(link, bytes, marker, found) {
  if (link.rest !== undefined) {
    bytes = Buffer.concat([link.rest, bytes])
    link.rest = undefined
  }
  const before = marker.length - tokenStart.length
  let from = 0
  for (;;) {
    const at = bytes.indexOf(marker, from)
    if (at < 0) {
      from = Math.max(from, bytes.length - marker.length + 1)
      break
    }
    if (at + before + tokenBytes > bytes.length) {
      from = at
      break
    }
    found(bytes, at + before)
    from = at + before + tokenBytes
  }
  if (from < bytes.length) link.rest = Buffer.from(bytes.subarray(from))
}
