import { describe, expect, test } from 'vitest'
import { noLimits, type ReaderLimits, readerLimits } from './reader-limits.js'
import { advance, beginScan } from './scan.js'
import { scanOrdinary } from './scan-ordinary.js'
import { LT, nothingAround, type Scan } from './scan-state.js'

const ordinary = [
  '<a/>',
  '<presence></presence>',
  `<message to='a@b' id="1" xml:lang='en'><body>x &lt;&gt;&amp;&quot;&apos; y</body><x xmlns='urn:x'/></message>`,
  `<a xmlns='jabber:client' b='é &amp; "' c="'>"><c/></a>`,
  '<a>\n\t<b>] ] é 漢 😀</b>\r\n</a>',
  '<a><b><c><d/></c></b><b/></a>',
]
const unusual = [
  '<p:a xmlns:p="urn:p"/>',
  '<a xml:lang="a" p:b=""/>',
  '<a xmlx:b=""/>',
  '<a  b="1"/>',
  '<a b ="1"/>',
  '<a b= "1"/>',
  '<a b="1" />',
  '<a\nb="1"/>',
  '<a b="\t"/>',
  '<a></a >',
  '<a>&#65;</a>',
  '<a>&am;</a>',
  '<a>&ampx;</a>',
  '<a>x > y</a>',
  '<a>]]></a>',
  '<a><![CDATA[x]]></a>',
  '<a><!-- x --></a>',
  '<é/>',
  '<aé/>',
  '<a é="1"/>',
  '<a>\0</a>',
  '<a b="<"/>',
  '<a></b>',
  '<a></>',
  '</a>',
  '<1/>',
]

function begin(xml: string, limits: ReaderLimits, end = Buffer.byteLength(xml)): Scan {
  const s = beginScan(limits, nothingAround, false)
  // Bytes around it, as in a buffer that has been used before.
  s.buf = Buffer.from(`zz='${xml}<zz zz='zz'>zz</zz>`)
  s.base = 4
  s.pos = 5
  s.end = 4 + end
  return s
}

/** Everything known of a scanned element. */
function records(s: Scan): unknown {
  const { pos, state, topNs, contentStart, contentEnd, emptyTop, rewrite, kidEnd, attrBase } = s
  const numbers = { pos, state, contentStart, contentEnd, kidEnd, attrBase }
  return {
    ...numbers,
    topNs,
    emptyTop,
    rewrite,
    attrs: [...s.attrs.subarray(0, attrBase)],
    kids: [...s.kids.subarray(0, kidEnd)],
  }
}

/** The same element by the states alone, one byte after the other. */
function byStates(xml: string): unknown {
  const s = begin(xml, noLimits)
  for (s.end = s.pos + 1; !advance(s); s.end++);
  return records(s)
}

describe('elements of the usual form', () => {
  test.each(ordinary)('%j leaves the records the states leave', (xml) => {
    const s = begin(xml, noLimits)
    expect(scanOrdinary(s)).toBe(true)
    expect(records(s)).toEqual(byStates(xml))
  })

  test.each(ordinary)('%j cut anywhere is left alone, whatever stands behind the cut', (xml) => {
    const tight = { ...readerLimits.afterAuthentication, maxAttributes: 3, maxElements: 5, maxDepth: 4 }
    for (let end = 1; end < Buffer.byteLength(xml); end++) {
      const s = begin(xml, tight, end)
      expect(scanOrdinary(s), `cut at ${end}`).toBe(false)
      expect([s.pos, s.state, s.depth, s.elements, s.kidEnd, s.attrBase]).toEqual([5, LT, 0, 0, 0, 0])
    }
  })

  test('SEC-4: bytes behind the end do not count against a limit', () => {
    const limits = { ...noLimits, maxAttributes: 1 }
    const s = begin("<a b='' c=''/>", limits, "<a b='' ".length)
    expect(scanOrdinary(s)).toBe(false)
  })
})

test.each(unusual)('%j is left to the states', (xml) => {
  expect(scanOrdinary(begin(xml, noLimits))).toBe(false)
})

test('X-12: names beyond the limit are left to the states', () => {
  const limits = { ...noLimits, maxNameBytes: 3 }
  expect(scanOrdinary(begin('<abc abc=""/>', limits))).toBe(true)
  expect(scanOrdinary(begin('<abcd/>', limits))).toBe(false)
  expect(scanOrdinary(begin('<a abcd=""/>', limits))).toBe(false)
})
