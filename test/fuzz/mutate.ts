// Seeded mutations of XML, in bytes.

/** A small repeatable generator (mulberry32): the same seed gives the same document everywhere. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const snippets = [
  '<',
  '>',
  '/',
  '</',
  '/>',
  '=',
  '"',
  "'",
  ' ',
  '\n',
  '\r\n',
  '\t',
  ':',
  '&',
  ';',
  ']',
  ']]>',
  '!',
  '?',
  '-',
  'x',
  '0',
  '_',
  '.',
  '&amp;',
  '&lt;',
  '&gt;',
  '&quot;',
  '&apos;',
  '&#9;',
  '&#10;',
  '&#13;',
  '&#32;',
  '&#65;',
  '&#x41;',
  '&#x1F600;',
  '&#0;',
  '&#x1;',
  '&#xD800;',
  '&#xFFFE;',
  '&#x110000;',
  '&#;',
  '&#x;',
  '&#X41;',
  '&#0000000065;',
  '&nbsp;',
  '&a',
  '&#38;#60;',
  '&amp',
  '<![CDATA[',
  '<![CDATA[]]>',
  '<![CDATA[<&]]]]><![CDATA[>]]>',
  '<![cdata[x]]>',
  '<!--',
  '-->',
  '<!-- x -->',
  '<!',
  '<?',
  '?>',
  '<?x y?>',
  "<?xml version='1.0'?>",
  '<!DOCTYPE a>',
  '<!ENTITY a "b">',
  " xmlns=''",
  " xmlns='jabber:client'",
  " xmlns='urn:a'",
  " xmlns:p='urn:p'",
  " xmlns:q='urn:p'",
  " xmlns:p=''",
  " xmlns:p='jabber:client'",
  " xmlns:xml='http://www.w3.org/XML/1998/namespace'",
  " xmlns:x='http://www.w3.org/XML/1998/namespace'",
  " xmlns='http://www.w3.org/2000/xmlns/'",
  " xmlns:xmlns='urn:a'",
  " xmlns='urn:a&#58;b'",
  " xml:lang='de'",
  " p:a='1'",
  " q:a='2'",
  " h:a='3'",
  " a='1'",
  " a='2'",
  " a = \n'1'",
  ' a="\'"',
  " a='\"'",
  " a='&lt;>'",
  '<p:x/>',
  '<h:x/>',
  '<h:x></h:x>',
  '<p:x>',
  '</p:x>',
  '<a/>',
  '<a>',
  '</a>',
  '</a >',
  '< a>',
  '<a/ >',
  '<body>',
  '</body>',
  '<stream:stream>',
  '</stream:stream>',
  '<stream:x/>',
  ']]<a/>>',
  ']<a/>]>',
  '\r<a/>\n',
  '<xml:a/>',
  '<xmlns:a/>',
  '<__proto__/>',
  " __proto__='x'",
  '<constructor a="b"/>',
  '<a:b:c/>',
  '<:a/>',
  '<a:/>',
  '<p:1/>',
  '<é/>',
  '<a·b/>',
  '<·a/>',
  '<×/>',
  '\u0000',
  '\u0001',
  '\u000b',
  '\u007f',
  '\u0085',
  '\u00a0',
  '\u2028',
  '\ufeff',
  '\ufffd',
  '\ufffe',
  '\uffff',
  'é',
  'ж',
  '漢',
  '😀',
  '\u{10ffff}',
  '\ud7ff',
  '\ue000',
].map((text) => Buffer.from(text))

const rawBytes = [
  [0xff],
  [0xc0, 0x80],
  [0xc1, 0xbf],
  [0xe0, 0x80, 0x80],
  [0xe0, 0x9f, 0xbf],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0x80],
  [0xbf],
  [0xc3],
  [0xe2, 0x82],
  [0xf0, 0x9f, 0x98],
  [0xef, 0xbf, 0xbe],
  [0xef, 0xbb, 0xbf],
].map((bytes) => Buffer.from(bytes))

/** A copy of the document with one to three changes. */
export function mutate(document: Buffer, random: (below: number) => number): Buffer {
  let out = document
  for (let changes = 1 + random(3); changes > 0; changes--) out = change(out, random)
  return out
}

function change(document: Buffer, random: (below: number) => number): Buffer {
  const at = random(document.length + 1)
  const length = 1 + random(random(4) === 0 ? 24 : 3)
  const before = document.subarray(0, at)
  const after = document.subarray(at)
  const piece = document.subarray(random(document.length + 1)).subarray(0, length * 4)
  switch (random(8)) {
    case 0:
      return Buffer.concat([before, after.subarray(length)])
    case 1:
      return Buffer.concat([before, piece, after])
    case 2:
      return Buffer.concat([before, Buffer.from([anyByte(document, random)]), after.subarray(1)])
    case 3:
      return Buffer.concat([before, rawBytes[random(rawBytes.length)]!, after])
    case 4:
      return Buffer.concat([before, snippets[random(snippets.length)]!, after.subarray(length)])
    case 5:
      return insertAfter(document, random(2) === 0 ? 0x20 : 0x3e, at, snippets[random(snippets.length)]!)
    default:
      return Buffer.concat([before, snippets[random(snippets.length)]!, after])
  }
}

/** Any byte, or one the document already has, which is more likely to be understood. */
function anyByte(document: Buffer, random: (below: number) => number): number {
  const own = document[random(document.length + 1)]
  return own === undefined || random(2) === 0 ? random(256) : own
}

/** Puts a piece behind the next space or tag end, where it has the best chance of making sense. */
function insertAfter(document: Buffer, byte: number, from: number, piece: Buffer): Buffer {
  const found = document.indexOf(byte, from)
  const at = found < 0 ? document.length : found + (byte === 0x3e ? 1 : 0)
  return Buffer.concat([document.subarray(0, at), piece, document.subarray(at)])
}
