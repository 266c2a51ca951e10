import { expect, test } from 'vitest'
import { XmlError } from './errors.js'
import { parseElement } from './parse-element.js'

// The table that decided against every parser on the registry: what each must do with these inputs. (Characters cut
// between two reads are in strictness.test.ts.)

type Must = 'ok' | 'not-well-formed' | 'restricted-xml' | 'unsupported-encoding' | 'bad-namespace-prefix'
type Row = readonly [what: string, must: Must, document: string | Buffer, text: string]

const latin1 = (text: string) => Buffer.from(text, 'latin1')

const table: Row[] = [
  ['plain', 'ok', '<a>x</a>', 'x'],
  ['predefined entities', 'ok', '<a>&lt;&amp;&gt;&quot;&apos;</a>', `<&>"'`],
  ['character reference', 'ok', '<a>&#65;&#x42;</a>', 'AB'],
  ['character reference with a capital X', 'not-well-formed', '<a>&#X41;</a>', ''],
  ['CDATA', 'ok', '<a>1<![CDATA[<2>]]>3</a>', '1<2>3'],
  ['XML declaration', 'ok', "<?xml version='1.0'?><a>x</a>", 'x'],
  ['> in an attribute', 'ok', "<a b='>'>x</a>", 'x'],
  ['white space in tags', 'ok', "<a  b = 'c' >x</a >", 'x'],
  ['prefixed', 'ok', "<p:a xmlns:p='urn:p'>x</p:a>", 'x'],
  ['xml:lang', 'ok', "<a xml:lang='en'>x</a>", 'x'],
  ['slash in an attribute', 'ok', "<a b='c/d'/>", ''],
  ['white space in attributes normalised', 'ok', "<a b='1\t2\n3'>x</a>", 'x'],
  ['line endings normalised', 'ok', '<a>1\r\n2\r3</a>', '1\n2\n3'],
  ['mismatched tags', 'not-well-formed', '<a><b></a></b>', ''],
  ['end tag never opened', 'not-well-formed', '<a></a></b>', ''],
  ['missing end tag', 'not-well-formed', '<a><b></b>', ''],
  ['second root', 'not-well-formed', '<a/><b/>', ''],
  ['text outside the root', 'not-well-formed', '<a/>x', ''],
  ['duplicate attribute', 'not-well-formed', "<a b='1' b='2'/>", ''],
  ['duplicate attribute by namespace', 'not-well-formed', "<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>", ''],
  ['bare & in text', 'not-well-formed', '<a>1 & 2</a>', ''],
  ['bare & at the end of text', 'not-well-formed', '<a>1 &</a>', ''],
  ['bare & in an attribute', 'not-well-formed', "<a b='1 & 2'/>", ''],
  ['unterminated entity', 'not-well-formed', '<a>&amp</a>', ''],
  ['undefined entity', 'restricted-xml', '<a>&nbsp;</a>', ''],
  ['< in an attribute', 'not-well-formed', "<a b='<'/>", ''],
  [']]> in text', 'not-well-formed', '<a>]]></a>', ''],
  ['unquoted attribute', 'not-well-formed', '<a b=c/>', ''],
  ['attribute without value', 'not-well-formed', '<a b/>', ''],
  ['no space between attributes', 'not-well-formed', "<a b='1'c='2'/>", ''],
  ['junk before an attribute', 'not-well-formed', "<a $b='1'/>", ''],
  ['value without =', 'not-well-formed', "<a b'1'/>", ''],
  ['space before the name', 'not-well-formed', '< a/>', ''],
  ['space after / in an end tag', 'not-well-formed', '<a></ a>', ''],
  ['name starts with a digit', 'not-well-formed', '<1a/>', ''],
  ['bad character in a name', 'not-well-formed', '<a$/>', ''],
  ['bad character in the name of an attribute', 'not-well-formed', "<a b$='1'/>", ''],
  ['empty name', 'not-well-formed', '<>', ''],
  ['slash inside a tag', 'not-well-formed', '<a / >', ''],
  ['attributes in an end tag', 'not-well-formed', "<a></a b='1'>", ''],
  ['NUL in text', 'not-well-formed', '<a>\0</a>', ''],
  ['NUL by reference', 'not-well-formed', '<a>&#0;</a>', ''],
  ['U+0001 by reference', 'not-well-formed', '<a>&#1;</a>', ''],
  ['surrogate by reference', 'not-well-formed', '<a>&#xD800;</a>', ''],
  ['reference beyond U+10FFFF', 'not-well-formed', '<a>&#x110000;</a>', ''],
  ['garbage in a reference', 'not-well-formed', '<a>&#65x;</a>', ''],
  ['U+FFFE', 'not-well-formed', '<a>\ufffe</a>', ''],
  ['U+0008 in an attribute', 'not-well-formed', "<a b='\b'/>", ''],
  ['undeclared prefix of an element', 'bad-namespace-prefix', '<p:a/>', ''],
  ['undeclared prefix of an attribute', 'bad-namespace-prefix', "<a p:b='1'/>", ''],
  ['prefix undeclared', 'bad-namespace-prefix', "<a xmlns:p=''/>", ''],
  ['xml rebound', 'bad-namespace-prefix', "<a xmlns:xml='urn:x'/>", ''],
  ['xmlns bound', 'bad-namespace-prefix', "<a xmlns:xmlns='urn:x'/>", ''],
  ['two colons', 'bad-namespace-prefix', "<p:a:b xmlns:p='urn:p'/>", ''],
  ['XML 1.1', 'not-well-formed', "<?xml version='1.1'?><a/>", ''],
  ['XML declaration not first', 'restricted-xml', " <?xml version='1.0'?><a/>", ''],
  ['CDATA outside the root', 'not-well-formed', '<![CDATA[x]]><a/>', ''],
  ['an attribute called __proto__', 'ok', "<a __proto__='x'>y</a>", 'y'],
  ['comment', 'restricted-xml', '<a><!-- x --></a>', ''],
  ['comment hiding a tag', 'restricted-xml', '<a><!-- </a> --></a>', ''],
  ['comment with --', 'restricted-xml', '<a><!-- -- --></a>', ''],
  ['fake comment', 'restricted-xml', '<a><!x></a>', ''],
  ['processing instruction', 'restricted-xml', '<a><?x y?></a>', ''],
  ['DOCTYPE', 'restricted-xml', '<!DOCTYPE a><a/>', ''],
  ['DTD with an entity', 'restricted-xml', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', ''],
  [
    'billion laughs',
    'restricted-xml',
    '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>',
    '',
  ],
  [
    'external entity',
    'restricted-xml',
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    '',
  ],
  ['0xFF', 'unsupported-encoding', latin1('<a>\xff</a>'), ''],
  ['overlong', 'unsupported-encoding', latin1('<a>\xc0\xaf</a>'), ''],
  ['surrogate in UTF-8', 'unsupported-encoding', latin1('<a>\xed\xa0\x80</a>'), ''],
  ['U+FFFE in UTF-8', 'not-well-formed', latin1('<a>\xef\xbf\xbe</a>'), ''],
  ['byte order mark', 'not-well-formed', '\ufeff<a/>', ''],
  ['UTF-16LE', 'unsupported-encoding', Buffer.from('\ufeff<a/>', 'utf16le'), ''],
  ['ISO-8859-1 declared', 'unsupported-encoding', "<?xml version='1.0' encoding='ISO-8859-1'?><a/>", ''],
]

/** The text of a document, or why it is refused. */
function read(document: string | Buffer): string {
  try {
    return `ok ${parseElement(document).text()}`
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    return error.condition
  }
}

test.each<Row>(table)('X-1 X-2 X-3 X-4 X-5 X-6 X-7: %s', (_what, must, document, text) => {
  expect(read(document)).toBe(must === 'ok' ? `ok ${text}` : must)
})
