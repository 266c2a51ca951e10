import { describe, expect, test } from 'vitest'
import { XmlError } from './errors.js'
import { readerLimits } from './reader-limits.js'
import { createStreamReader } from './stream-reader.js'
import { accepted, refused } from './strict-vectors.js'
import { textFromWire } from './wire.js'

// Each vector is read whole, cut at every position, byte by byte, and in seeded random pieces.

const header =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:h='urn:h'>"
const limits = { ...readerLimits.afterAuthentication, maxBytes: 4096, maxDepth: 100 }

/** Text with `\xNN` for bytes: these vectors are latin1, one character per byte. */
const raw = (text: string) => Buffer.from(text, 'latin1')
const utf8 = (text: string) => Buffer.from(text, 'utf8')

/** Every event as text, or the condition. */
function read(document: Buffer, cuts: readonly number[]): string {
  const reader = createStreamReader({ limits })
  const seen: string[] = []
  try {
    let from = 0
    for (const cut of [...cuts, document.length]) {
      reader.push(document.subarray(from, cut))
      from = cut
      for (let event = reader.next(); event !== undefined; event = reader.next()) {
        if (event.kind === 'element') seen.push(textFromWire(event.toWire()), event.toElement().toString())
        else seen.push(event.kind)
      }
    }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    return error.condition
  }
  return seen.join('\n')
}

function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % below
  }
}

/** The one verdict on a document, however it is cut. */
function verdict(document: Buffer): string {
  const whole = read(document, [])
  for (let cut = 1; cut < document.length; cut++) expect(read(document, [cut]), `cut at ${cut}`).toBe(whole)
  expect(read(document, [...document.keys()].slice(1)), 'byte by byte').toBe(whole)
  for (let seed = 1; seed <= 5; seed++) {
    const next = random(seed)
    const cuts: number[] = []
    for (let at = 1 + next(9); at < document.length; at += 1 + next(9)) cuts.push(at)
    expect(read(document, cuts), `seed ${seed}`).toBe(whole)
  }
  return whole
}

const inStream = (stanza: Buffer) => Buffer.concat([raw(header), stanza, raw('</stream:stream>')])
describe('what is accepted', () => {
  test.each(accepted)('X-2 X-7: %s', (_what, stanza) => {
    expect(verdict(inStream(stanza))).toMatch(/^open\n.*\nclose$/s)
  })
})

describe('restricted-xml', () => {
  test.each(refused['restricted-xml'])('X-1: %s', (_what, stanza) => {
    expect(verdict(inStream(stanza))).toBe('restricted-xml')
  })
})

describe('not-well-formed', () => {
  test.each(refused['not-well-formed'])('X-2 X-6: %s', (_what, stanza) => {
    expect(verdict(inStream(stanza))).toBe('not-well-formed')
  })
})

describe('bytes that are not UTF-8', () => {
  test.each(refused['unsupported-encoding'])('X-3: %s', (_what, stanza) => {
    expect(verdict(inStream(stanza))).toBe('unsupported-encoding')
  })
})

describe('bad-namespace-prefix', () => {
  test.each(refused['bad-namespace-prefix'])('X-5: %s', (_what, stanza) => {
    expect(verdict(inStream(stanza))).toBe('bad-namespace-prefix')
  })
})

describe('X-4: the XML declaration', () => {
  const stream = `${header}</stream:stream>`
  const document = (text: string) => verdict(utf8(text))

  test.each([
    "<?xml version='1.0'?>",
    '<?xml version="1.0"?>\r\n',
    "<?xml version='1.0' encoding='UTF-8'?>",
    `<?xml version='1.0' encoding="utf-8" standalone='yes' ?> `,
    "<?xml\tversion = '1.0'\nstandalone='no'?>",
    '',
    ' \n',
  ])('X-4: %j before the root is accepted', (declaration) => {
    expect(document(declaration + stream)).toBe('open\nclose')
  })

  test.each(['iso-8859-1', 'UTF-16', 'utf8', 'US-ASCII'])(
    'X-3: the encoding %s is unsupported',
    (encoding) => {
      expect(document(`<?xml version='1.0' encoding='${encoding}'?>${stream}`)).toBe('unsupported-encoding')
    },
  )

  test.each([
    ["<?xml version='1.1'?>", 'not-well-formed'],
    ["<?xml version='2.0'?>", 'not-well-formed'],
    ['<?xml ?>', 'not-well-formed'],
    ["<?xml encoding='utf-8'?>", 'not-well-formed'],
    ["<?xml version='1.0'encoding='utf-8'?>", 'not-well-formed'],
    ["<?xml version='1.0' standalone='yes' encoding='utf-8'?>", 'not-well-formed'],
    ["<?xml version='1.0' x='y'?>", 'not-well-formed'],
    ["<?xml version='1.0'>", 'not-well-formed'],
    ['<?xml?>', 'restricted-xml'],
    ["<?xml-stylesheet href='x'?>", 'restricted-xml'],
    ["<?XML version='1.0'?>", 'restricted-xml'],
    ['<?x y?>', 'restricted-xml'],
    [" <?xml version='1.0'?>", 'restricted-xml'],
    ["\n<?xml version='1.0'?>", 'restricted-xml'],
    ["<?xml version='1.0'?><?xml version='1.0'?>", 'restricted-xml'],
    [`<?xml version='1.0'${' '.repeat(200)}?>`, 'policy-violation'],
    [`<?${'x'.repeat(200)}?>`, 'restricted-xml'],
    ['<!DOCTYPE x>', 'restricted-xml'],
    ['<!-- x -->', 'restricted-xml'],
    ['<![CDATA[x]]>', 'not-well-formed'],
    ['x', 'not-well-formed'],
    ['</a>', 'not-well-formed'],
  ])('X-1 X-4: %j before the root is %s', (prolog, condition) => {
    expect(document(prolog + stream)).toBe(condition)
  })

  test('X-3: a byte order mark is a character, and none may stand there (RFC 6120 §11.6)', () => {
    expect(document(`\ufeff${stream}`)).toBe('not-well-formed')
    expect(verdict(Buffer.from(`\ufeff${stream}`, 'utf16le'))).toBe('unsupported-encoding')
  })

  test('X-3: UTF-16 without a mark is refused too', () => {
    expect(verdict(Buffer.from(stream, 'utf16le'))).toBe('not-well-formed')
  })
})

test('X-14: stream tags inside a stanza are data, and only the end tag outside ends the stream', () => {
  const nested = '<message><stream:stream><stream:features/></stream:stream></message><presence/>'
  const seen = verdict(inStream(utf8(nested))).split('\n')
  expect(seen[0]).toBe('open')
  expect(seen.at(-1)).toBe('close')
  expect(seen.filter((line) => line.startsWith('<presence'))).toHaveLength(2)
  // The prefix a careless receiver could take for framing is gone.
  expect(seen.join('\n')).not.toContain('stream:')
})
