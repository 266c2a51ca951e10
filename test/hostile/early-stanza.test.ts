import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { domain, expectFarewell, farewell, openScene, type Scene, stages } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await openScene({ registration: { allowRegistration: false } })
})
afterAll(() => scene[Symbol.asyncDispose]())

const stanzas: readonly (readonly [what: string, xml: string])[] = [
  ['a message', `<message to='juliet@${domain}/r'><body>too early</body></message>`],
  ['presence', '<presence/>'],
  ['a subscription', `<presence to='juliet@${domain}' type='subscribe'/>`],
  [
    'a request to a person',
    `<iq type='get' id='1' to='juliet@${domain}/r'><query xmlns='jabber:iq:version'/></iq>`,
  ],
  ['a request to the server', `<iq type='get' id='1' to='${domain}'><ping xmlns='urn:xmpp:ping'/></iq>`],
  ['a request for the roster', "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>"],
  ['an answer', `<iq type='result' id='1' to='juliet@${domain}/r'/>`],
]

const beforeSession = stages.filter(
  ({ headerDue, name }) => !headerDue && name !== 'in a session' && name !== 'before STARTTLS',
)

describe.each(beforeSession.map((stage) => [stage.name, stage] as const))('%s', (_name, stage) => {
  test.each(stanzas)('S-10 B-1: %s ends the stream and reaches nobody', async (_what, xml) => {
    await expectFarewell(scene, stage, xml, 'not-authorized')
  })
})

test('S-10: an element nobody knows ends the stream', async () => {
  for (const stage of beforeSession.filter(({ name }) => name !== 'amid a login')) {
    await expectFarewell(scene, stage, "<enable xmlns='urn:xmpp:tomorrow:0'/>", 'unsupported-stanza-type')
  }
})

test('S-10 T-1: with TLS due, there is nothing but TLS', async () => {
  const stage = stages.find(({ name }) => name === 'before STARTTLS')!
  for (const [, xml] of stanzas) {
    const line = await stage.reach(scene)
    line.forget()
    line.send(xml)
    expect(await line.gone).toMatch(farewell('(not-authorized|policy-violation)', { withHeader: false }))
  }
  await scene.othersChat()
})

test('B-1: binding for somebody else is not binding', async () => {
  const stage = stages.find(({ name }) => name === 'before binding')!
  const bind = `<iq type='set' id='b' to='juliet@${domain}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>`
  await expectFarewell(scene, stage, bind, 'not-authorized')
})
