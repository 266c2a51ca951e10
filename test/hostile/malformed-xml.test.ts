import { afterAll, beforeAll, describe, test } from 'vitest'
import { domain, expectFarewell, header, openScene, type Scene, stages } from './scene.js'

let scene: Scene
let sceneOfTwo: Scene
beforeAll(async () => {
  scene = await openScene()
  sceneOfTwo = await openScene({ domains: [domain, 'b.test'] })
})
afterAll(async () => {
  await scene[Symbol.asyncDispose]()
  await sceneOfTwo[Symbol.asyncDispose]()
})

const inStanza = (inner: string) => `<message><body>${inner}</body></message>`
const inAttribute = (inner: string) => `<message id='${inner}'/>`

/** What is no XML, or more XML than XMPP allows, with the condition that says so. */
const faults: readonly (readonly [rules: string, what: string, xml: string, condition: string])[] = [
  ['X-1', 'a comment', '<!-- hello -->', 'restricted-xml'],
  ['X-1', 'a comment in a stanza', inStanza('<!-- hello -->'), 'restricted-xml'],
  ['X-1', 'a processing instruction', '<?php exec() ?>', 'restricted-xml'],
  ['X-1', 'a processing instruction in a stanza', inStanza('<?php exec() ?>'), 'restricted-xml'],
  ['X-1 SEC-1', 'a document type in a stanza', inStanza('<!DOCTYPE x [<!ENTITY a "b">]>'), 'restricted-xml'],
  ['X-1 SEC-1', 'an entity nobody defined', inStanza('&lol;'), 'restricted-xml'],
  ['X-1 SEC-1', 'an entity nobody defined, in a value', inAttribute('&lol;'), 'restricted-xml'],
  ['X-2', 'a reference to NUL', inStanza('&#0;'), 'not-well-formed'],
  ['X-2', 'a reference to a control character, in a value', inAttribute('&#x1F;'), 'not-well-formed'],
  ['X-2', 'a reference to a surrogate', inStanza('&#xD800;'), 'not-well-formed'],
  ['X-2', 'a reference beyond Unicode', inStanza('&#x110000;'), 'not-well-formed'],
  ['X-4', 'a second XML declaration', "<?xml version='1.0'?><message/>", 'restricted-xml'],
  ['X-5', 'a prefix nobody declared', '<x:message/>', 'bad-namespace-prefix'],
  ['X-5', 'two colons in a name', '<message a:b:c="1"/>', 'bad-namespace-prefix'],
  ['X-5', 'an attribute twice', "<message id='1' id='2'/>", 'not-well-formed'],
  ['X-5', 'the prefix xml bound to something else', "<message xmlns:xml='urn:x'/>", 'bad-namespace-prefix'],
  ['X-6', 'an end tag that does not match', '<message><body></message></body>', 'not-well-formed'],
  ['X-6', 'an end tag of nothing', '</message>', 'not-well-formed'],
  ['X-6', 'a control character', inStanza('\u0001'), 'not-well-formed'],
  ['X-6', 'a bare less-than sign in a value', inAttribute('<'), 'not-well-formed'],
  ['X-6', 'an ampersand alone', inStanza('a & b'), 'not-well-formed'],
  ['X-6', 'the end of a CDATA section outside of one', inStanza(']]>'), 'not-well-formed'],
  ['S-12', 'text between elements', 'hello', 'not-well-formed'],
  ['S-12', 'a web browser', 'GET / HTTP/1.1\r\nHost: hostile.test\r\n\r\n', 'not-well-formed'],
]

const streaming = stages.filter(({ headerDue }) => !headerDue)

describe.each(streaming.map((stage) => [stage.name, stage] as const))('%s', (_name, stage) => {
  test.each(faults)('S-9 S-20 %s: %s', async (_rules, _what, xml, condition) => {
    await expectFarewell(scene, stage, xml, condition)
  })
})

const damaged: readonly (readonly [rules: string, what: string, xml: string, condition: string])[] = [
  ['X-1 SEC-1', 'a document type', `<!DOCTYPE x [<!ENTITY a "b">]>${header}`, 'restricted-xml'],
  ['X-1', 'a comment before it', `<!-- x -->${header}`, 'restricted-xml'],
  ['X-1', 'an entity in a value', header.replace('hostile', '&lol;'), 'restricted-xml'],
  ['X-2', 'a reference to NUL', header.replace('hostile', '&#0;'), 'not-well-formed'],
  ['X-3', 'another encoding', header.replace('?>', " encoding='ISO-8859-1'?>"), 'unsupported-encoding'],
  ['X-5', 'an attribute twice', header.replace(' to=', " to='a' to="), 'not-well-formed'],
  ['X-5 S-6', 'an undeclared prefix', header.replace('xmlns:stream', 'xmlns:other'), 'bad-namespace-prefix'],
  ['X-6', 'a web browser', 'GET / HTTP/1.1\r\nHost: hostile.test\r\n\r\n', 'not-well-formed'],
  ['X-6', 'a TLS handshake', '\u0016\u0003\u0001\u0002\u0000\u0001', 'not-well-formed'],
  ['S-6', 'another root', '<message/>', 'invalid-namespace'],
  [
    'S-5',
    'a version of the future',
    header.replace(/ version='1\.0' /, " version='2.0' "),
    'unsupported-version',
  ],
]

/** White space may precede the header of a restarted stream: it belongs to the former one. */
const first = stages.find(({ name }) => name === 'before a header')!
const restarted = stages.find(({ name }) => name === 'between login and new header')!

describe.each([first, restarted].map((stage) => [stage.name, stage] as const))('%s', (_name, stage) => {
  test.each(damaged)('S-1 S-20 %s: %s', async (_rules, _what, xml, condition) => {
    await expectFarewell(scene, stage, xml, condition)
  })
})

test.each([
  ['S-1 X-4: white space before the declaration', first, ` ${header}`, 'restricted-xml'],
  ['S-1 S-4: a domain nobody serves', first, header.replace(domain, 'elsewhere.test'), 'host-unknown'],
  [
    'S-8 SEC-10: another domain after the login',
    restarted,
    header.replace(domain, 'b.test'),
    'not-authorized',
  ],
  [
    'S-8 SEC-10: another account after the login',
    restarted,
    header.replace(' to=', ` from='juliet@${domain}' to=`),
    'invalid-from',
  ],
])('%s', async (_title, stage, xml, condition) => {
  await expectFarewell(sceneOfTwo, stage, xml, condition)
})
