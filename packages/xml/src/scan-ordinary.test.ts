import { describe, expect, test } from 'vitest'
import { noLimits, type ReaderLimits, readerLimits } from './reader-limits.js'
import { advance, beginScan } from './scan.js'
import { scanOrdinary } from './scan-ordinary.js'
import { LT, nothingAround, type Scan } from './scan-state.js'
import { accepted, refused } from './strict-vectors.js'

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

describe('pass-through risk 10: the two ways of scanning do not drift apart', () => {
  const limits = { ...readerLimits.afterAuthentication, maxDepth: 6, maxAttributes: 4, maxNameBytes: 12 }
  const attempt = (run: () => unknown): unknown => {
    try {
      return run()
    } catch (error) {
      return `refused: ${(error as Error).message}`
    }
  }
  const begun = (bytes: Buffer, end: number): Scan => {
    const s = beginScan(limits, nothingAround, false)
    s.buf = bytes
    s.base = 0
    s.pos = 1
    s.end = end
    return s
  }
  const inSteps = (bytes: Buffer): unknown => {
    const s = begun(bytes, 1)
    while (s.end < bytes.length) {
      s.end++
      if (advance(s)) return records(s)
    }
    return 'not complete'
  }
  /** What the short way makes of an element, if it does not leave it to the other. */
  const straight = (bytes: Buffer): unknown => {
    const s = begun(bytes, bytes.length)
    return scanOrdinary(s) ? records(s) : 'left'
  }
  const compare = (bytes: Buffer): boolean => {
    const short = attempt(() => straight(bytes))
    if (short === 'left') return false
    const long = attempt(() => inSteps(bytes))
    if (JSON.stringify(short) !== JSON.stringify(long)) {
      throw new Error(`they differ over ${JSON.stringify(bytes.toString('latin1'))}`)
    }
    return true
  }

  test('on every vector there is', () => {
    const all = [...accepted, ...Object.values(refused).flat()].map(([, stanza]) => stanza)
    const taken = all.filter((stanza) => stanza[0] === 0x3c && compare(stanza))
    expect(taken.length).toBeGreaterThan(40)
  })

  test('on what is put together at random of pieces that fit', () => {
    const names = ['a', 'b', 'body', 'é', 'p:a', 'xml:a', '_x.1-2', 'averylongname']
    const values = [
      '',
      '1',
      'é😀',
      '&amp;',
      '&lt;x',
      '&#65;',
      '&x;',
      '\t',
      '>',
      '"',
      "'",
      '<',
      '\xff',
      'urn:x',
      ' urn:x',
    ]
    const texts = [
      'x',
      '>b/>',
      '/>',
      'é',
      '&gt;',
      ']]',
      ']]>',
      '>',
      '&#xD;',
      '\0',
      '\r\n',
      '<![CDATA[<]]>',
      '&apos',
      '',
    ]
    const keys = ['a', 'b', 'xmlns', 'xmlns:p', 'xml:lang', 'p:a', 'é']
    let state = 1
    const below = (n: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 8) % n
    }
    // The first of each is the usual one and comes twice as often as all others together.
    const pick = (list: readonly string[]) =>
      list[below(3) > 0 ? below(3) % list.length : below(list.length)]!
    const tag = (depth: number): string => {
      const name = pick(names)
      let text = `<${name}`
      for (let left = below(4); left > 0; left--) {
        const quote = below(2) === 0 ? '"' : "'"
        text += `${below(12) === 0 ? '\n ' : ' '}${pick(keys)}=${quote}${pick(values)}${quote}`
      }
      if (below(4) === 0) return `${text}/>`
      text += '>'
      for (let left = below(4); left > 0; left--)
        text += below(2) === 0 ? pick(texts) : depth < 8 ? tag(depth + 1) : ''
      return `${text}</${below(30) === 0 ? pick(names) : name}${below(30) === 0 ? ' ' : ''}>`
    }
    let taken = 0
    for (let i = 0; i < 5_000; i++) {
      const whole = Buffer.from(tag(0).replace('\xff', '\udcff'), below(2) === 0 ? 'utf8' : 'latin1')
      if (compare(below(8) === 0 ? whole.subarray(0, 1 + below(whole.length)) : whole)) taken++
    }
    expect(taken).toBeGreaterThan(1_000)
    expect(taken).toBeLessThan(4_500)
  })
})
