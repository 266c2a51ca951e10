import { byteClass, cdataStop, SPACE, textStop } from './characters.js'
import { XmlError } from './errors.js'
import { FRAME, malformed, REFERENCE, type Scan, TAG_FIRST } from './scan-state.js'
import { closeElement } from './start-tag.js'
import { characterEnd } from './utf8.js'

const cdataOpen = Uint8Array.from('<![CDATA[', (c) => c.charCodeAt(0))

/** Scans text, CDATA sections, end tags and the first byte of a start tag, as far as the bytes reach. */
export function scanContent(s: Scan): void {
  // Where the next byte stands; see scanTag for why these are locals.
  const TEXT = 10
  const LT = 11
  const END_NAME = 12
  const END_GAP = 13
  const BANG = 14
  const CDATA_OPEN = 15
  const CDATA = 16
  const GREATER = 0x3e
  const BRACKET = 0x5d
  const { buf, base, end } = s
  let i = s.pos
  let state = s.state
  scan: while (i < end) {
    switch (state) {
      case TEXT:
      case CDATA: {
        const stops = state === TEXT ? textStop : cdataStop
        while (i < end && stops[buf[i]!] === 0) i++
        if (i === end) break
        const byte = buf[i]!
        if (byte >= 0x80) {
          const next = characterEnd(buf, i, end)
          if (next === 0) break scan
          i = next
        } else if (byte === GREATER) {
          // What precedes is never markup: that ends in > too, and CDATA opens with one bracket.
          if (buf[i - 1] === BRACKET && buf[i - 2] === BRACKET) {
            if (state === TEXT) throw malformed('text holds ]]>')
            state = TEXT
          }
          i++
        } else if (byte === 0x3c /* < */) {
          s.lt = i - base
          state = LT
          i++
        } else if (byte === 0x26 /* & */) {
          s.back = TEXT
          s.state = REFERENCE
          s.pos = i + 1
          return
        } else throw malformed('a control character')
        break
      }
      case LT: {
        const byte = buf[i]!
        if (byte === 0x2f /* slash */ && s.depth > 0) {
          state = END_NAME
          i++
        } else if (byte === 0x21 /* ! */) {
          state = BANG
          i++
        } else if (byte === 0x3f /* ? */) {
          throw new XmlError('restricted-xml', 'a processing instruction')
        } else {
          beginTag(s, i - base)
          s.pos = i
          return
        }
        break
      }
      case END_NAME: {
        const frame = (s.depth - 1) * FRAME
        const nameEnd = s.frames[frame + 1]!
        // The bytes since `</` must be those of the start tag's name.
        let k = s.frames[frame]! + (i - base) - s.lt - 2
        while (i < end && k < nameEnd) {
          if (buf[i] !== buf[base + k]) throw malformed('an end tag does not match')
          i++
          k++
        }
        if (k === nameEnd) state = END_GAP
        break
      }
      case END_GAP: {
        const byte = buf[i]!
        i++
        if (byte === GREATER) {
          s.pos = i
          state = s.state = TEXT
          closeElement(s, s.lt)
          if (s.depth === 0) return
        } else if ((byteClass[byte]! & SPACE) === 0) throw malformed('an end tag does not match')
        break
      }
      case BANG:
        refuseDeclaration(buf[i]!, s.depth)
        state = CDATA_OPEN
        i++
        break
      default: {
        const k = i - base - s.lt
        if (buf[i] !== cdataOpen[k]) throw malformed('<![ opens no CDATA section')
        if (k === cdataOpen.length - 1) state = CDATA
        i++
      }
    }
  }
  s.pos = i
  s.state = state
}

/** Begins a start tag whose name starts here. */
export function beginTag(s: Scan, start: number): void {
  s.tagStart = start
  s.tagDefault = -1
  s.tagBinding = -1
  s.nameStart = start
  s.nameFlags = 0
  s.colon = -1
  s.kinds = 0
  s.attrEnd = s.attrBase
  s.state = TAG_FIRST
}

/** RFC 6120 §11.1: no comments, no DTD. What is neither that nor CDATA is not XML at all. */
function refuseDeclaration(byte: number, depth: number): void {
  if (byte === 0x5b /* [ */ && depth > 0) return
  const letter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
  if (letter || byte === 0x2d) throw new XmlError('restricted-xml', 'a comment or declaration')
  throw malformed('<! opens nothing')
}
