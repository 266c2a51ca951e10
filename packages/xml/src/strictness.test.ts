import { describe, expect, test } from 'vitest'
import { XmlError } from './errors.js'
import { readerLimits } from './reader-limits.js'
import { createStreamReader } from './stream-reader.js'
import { textFromWire } from './wire.js'

// The vectors of the design study: what a strict reader accepts, and what it refuses with which condition. Each one is
// read whole, cut at every position, byte by byte, and in seeded random pieces.

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
type Vector = readonly [title: string, stanza: Buffer]
const each = (stanzas: readonly string[]): Vector[] =>
  stanzas.map((stanza) => [JSON.stringify(stanza).slice(0, 80), utf8(stanza)])

describe('what is accepted', () => {
  test.each<Vector>([
    ...each([
      '<a>&amp;&lt;&gt;&quot;&apos;</a>',
      "<a b='&amp;&lt;&gt;&quot;&apos;'/>",
      '<a>&#9;&#10;&#13;&#65;&#x41;&#x1F600;&#x10FFFF;&#xFFFD;&#xD7FF;&#xE000;</a>',
      '<a>&#0000000000000000000000000000000065;&#x0000000000000000000000000000000041;</a>',
      `<a b='"' c="'" d='>' e=">"/>`,
      '<a>] ]] > ]x> ]]x></a>',
      '<a>]&#93;></a>',
      '<a><![CDATA[]]></a>',
      '<a><![CDATA[<b>&amp;</b>]]></a>',
      '<a>x<![CDATA[y]]>z<![CDATA[]]]]><![CDATA[>]]></a>',
      '<a><![CDATA[]]]]]></a>',
      '<a>one\r\ntwo\rthree\nfour</a>',
      "<a b='one\r\ntwo\tthree\nfour\rfive'/>",
      "<a b = 'c'  d\t=\n'e' ></a >",
      '<a\n></a\n>',
      '<a /><b />',
      '  <a/>\r\n\t<b/>\n',
      '<a>é ж 漢 😀 \ufffd \u007f \u0085 \uffee</a>',
      "<a é='ж'/>",
      '<é><ж/><a\u0301/><\u{10000}/></é>',
      "<a x:b='1' xmlns:x='urn:x'/>",
      "<x:a xmlns:x='urn:x'><x:b xmlns:x='urn:y'/><x:c/></x:a>",
      "<a><h:b h:c='1'/></a>",
      "<h:a h:c='1'><b/></h:a>",
      "<a xmlns=''><b xmlns='urn:b'><c xmlns=''/></b></a>",
      "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='de'/>",
      "<a b='1' h:b='2' x:b='3' xmlns:x='urn:x'/>",
      "<a xmlns='jabber:client'><a xmlns='urn:a'/><a xmlns='urn:b'/></a>",
      "<__proto__ __proto__='1' constructor='2' toString='3'><constructor/></__proto__>",
      `<a ${Array.from({ length: 100 }, (_, i) => `a${i}=''`).join(' ')}/>`,
      `${'<a>'.repeat(90)}${'</a>'.repeat(90)}`,
      `<a b='' c=""></a>`,
      "<message><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>x</body></message></forwarded></message>",
      "<message xmlns:stream='http://etherx.jabber.org/streams'><stream:stream/><stream:error/></message>",
      "<message><stream:stream to='x'></stream:stream></message>",
      '<_a-b.c1/>',
    ]),
    ['four-byte characters', raw('<a>\xf0\x9f\x98\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf</a>')],
    [
      'first and last of each length',
      raw('<a>\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbd\xed\x9f\xbf\xee\x80\x80</a>'),
    ],
    ['characters that share their lead byte with U+FFFE', raw('<a>\xef\xbe\xbf\xef\xbf\xae\xef\xbb\xbf</a>')],
  ])('X-2 X-7: %s', (_what, stanza) => {
    expect(verdict(inStream(stanza))).toMatch(/^open\n.*\nclose$/s)
  })
})

describe('restricted-xml', () => {
  test.each(
    each([
      '<a><!-- x --></a>',
      '<!-- x --><a/>',
      '<a/><!-- x -->',
      '<a><!--',
      '<a><!-- -- --></a>',
      '<a><?x y?></a>',
      '<?x y?><a/>',
      "<a><?xml version='1.0'?></a>",
      "<a/><?xml version='1.0'?>",
      '<!DOCTYPE a><a/>',
      '<a><!DOCTYPE a></a>',
      '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
      '<a><!ENTITY b "c"></a>',
      '<a><!x></a>',
      '<a>&nbsp;</a>',
      "<a b='&nbsp;'/>",
      '<a>&é;</a>',
      '<a>&Amp;</a>',
      '<a>&amps;</a>',
    ]),
  )('X-1: %s', (_what, stanza) => {
    expect(verdict(inStream(stanza))).toBe('restricted-xml')
  })
})

describe('not-well-formed', () => {
  test.each(
    each([
      '<a>&</a>',
      '<a>& </a>',
      '<a>x &amp y</a>',
      '<a>&amp</a>',
      "<a b='&'/>",
      "<a b='x & y'/>",
      "<a b='&amp'/>",
      '<a>&;</a>',
      '<a>&1;</a>',
      '<a>&a b;</a>',
      '<a>&#0;</a>',
      '<a>&#x0;</a>',
      '<a>&#x1;</a>',
      '<a>&#x1F;</a>',
      "<a b='&#x1F;'/>",
      '<a>&#xB;</a>',
      '<a>&#xD800;</a>',
      '<a>&#xDFFF;</a>',
      '<a>&#55296;</a>',
      '<a>&#xFFFE;</a>',
      '<a>&#xFFFF;</a>',
      '<a>&#x110000;</a>',
      '<a>&#1114112;</a>',
      '<a>&#;</a>',
      '<a>&#x;</a>',
      '<a>&#XA;</a>',
      '<a>&#65x;</a>',
      '<a>&#x4G;</a>',
      '<a>&#x/;</a>',
      '<a>&# 65;</a>',
      '<a>&#65 ;</a>',
      '<a>&#-1;</a>',
      '<a>&#99999999999999999999999999;</a>',
      '<a>&#xFFFFFFFFFFFFFFFFFFFFFFFFFF;</a>',
      '<a>\0</a>',
      '<a>\x0b</a>',
      '<a>\x0c</a>',
      '<a>\x1f</a>',
      '<a>\x08</a>',
      "<a b='\0'/>",
      "<a b='\x1f'/>",
      "<a \0b=''/>",
      '<a\0/>',
      '<\0a/>',
      '<a><![CDATA[\0]]></a>',
      '<a><![CDATA[\x0b]]></a>',
      '<a>\ufffe</a>',
      '<a>\uffff</a>',
      "<a b='\ufffe'/>",
      '<a><![CDATA[\uffff]]></a>',
      '<a>]]></a>',
      '<a>x]]]></a>',
      '<a>]]]]></a>',
      "<a b='<'/>",
      "<a b='x<y'/>",
      '<a b=c/>',
      '<a b=/>',
      '<a b= />',
      '<a b/>',
      '<a b>',
      "<a ='c'/>",
      "<a b='c'd='e'/>",
      `<a b='c'"/>`,
      "<a b=='c'/>",
      "<a b b='c'/>",
      "<a b'c'/>",
      '<a/ >',
      '<a//>',
      "<a/a='b'/>",
      '<a / >',
      "<a></a b='c'>",
      '<a></a/>',
      '<a></ a>',
      '< a/>',
      '<\ta/>',
      '<>',
      '</>',
      '<a></>',
      '<a><></a>',
      '<a><!></a>',
      '<a><!/></a>',
      '<a><![cdata[x]]></a>',
      '<a><![CDATA x]]></a>',
      '<a><![]]></a>',
      '<a></b>',
      '<a></ab>',
      '<ab></a>',
      '<a></A>',
      '<a><b></a></b>',
      '<a>',
      "<x:a xmlns:x='urn:x' xmlns:y='urn:x'></y:a>",
      '</a>',
      '</stream:strea>',
      '</stream:streams>',
      '</stream>',
      '</stream:stream x>',
      '<1a/>',
      '<-a/>',
      '<.a/>',
      '<\u0301a/>',
      '<\u00d7/>',
      '<a\u00d7/>',
      '<a $/>',
      '<a$/>',
      "<a 1b=''/>",
      "<a b\u00d7=''/>",
      "<a b='1' b='2'/>",
      "<a b='1' c='2' d='3' b='1'/>",
      "<a b='1' c='2' d='3' d='1'/>",
      "<a xmlns='urn:a' xmlns='urn:a'/>",
      "<a xmlns:x='urn:a' xmlns:x='urn:a'/>",
      "<a xml:lang='a' xml:lang='b'/>",
      "<a xmlns:x='urn:x' xmlns:y='urn:x' x:b='1' y:b='2'/>",
      "<a xmlns:x='urn:x' xmlns:y='urn:&#120;' x:b='1' c='' y:b='2'/>",
      "<a><b xmlns:x='urn:h' x:b='1' h:b='2'/></a>",
      'x',
      '<a/>x<b/>',
      '<![CDATA[]]>',
      '<a/><![CDATA[x]]><b/>',
      '&amp;',
      '&#32;',
      '&x;',
      '\u00a0',
      '\ufeff<a/>',
      '<a/>\0',
      '</stream:stream><a/>',
      '</stream:stream>x',
      '</stream:stream></stream:stream>',
      "<a xmlns=' urn:a'/>",
      "<a xmlns='urn:a&#32;'/>",
      "<a xmlns:x='urn:a '/>",
      "<a xmlns='urn:a\u00a0'/>",
    ]),
  )('X-2 X-6: %s', (_what, stanza) => {
    expect(verdict(inStream(stanza))).toBe('not-well-formed')
  })
})

describe('bytes that are not UTF-8', () => {
  test.each([
    ['FF', raw('<a>\xff</a>')],
    ['FE', raw('<a>\xfe</a>')],
    ['an overlong NUL', raw('<a>\xc0\x80</a>')],
    ['an overlong slash', raw('<a>\xc0\xaf</a>')],
    ['an overlong DEL', raw('<a>\xc1\xbf</a>')],
    ['overlong in three bytes', raw('<a>\xe0\x80\x80</a>')],
    ['overlong in three bytes, the last one', raw('<a>\xe0\x9f\xbf</a>')],
    ['overlong in four bytes', raw('<a>\xf0\x8f\xbf\xbf</a>')],
    ['a surrogate', raw('<a>\xed\xa0\x80</a>')],
    ['the last surrogate', raw('<a>\xed\xbf\xbf</a>')],
    ['beyond U+10FFFF', raw('<a>\xf4\x90\x80\x80</a>')],
    ['F5', raw('<a>\xf5\x80\x80\x80</a>')],
    ['a lone continuation', raw('<a>\x80</a>')],
    ['a second continuation', raw('<a>\xc3\xa9\xa9</a>')],
    ['two bytes cut before <', raw('<a>\xc3</a>')],
    ['three bytes cut before <', raw('<a>\xe2\x82</a>')],
    ['four bytes cut before <', raw('<a>\xf0\x9f\x98</a>')],
    ['cut by ASCII', raw('<a>\xe2\x82x</a>')],
    ['cut by another character', raw('<a>\xe2\xc3\xa9</a>')],
    ['a Latin-1 byte in a value', raw("<a b='caf\xe9'/>")],
    ['a Latin-1 byte in a name', raw('<caf\xe9/>')],
    ['a Latin-1 byte in the name of an attribute', raw("<a caf\xe9='x'/>")],
    ['in CDATA', raw('<a><![CDATA[\xff]]></a>')],
    ['in a reference', raw('<a>&\xff;</a>')],
    ['between elements', raw('<a/>\xff<b/>')],
  ])('X-3: %s', (_what, stanza) => {
    expect(verdict(inStream(stanza))).toBe('unsupported-encoding')
  })
})

describe('bad-namespace-prefix', () => {
  test.each(
    each([
      '<x:a/>',
      "<a x:b='1'/>",
      '<a><x:b/></a>',
      "<a><b xmlns:x='urn:x'></b><x:c/></a>",
      "<a><b xmlns:x='urn:x'/><x:c/></a>",
      "<a xmlns:x='urn:x'/><x:b/>",
      "<a xmlns:x='urn:x'/><b x:c=''/>",
      "<a xmlns:x=''/>",
      "<a xmlns:xmlns='urn:x'/>",
      "<a xmlns:xmlns='http://www.w3.org/2000/xmlns/'/>",
      "<a xmlns:xml='urn:x'/>",
      "<a xmlns:xml=''/>",
      "<a xmlns:x='http://www.w3.org/XML/1998/namespace'/>",
      "<a xmlns:x='http://www.w3.org/XML/1998/namespac&#101;'/>",
      "<a xmlns:x='http://www.w3.org/2000/xmlns/'/>",
      "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
      "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
      '<xmlns:a/>',
      '<xml:a/>',
      '<:a/>',
      '<a:/>',
      '<a: />',
      "<a b:=''/>",
      "<a :b=''/>",
      '<h:a:b/>',
      "<a h:b:c=''/>",
      '<h:1/>',
      "<a h:1=''/>",
      '<h:-a/>',
      '<h:\u0301/>',
      '<h::a/>',
      "<a xmlns:='urn:x'/>",
      "<a xmlns:1='urn:x'/>",
      "<a xmlns:x:y='urn:x'/>",
    ]),
  )('X-5: %s', (_what, stanza) => {
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
