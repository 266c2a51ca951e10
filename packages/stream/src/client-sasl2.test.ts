import { parseJid } from '@xmppkit/jid'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { type ClientMechanism, plainClient } from '@xmppkit/sasl'
import { isSaslFailure, NS } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { clientBind, clientSasl } from './client-features.js'
import { type ClientSasl2Options, clientSasl2 } from './client-sasl2.js'
import { createClientStream } from './client-stream.js'
import { fakeTransport, settled } from './fake-transport.js'
import type { StreamEnd } from './stream-end.js'

const greeting = `<stream:stream xmlns='jabber:client' xmlns:stream='${NS.streams}' id='x' from='example.com' version='1.0'>`
const offer = `<stream:features><authentication xmlns='${NS.sasl2}'><mechanism>PLAIN</mechanism><inline><bind xmlns='${NS.bind2}'/></inline></authentication><mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`
const plain = (): ClientMechanism => plainClient({ username: 'ann', password: 'secret' })

function open(options: Partial<ClientSasl2Options> = {}) {
  const transport = fakeTransport({ tls: { protocol: 'TLSv1.3' } })
  const ends: StreamEnd[] = []
  let ready = 0
  const choose = (names: readonly string[]) => (names.includes('PLAIN') ? plain() : undefined)
  const stream = createClientStream(
    {
      transport,
      clock: createManualClock(),
      logger: silentLogger,
      onEstablished: () => void ready++,
      onElement: () => {},
      onClosed: (end) => void ends.push(end),
    },
    {
      domain: 'example.com',
      from: parseJid('ann@example.com'),
      features: [clientSasl2({ choose, ...options }), clientSasl({ choose }), clientBind()],
    },
  )
  return {
    stream,
    ends,
    ready: () => ready,
    async say(text: string) {
      transport.taken()
      stream.receive(Buffer.from(text))
      await settled()
      return transport.taken()
    },
  }
}

const success = (jid: string, more = '') =>
  `<success xmlns='${NS.sasl2}'><authorization-identifier>${jid}</authorization-identifier>${more}</success>`

test('logs in and binds in one round trip', async () => {
  const answers: string[] = []
  const rig = open({
    userAgent: { id: 'd4565fa7-4d72-4749-b3d3-740edbf87770', software: 'S', device: 'D' },
    request: () => [new Element('bind', { xmlns: NS.bind2 })],
    onSuccess: (el) => void answers.push(...el.children.map(({ name }) => name)),
  })
  expect(await rig.say(greeting + offer)).toContain(
    `<authenticate xmlns="${NS.sasl2}" mechanism="PLAIN"><initial-response>AGFubgBzZWNyZXQ=</initial-response><user-agent id="d4565fa7-4d72-4749-b3d3-740edbf87770"><software>S</software><device>D</device></user-agent><bind xmlns="${NS.bind2}"/></authenticate>`,
  )
  await rig.say(`${success('ann@example.com/r', `<bound xmlns='${NS.bind2}'/>`)}<stream:features/>`)
  expect([String(rig.stream.state.bound), rig.stream.phase, rig.ready()]).toEqual([
    'ann@example.com/r',
    'established',
    1,
  ])
  expect(answers).toEqual(['authorization-identifier', 'bound'])
})

test('SM-4: a session that goes on does so at once, without features', async () => {
  const rig = open()
  await rig.say(greeting + offer)
  await rig.say(success('ann@example.com/r', `<resumed xmlns='${NS.streamManagement}' previd='x' h='0'/>`))
  expect([String(rig.stream.state.bound), rig.stream.phase, rig.ready()]).toEqual([
    'ann@example.com/r',
    'established',
    1,
  ])
})

test('binds in the older way where no session came with the login', async () => {
  const rig = open()
  await rig.say(greeting + offer)
  const asked = await rig.say(
    `${success('ann@example.com')}<stream:features><bind xmlns='${NS.bind}'/></stream:features>`,
  )
  expect(asked).toContain(`<bind xmlns="${NS.bind}"`)
})

test('leaves the login to the older profile where the server has no other', async () => {
  const rig = open()
  const older = `<stream:features><mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`
  expect(await rig.say(greeting + older)).toContain(`<auth xmlns="${NS.sasl}"`)
})

test('a refusal ends the stream with what the server said', async () => {
  const rig = open()
  await rig.say(greeting + offer)
  await rig.say(`<failure xmlns='${NS.sasl2}'><not-authorized xmlns='${NS.sasl}'/></failure>`)
  expect(isSaslFailure(rig.ends[0]?.cause) && rig.ends[0].cause.condition).toBe('not-authorized')
})

test.each([
  ['a task nobody here can do', `<continue xmlns='${NS.sasl2}'><tasks><task>X</task></tasks></continue>`],
  ['something else', "<message xmlns='jabber:client'/>"],
])('%s ends the stream', async (_what, answer) => {
  const rig = open()
  await rig.say(greeting + offer)
  await rig.say(answer)
  expect(rig.ends[0]?.cause).toMatchObject({ code: 'stream/unexpected-reply' })
})

test('without a mechanism it could use the stream ends', async () => {
  const rig = open({ choose: () => undefined })
  await rig.say(greeting + offer)
  expect(rig.ends[0]?.cause).toMatchObject({ code: 'stream/refused' })
})
