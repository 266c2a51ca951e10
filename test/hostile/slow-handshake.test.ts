import { createManualClock, type ManualClock } from '@xmppkit/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { farewell, header, openScene, password, type Scene, stages } from './scene.js'
import { call, openSocketScene, type SocketScene, secure } from './sockets.js'

let clock: ManualClock
beforeEach(() => {
  clock = createManualClock()
})

describe('in memory', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = await openScene({ clock })
  })
  afterEach(() => scene[Symbol.asyncDispose]())

  test('SEC-30 S-14: a header that comes drop by drop does not put off the end', async () => {
    const slow = scene.line()
    const drops = header.slice(0, 29)
    for (const drop of drops) {
      slow.send(drop)
      await clock.advance(1_000)
    }
    expect(slow.heard()).toBe('')
    await clock.advance(999)
    expect(slow.heard()).toBe('')
    await clock.advance(1)
    expect(await slow.gone).toMatch(farewell('connection-timeout', { withHeader: true }))
    await scene.othersChat()
  })

  const unfinished = stages.filter(({ name }) => name !== 'in a session')
  test.each(unfinished.map((stage) => [stage.name, stage] as const))(
    'SEC-30: whoever stays %s is cut off after thirty seconds, whatever it goes on to say',
    async (_name, stage) => {
      const slow = await stage.reach(scene)
      slow.forget()
      for (let second = 1; second < 30; second++) {
        // White space is a sign of life once there is a stream, and nothing more.
        if (!stage.headerDue) slow.send(' ')
        await clock.advance(1_000)
      }
      expect(slow.heard()).toBe('')
      await clock.advance(1_000)
      expect(await slow.gone).toMatch(farewell('connection-timeout', { withHeader: stage.headerDue }))
      await scene.othersChat()
    },
  )

  test('SEC-30: failed logins do not put it off', async () => {
    const slow = scene.line()
    await slow.client.open()
    for (let i = 0; i < 4; i++) {
      slow.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AG1hbGxvcnkAeA==</auth>")
      await slow.client.expect("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
      await clock.advance(7_000)
    }
    slow.forget()
    await clock.advance(2_000)
    expect(await slow.gone).toMatch(farewell('connection-timeout', { withHeader: false }))
  })

  test('SEC-30: nor does asking for the registration form', async () => {
    await using open = await openScene({ clock, registration: { allowRegistration: true } })
    const slow = open.line()
    await slow.client.open()
    for (let i = 0; i < 29; i++) {
      slow.send(`<iq type='get' id='${i}'><query xmlns='jabber:iq:register'/></iq>`)
      await slow.client.expect(`<iq type='result' id='${i}'/>`)
      await clock.advance(1_000)
    }
    slow.forget()
    await clock.advance(1_000)
    expect(await slow.gone).toMatch(farewell('connection-timeout', { withHeader: false }))
  })

  test('SEC-30: who is logged in by then stays', async () => {
    const person = await scene.person('mallory')
    await clock.advance(60_000)
    await person.client.expectNothing()
    person.client.cut()
  })
})

describe('over sockets', () => {
  let scene: SocketScene
  afterEach(() => scene[Symbol.asyncDispose]())

  test('SEC-30 T-5: silence instead of a TLS handshake ends the connection without a word', async () => {
    scene = await openSocketScene('starttls', { clock })
    const slow = await call(scene.port)
    await slow.send(`${header}<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`)
    await slow.until('<proceed')
    await clock.advance(10_000)
    expect(await slow.gone).toBe('')
    await expect.poll(scene.connections).toBe(0)
    await scene.othersChat()
  })

  test.each(['direct', 'starttls'] as const)(
    'SEC-30 T-5: a TLS handshake that comes drop by drop, %s',
    async (way) => {
      scene = await openSocketScene(way, { clock })
      const slow = await call(scene.port)
      if (way === 'starttls') {
        await slow.send(`${header}<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`)
        await slow.until('<proceed')
      }
      await expect.poll(scene.connections).toBe(1)
      // The beginning of a ClientHello that claims to be 512 bytes long.
      for (const byte of [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01]) {
        await slow.send(Uint8Array.of(byte))
        await clock.advance(1_000)
      }
      expect(slow.socket.destroyed).toBe(false)
      await clock.advance(2_000)
      expect(await slow.gone).toBe('')
      await expect.poll(scene.connections).toBe(0)
      await scene.othersChat()
    },
  )

  test('SEC-30: silence from the start, where TLS is due from the first byte', async () => {
    scene = await openSocketScene('direct', { clock })
    const silent = await call(scene.port)
    await expect.poll(scene.connections).toBe(1)
    await clock.advance(10_000)
    expect(await silent.gone).toBe('')
    await expect.poll(scene.connections).toBe(0)
  })

  test('SEC-30: a login that stops after TLS', async () => {
    scene = await openSocketScene('starttls', { clock })
    const slow = await call(scene.port)
    await slow.send(`${header}<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`)
    await slow.until('<proceed')
    await clock.advance(9_000)
    const secured = await secure(slow)
    await secured!.send(header)
    await secured!.until('</stream:features>')
    // The time for the handshake is part of the time for the login.
    await clock.advance(21_000)
    expect(await secured!.gone).toMatch(farewell('connection-timeout', { withHeader: false }))
    await expect.poll(scene.connections).toBe(0)
  })

  test('SEC-30: who is told to go and does not is dropped', async () => {
    scene = await openSocketScene('none', { clock })
    const stubborn = await call(scene.port, { allowHalfOpen: true })
    await expect.poll(scene.connections).toBe(1)
    await clock.advance(30_000)
    await stubborn.until('</stream:stream>')
    await clock.advance(10_000)
    await expect.poll(scene.connections).toBe(0)
    stubborn.socket.destroy()
  })

  test('SEC-30 L-1: many slow ones keep nobody else out', async () => {
    scene = await openSocketScene('none', { clock })
    const slow = await Promise.all(Array.from({ length: 200 }, () => call(scene.port)))
    await Promise.all(slow.map((one) => one.send(header.slice(0, 20))))
    const busy = await call(scene.port)
    await busy.send(header)
    await busy.until('</stream:features>')
    const plain = Buffer.from(`\0mallory\0${password}`).toString('base64')
    await busy.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`)
    await busy.until('<success')
    await clock.advance(30_000)
    for (const one of slow) await one.gone
    await expect.poll(scene.connections).toBe(0)
  })
})
