import { attributeValue, bindTag, boundNamespace, sameBytes, valueIs } from './namespaces.js'
import {
  ATTR,
  DONE,
  FRAME,
  grown,
  KID,
  malformed,
  overLimit,
  type Scan,
  TEXT,
  UNNORMALISED,
  WIDE,
} from './scan-state.js'

/** Takes in a complete start tag: limits, duplicates, namespaces, the index of children. */
export function openElement(s: Scan, empty: boolean): void {
  const { depth } = s
  if (depth >= s.limits.maxDepth) throw overLimit('too many levels of elements')
  if (++s.elements > s.limits.maxElements) throw overLimit('too many elements')
  const frame = depth * FRAME
  if (frame === s.frames.length) s.frames = grown(s.frames)
  const { frames } = s
  frames[frame] = s.tagStart
  frames[frame + 1] = s.tagEnd
  frames[frame + 2] = s.bindingEnd
  if (s.attrEnd - s.attrBase > ATTR) refuseDuplicates(s)
  if (s.kinds !== 0 || s.tagColon >= 0) bindTag(s)
  if (depth === 0) openTop(s, empty)
  else if (depth === 1) openChild(s)
  s.depth = depth + 1
  s.state = TEXT
  if (empty || s.headerOnly) closeElement(s, s.pos - s.base)
}

/** Leaves the innermost element; `contentEnd` is the offset of its end tag. */
export function closeElement(s: Scan, contentEnd: number): void {
  const depth = --s.depth
  s.bindingEnd = s.frames[depth * FRAME + 2]!
  if (depth === 0) {
    s.contentEnd = contentEnd
    s.state = DONE
  } else if (depth === 1) {
    s.kids[s.kidEnd + 1] = s.pos - s.base
    s.kidEnd += KID
  }
}

function refuseDuplicates(s: Scan): void {
  const { attrs, attrEnd } = s
  for (let a = s.attrBase + ATTR; a < attrEnd; a += ATTR) {
    for (let b = s.attrBase; b < a; b += ATTR) {
      if (sameBytes(s, attrs[a]!, attrs[a + 1]!, attrs[b]!, attrs[b + 1]!))
        throw malformed('an attribute twice')
    }
  }
}

function openTop(s: Scan, empty: boolean): void {
  s.emptyTop = empty
  s.topNameStart = s.tagStart
  s.topNameEnd = s.tagEnd
  s.topColon = s.tagColon
  s.topFlags = s.tagFlags
  s.attrBase = s.attrEnd
  s.contentStart = s.pos - s.base
  if (s.tagColon >= 0) s.topNs = boundNamespace(s, s.tagBinding, s.tagStart, s.tagColon)
  else s.topNs = s.tagDefault >= 0 ? attributeValue(s, s.tagDefault) : s.around.ns
}

/** Records a direct child: where it lies, and where its name and namespace are written. */
function openChild(s: Scan): void {
  const { kidEnd, bindings, tagColon } = s
  if (kidEnd === s.kids.length) s.kids = grown(s.kids)
  const { kids } = s
  let start = -1
  let end = -1
  let flags = s.tagFlags
  if (tagColon < 0 && s.tagDefault >= 0) {
    start = s.attrs[s.tagDefault + 3]!
    end = s.attrs[s.tagDefault + 4]!
    flags |= s.attrs[s.tagDefault + 5]! & (UNNORMALISED | WIDE)
  } else if (tagColon >= 0 && s.tagBinding >= 0) {
    start = bindings[s.tagBinding + 2]!
    end = bindings[s.tagBinding + 3]!
    flags |= bindings[s.tagBinding + 4]! & (UNNORMALISED | WIDE)
  }
  kids[kidEnd] = s.lt
  kids[kidEnd + 1] = 0
  kids[kidEnd + 2] = tagColon < 0 ? s.tagStart : tagColon + 1
  kids[kidEnd + 3] = s.tagEnd
  kids[kidEnd + 4] = start
  kids[kidEnd + 5] = end
  kids[kidEnd + 6] = flags
  kids[kidEnd + 7] = s.pos - s.base
  // a child that names the content namespace itself would keep it on a stream that has another.
  if (start >= 0 && valueIs(s, start, end, flags, s.topNs)) s.rewrite = true
}
