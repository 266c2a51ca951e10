import { delivered, userReceivePacket, userSendPacket } from '@xmppkit/c2s'
import { describe, expect, test } from 'vitest'
import { inMemory } from '../wire/ways.js'
import { allWays, body, chat, failure, openScene } from './scene.js'

const request = "<r xmlns='urn:xmpp:sm:3'/>"
const streamErrors = 'urn:ietf:params:xml:ns:xmpp-streams'
const ping = (id: string) => `<iq type='get' id='${id}'><ping xmlns='urn:xmpp:ping'/></iq>`

describe.each(allWays)('acknowledgements %s', (_name, way) => {
  test('SM-1: the server counts stanzas, and nothing else', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.bound('juliet')
    await juliet.enable()
    expect(await juliet.settle()).toBe(0)
    juliet.send(' \n')
    expect(await juliet.settle()).toBe(0)
    juliet.send(`<presence/>${ping('1')}${chat('romeo@capulet.test', '1')}`)
    expect(await juliet.settle()).toBe(3)
    expect(await juliet.settle()).toBe(3)
  })

  test('SM-1: so it does those that are answered with an error, and those features answer', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.bound('juliet')
    await juliet.enable()
    juliet.send(`<iq type='get' id='1' to='@'><x xmlns='urn:example'/></iq>`)
    juliet.send(`<iq type='set' id='2'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>`)
    juliet.send(`<iq type='set' id='3'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`)
    juliet.send(`<iq type='get' id='4'><x xmlns='urn:example'/></iq>`)
    expect(await juliet.settle()).toBe(4)
    for (const type of ['error', 'result', 'error', 'error']) await juliet.expect(`<iq type='${type}'/>`)
    juliet.acknowledge(4)
    await juliet.expectNothing()
  })

  test('SM-1: what it sends is counted from the answer on, whoever it is from', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    const before = juliet.handled
    romeo.send(chat(juliet.jid.toString(), '1') + chat(juliet.jid.bare.toString(), '2'))
    await romeo.settle()
    juliet.send(ping('p'))
    await juliet.settle()
    for (const id of ['1', '2', 'p']) await juliet.expect(id === 'p' ? "<iq id='p'/>" : body(id))
    expect(juliet.handled).toBe(before + 3)
    juliet.acknowledge()
    await juliet.expectNothing()
  })

  test('SM-1: an acknowledgement of more than was sent ends the stream, and the session', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    juliet.acknowledge(juliet.handled + 1)
    const error = await juliet.client.receive()
    expect(error.has('undefined-condition', streamErrors)).toBe(true)
    const detail = error.child('handled-count-too-high', 'urn:xmpp:sm:3')
    expect([detail?.attr('h'), detail?.attr('send-count')]).toEqual([
      String(juliet.handled + 1),
      String(juliet.handled),
    ])
    await juliet.client.expectEnd()
    expect(failure(await (await scene.authenticated('juliet')).resume(juliet))).toBe('failed item-not-found')
  })

  test('SM-1: an acknowledgement of less than before ends the stream', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    juliet.acknowledge(juliet.handled - 1)
    const error = await juliet.client.receive()
    expect(error.has('undefined-condition', streamErrors)).toBe(true)
    expect(error.has('handled-count-too-high', 'urn:xmpp:sm:3')).toBe(false)
    await juliet.client.expectEnd()
  })

  test.each(["<a xmlns='urn:xmpp:sm:3'/>", "<a xmlns='urn:xmpp:sm:3' h='many'/>"])(
    'SM-1: %s is a bad request',
    async (element) => {
      await using scene = await openScene(way)
      const juliet = await scene.managed('juliet')
      juliet.send(element)
      expect(failure(await juliet.client.receive())).toBe('failed bad-request')
      await juliet.expectNothing()
    },
  )

  test('SM-1: the same number again is no news', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    for (let i = 0; i < 3; i += 1) juliet.acknowledge()
    await juliet.expectNothing()
  })

  test('SM-3: many requests are all answered', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    juliet.send(request.repeat(200))
    for (let i = 0; i < 200; i += 1) expect((await juliet.client.receive()).attr('h')).toBe('1')
    await juliet.expectNothing()
  })

  test('SM-7: it asks after some stanzas, once, and for fewer when it is quiet', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    const asked = juliet.requests
    for (let i = 0; i < 4; i += 1) romeo.send(chat(juliet.jid.toString(), String(i)))
    await romeo.settle()
    for (let i = 0; i < 4; i += 1) await juliet.expect(body(String(i)))
    await juliet.expectNothing()
    expect(juliet.requests - asked).toBe(0)
    await scene.clock.advance(500)
    await juliet.expectNothing()
    expect(juliet.requests - asked).toBe(1)
    // Nobody answers: no further question.
    for (let i = 0; i < 20; i += 1) romeo.send(chat(juliet.jid.toString(), String(i)))
    await romeo.settle()
    await scene.clock.advance(500)
    await juliet.forget()
    expect(juliet.requests - asked).toBe(1)
    juliet.acknowledge()
    await juliet.settle()
    for (let i = 0; i < 5; i += 1) romeo.send(chat(juliet.jid.toString(), String(i)))
    await romeo.settle()
    await juliet.forget()
    expect(juliet.requests - asked).toBe(2)
  })

  test('SM-7: a client that answers and is behind is asked again as soon as more has come', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    const asked = juliet.requests
    for (let i = 0; i < 5; i += 1) romeo.send(chat(juliet.jid.toString(), String(i)))
    await romeo.settle()
    for (let i = 0; i < 5; i += 1) await juliet.expect(body(String(i)))
    await juliet.forget()
    expect(juliet.requests - asked).toBe(1)
    juliet.acknowledge(juliet.handled - 2)
    romeo.send(chat(juliet.jid.toString(), '5'))
    await romeo.settle()
    await juliet.expect(body('5'))
    await scene.clock.advance(500)
    await juliet.forget()
    expect(juliet.requests - asked).toBe(2)
  })

  test('SM-7: who does not answer has lost the connection, and may resume', async () => {
    await using scene = await openScene(way, { streamManagement: { ackTimeoutMs: 1_000 } })
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    await juliet.expect(body('1'))
    await scene.clock.advance(500)
    await juliet.settle()
    await scene.clock.advance(1_000)
    expect((await juliet.client.receive()).has('connection-timeout', streamErrors)).toBe(true)
    await juliet.client.expectEnd()
    const again = await scene.resumed(juliet, juliet.handled - 1)
    await again.expect(body('1', true))
  })

  test('SM-7: what was asked on a connection that was left is not asked on the next', async () => {
    await using scene = await openScene(way, { streamManagement: { ackTimeoutMs: 1_000 } })
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    await juliet.expect(body('1'))
    await scene.clock.advance(500)
    await juliet.settle()
    // Its network has changed: nobody answers any more, and the server does not know yet.
    const again = await scene.resumed(juliet, juliet.handled - 1)
    await again.expect(body('1', true))
    const asked = again.requests
    await scene.clock.advance(500)
    await again.expectNothing()
    expect(again.requests - asked).toBe(1)
    await scene.clock.advance(999)
    again.acknowledge()
    await again.settle()
    await scene.clock.advance(1_000)
    await again.settle()
    expect(scene.waiting).toBe(0)
  })

  test('SM-7: a client that acknowledges now and then is never cut off', async () => {
    await using scene = await openScene(way, { streamManagement: { ackTimeoutMs: 1_000 } })
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    for (let i = 0; i < 5; i += 1) {
      romeo.send(chat(juliet.jid.toString(), String(i)))
      await romeo.settle()
      romeo.acknowledge()
      await juliet.expect(body(String(i)))
      await scene.clock.advance(900)
      juliet.acknowledge()
      await juliet.settle()
    }
    expect(scene.waiting).toBe(0)
  })
})

describe('acknowledgements', () => {
  test('SM-2: a stanza counts once the server is done with it, not when it arrives', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.managed('juliet')
    let go = () => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    scene.server.host().hooks.on(userSendPacket, async (stanza) => {
      if (stanza.id === 'slow') await gate
      return stanza
    })
    juliet.send(chat('romeo@capulet.test', 'slow'))
    let h: number | undefined
    const settling = juliet.settle().then((value) => {
      h = value
    })
    await scene.clock.advance(0)
    expect(h).toBeUndefined()
    go()
    await settling
    expect(h).toBe(2)
  })

  test('SM-2: `delivered` is told when the client says so, and not before', async () => {
    await using scene = await openScene(inMemory)
    const told: string[] = []
    scene.server
      .host()
      .hooks.on(delivered, ({ stanza, session }) => void told.push(`${stanza.id} ${session.jid.resource}`))
    const juliet = await scene.managed('juliet', 'phone')
    const romeo = await scene.managed('romeo')
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    await juliet.expect(body('1'))
    expect(told).toEqual([])
    juliet.acknowledge()
    await juliet.settle()
    expect(told).toEqual(['1 phone'])
  })

  test('SM-2: without stream management it is told when the message is written', async () => {
    await using scene = await openScene(inMemory)
    const told: string[] = []
    scene.server.host().hooks.on(delivered, ({ stanza }) => void told.push(stanza.id ?? ''))
    const juliet = await scene.bound('juliet', 'phone')
    const romeo = await scene.managed('romeo')
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    await juliet.client.expect(body('1'))
    expect(told).toEqual(['1'])
  })

  test('SM-7: a client that is read slowly is not taken for silent', async () => {
    await using scene = await openScene(inMemory, {
      c2s: { shaper: { bytesPerSecond: 1_000, burstBytes: 10_000 } },
      streamManagement: { ackTimeoutMs: 1_000 },
    })
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    // It answers at once, but not before half a minute is anything of it read.
    juliet.send(chat('nurse@capulet.test', 'x'.repeat(20_000)))
    await scene.clock.advance(0)
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    await scene.clock.advance(500)
    juliet.acknowledge(juliet.handled + 1)
    await scene.clock.advance(5_000)
    expect(scene.waiting).toBe(0)
    await scene.clock.advance(60_000)
    await juliet.expect(body('1'))
    await juliet.settle()
    expect(scene.waiting).toBe(0)
  })

  test('SM-1: what a handler changes on the way is what counts, once', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    scene.server.host().hooks.on(userReceivePacket, (stanza) => stanza.with({ id: `${stanza.id}!` }))
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    await juliet.expect("<message id='1!'/>")
    await scene.cut(juliet)
    const again = await scene.resumed(juliet, juliet.handled - 1)
    await again.expect("<message id='1!'/>")
    await again.expectNothing()
  })

  test('SEC-31: a flood of requests is slowed down like one of stanzas', async () => {
    await using scene = await openScene(inMemory, {
      c2s: { shaper: { operationsPerSecond: 10, burstOperations: 20 } },
    })
    const juliet = await scene.managed('juliet', 'r', '')
    juliet.send(request.repeat(100))
    await scene.clock.advance(0)
    const answers: number[] = []
    const counted = (async () => {
      for (let i = 0; i < 100; i += 1) answers.push(Number((await juliet.client.receive()).attr('h')))
    })()
    await scene.clock.advance(1_000)
    expect(answers.length).toBeLessThan(60)
    juliet.client.cut()
    await counted.catch(() => {})
  })
})
