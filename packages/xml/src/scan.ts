import type { ReaderLimits } from './reader-limits.js'
import { scanContent } from './scan-content.js'
import { scanOrdinary } from './scan-ordinary.js'
import { scanReference } from './scan-reference.js'
import { DONE, LAST_CONTENT_STATE, LAST_TAG_STATE, LT, Scan, type Surroundings } from './scan-state.js'
import { scanTag } from './scan-tag.js'

const spare: Scan[] = []
const maxSpare = 32
const maxSpareIntegers = 16 * 1024

/** Takes scratch space for one element. An idle reader holds none. */
export function beginScan(limits: ReaderLimits, around: Surroundings, headerOnly: boolean): Scan {
  const scan = spare.pop() ?? new Scan()
  scan.begin(limits, around, headerOnly)
  return scan
}

/** Gives scratch space back, unless one large element has made it large. */
export function endScan(s: Scan): void {
  s.forget()
  const integers = s.attrs.length + s.frames.length + s.bindings.length + s.kids.length
  if (spare.length < maxSpare && integers <= maxSpareIntegers) spare.push(s)
}

/**
 * Goes on with an element as far as `s.end`.
 *
 * @returns true when the element is complete, with `s.pos` behind it
 * @throws XmlError at the first byte that cannot belong to an acceptable element
 */
export function advance(s: Scan): boolean {
  if (s.state === LT && s.depth === 0 && !s.headerOnly && scanOrdinary(s)) return true
  for (;;) {
    const { pos, state } = s
    if (state <= LAST_TAG_STATE) scanTag(s)
    else if (state <= LAST_CONTENT_STATE) scanContent(s)
    else scanReference(s)
    if (s.state === DONE) return true
    // Nothing more can be done when the bytes are used up, or end inside a character.
    if (s.pos >= s.end || (s.pos === pos && s.state === state)) return false
  }
}
