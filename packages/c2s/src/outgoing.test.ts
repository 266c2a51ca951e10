import { drop } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import { sessionClosed, sessionOpened } from '@xmppkit/sessions'
import { message, type Stanza, StanzaError } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { bindRequest, connect, logIn, rig, settled } from './fake-client.js'
import { userReceivePacket } from './tokens.js'

const to = (address: string, body: string) =>
  message({ type: 'chat', from: 'bob@other.example/x', to: address, id: body, body })
const written = (body: string, address = 'ann@example.com/r') =>
  `<message from="bob@other.example/x" id="${body}" to="${address}" type="chat"><body>${body}</body></message>`

describe('what reaches a client', () => {
  test('a stanza is written in the content namespace of the stream, in order', async () => {
    const { client, sessions } = rig()
    const ann = await client('ann', 'r')
    for (const body of ['1', '2', '3']) void sessions.deliver(to('ann@example.com/r', body))
    expect(await ann.heard()).toBe(written('1') + written('2') + written('3'))
  })

  test('W-3: in frames every stanza declares its namespace', async () => {
    const { client, sessions } = rig()
    const ann = await client('ann', 'r', { framing: 'framed' })
    void sessions.deliver(to('ann@example.com/r', '1'))
    expect(await ann.heard()).toBe(written('1').replace('type="chat"', 'type="chat" xmlns="jabber:client"'))
  })

  test('handlers of userReceivePacket see it with its session, and may change it', async () => {
    const { client, hooks, sessions } = rig()
    hooks.on(userReceivePacket, (stanza, { session }) => stanza.with({ lang: session.jid.resource }))
    const ann = await client('ann', 'r')
    void sessions.deliver(to('ann@example.com/r', '1'))
    expect(await ann.heard()).toContain(' xml:lang="r"')
  })

  test('what a handler drops counts as delivered', async () => {
    const { client, hooks, sessions } = rig()
    hooks.on(userReceivePacket, () => drop)
    const ann = await client('ann', 'r')
    const outcomes: string[] = []
    const { sid } = sessions.resources(parseJid('ann@example.com').bare)[0]!
    void sessions.deliverTo(sid, to('ann@example.com/r', '1'), (outcome) => outcomes.push(outcome))
    expect(await ann.heard()).toBe('')
    expect(outcomes).toEqual(['delivered'])
  })

  test('M-8: what a handler refuses is answered to the sender', async () => {
    const { client, hooks, sessions, away } = rig()
    hooks.on(userReceivePacket, () => {
      throw new StanzaError('service-unavailable')
    })
    const ann = await client('ann', 'r')
    void sessions.deliver(to('ann@example.com/r', '1'))
    expect(await ann.heard()).toBe('')
    expect(away.map(({ type, to: sender }) => `${type} ${sender}`)).toEqual(['error bob@other.example/x'])
  })

  test('M-7: a handler that waits does not let later stanzas pass', async () => {
    const { client, hooks, sessions } = rig()
    let go = () => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    hooks.on(userReceivePacket, (stanza) => (stanza.id === '1' ? gate.then(() => stanza) : stanza))
    const ann = await client('ann', 'r')
    const first = sessions.deliver(to('ann@example.com/r', '1'))
    const second = sessions.deliver(to('ann@example.com/r', '2'))
    expect(await ann.heard()).toBe('')
    go()
    await Promise.all([first, second])
    void sessions.deliver(to('ann@example.com/r', '3'))
    expect(await ann.heard()).toBe(written('1') + written('2') + written('3'))
  })

  test('M-7: nor do stanzas that all wait stand in each other’s way', async () => {
    const { client, hooks, sessions } = rig()
    hooks.on(userReceivePacket, async (stanza) => stanza)
    const ann = await client('ann', 'r')
    await Promise.all(['1', '2', '3'].map((id) => sessions.deliver(to('ann@example.com/r', id))))
    expect(await ann.heard()).toBe(written('1') + written('2') + written('3'))
  })

  test('what waits behind such a handler is bounded', async () => {
    const { client, hooks, sessions, away } = rig({ c2s: { maxWaiting: 2 } })
    hooks.on(userReceivePacket, () => new Promise<Stanza>(() => {}))
    await client('ann', 'r')
    for (const body of ['1', '2', '3']) void sessions.deliver(to('ann@example.com/r', body))
    await settled()
    expect(away.map(({ id }) => id)).toEqual(['3'])
  })

  test('receipts tell when the operating system has it', async () => {
    const { client, sessions } = rig()
    const ann = await client('ann', 'r')
    ann.instant = false
    const outcomes: string[] = []
    const { sid } = sessions.resources(parseJid('ann@example.com').bare)[0]!
    void sessions.deliverTo(sid, to('ann@example.com/r', '1'), (outcome) => outcomes.push(outcome))
    expect(await ann.heard()).toBe(written('1'))
    expect(outcomes).toEqual([])
    ann.flush()
    expect(outcomes).toEqual(['delivered'])
  })

  test('a receipt that throws is reported and harms nobody', async () => {
    const { client, sessions, errors } = rig()
    const ann = await client('ann', 'r')
    const { sid } = sessions.resources(parseJid('ann@example.com').bare)[0]!
    void sessions.deliverTo(sid, to('ann@example.com/r', '1'), () => {
      throw new Error('oops')
    })
    void sessions.deliver(to('ann@example.com/r', '2'))
    expect(await ann.heard()).toBe(written('1') + written('2'))
    expect(errors.length).toBe(1)
  })
})

describe('before the client knows its address', () => {
  test('what is sent to it waits behind the answer to its bind request', async () => {
    const { hooks, sessions, port } = rig()
    const ann = connect(port)
    await logIn(ann, 'ann')
    hooks.on(sessionOpened, async () => {
      void sessions.deliver(to('ann@example.com/r', '1'))
      await settled()
      void sessions.deliver(to('ann@example.com/r', '2'))
    })
    ann.feed(bindRequest('r'))
    for (let i = 0; i < 5; i++) await settled()
    const heard = await ann.heard()
    expect(heard).toMatch(/^<iq .*<\/iq><message .*<body>1<.*<body>2</)
  })

  test('and goes elsewhere if the client leaves meanwhile', async () => {
    const { hooks, sessions, port, away } = rig()
    const ann = connect(port)
    await logIn(ann, 'ann')
    hooks.on(sessionOpened, () => {
      void sessions.deliver(to('ann@example.com/r', '1'))
      ann.sink.disconnected()
    })
    ann.feed(bindRequest('r'))
    for (let i = 0; i < 5; i++) await settled()
    expect(away.map(({ id, type }) => `${id} ${type}`)).toEqual(['1 error'])
    expect(sessions.count()).toBe(0)
    expect(port.connections).toBe(0)
  })
})

describe('when a session ends', () => {
  test('SM-8: the record goes first, then listeners are told, then what was not written is delivered elsewhere, once', async () => {
    const { client, hooks, sessions, clock, away } = rig()
    const phone = await client('ann', 'phone')
    const laptop = await client('ann', 'laptop')
    phone.feed('<presence><priority>5</priority></presence>')
    laptop.feed('<presence><priority>1</priority></presence>')
    await settled()
    phone.instant = false
    const order: string[] = []
    hooks.on(sessionClosed, async ({ session, reason }) => {
      order.push(`closed ${session.jid.resource}, ${sessions.count()} left: ${reason}`)
      await settled()
      order.push(`told ${await laptop.heard()}`)
    })
    void sessions.deliver(to('ann@example.com', '1'))
    void sessions.deliver(to('ann@example.com', '2'))
    await settled()
    phone.sink.disconnected(new Error('reset'))
    for (let i = 0; i < 6; i++) await settled()
    expect(order).toEqual(['closed phone, 1 left: connection lost: reset', 'told '])
    expect(await laptop.heard()).toBe(written('1', 'ann@example.com') + written('2', 'ann@example.com'))
    phone.flush()
    await clock.advance(60_000)
    expect(await laptop.heard()).toBe('')
    expect(away).toEqual([])
  })

  test('what was written is not delivered again', async () => {
    const { client, sessions } = rig()
    const phone = await client('ann', 'phone')
    const laptop = await client('ann', 'laptop')
    phone.feed('<presence><priority>5</priority></presence>')
    laptop.feed('<presence/>')
    void sessions.deliver(to('ann@example.com', '1'))
    await settled()
    phone.sink.disconnected()
    await settled()
    expect(await laptop.heard()).toBe('')
  })

  test('a stanza with a receipt stays with whoever asked for the receipt', async () => {
    const { client, sessions, away } = rig()
    const ann = await client('ann', 'r')
    ann.instant = false
    const outcomes: string[] = []
    const { sid } = sessions.resources(parseJid('ann@example.com').bare)[0]!
    void sessions.deliverTo(sid, to('ann@example.com/r', '1'), (outcome) => {
      outcomes.push(`${outcome}, ${sessions.count()} sessions`)
    })
    await settled()
    ann.sink.disconnected()
    await settled()
    expect(outcomes).toEqual(['failed, 0 sessions'])
    expect(away).toEqual([])
  })

  test('what a waiting handler lets through too late goes elsewhere', async () => {
    const { client, hooks, sessions, away, port } = rig()
    let go = () => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    hooks.on(userReceivePacket, (stanza) => gate.then(() => stanza))
    const ann = await client('ann', 'r')
    void sessions.deliver(to('ann@example.com/r', '1'))
    ann.sink.disconnected()
    await settled()
    expect(port.connections).toBe(1)
    go()
    await settled()
    expect(away.map(({ id, type }) => `${id} ${type}`)).toEqual(['1 error'])
    expect(port.connections).toBe(0)
  })

  test('OFF-1: each of what it did not take has its outcome, though the session was settled before', async () => {
    const { client, sessions, port } = rig()
    const ann = await client('ann', 'r')
    ann.instant = false
    const { sid } = sessions.resources(parseJid('ann@example.com').bare)[0]!
    const outcomes: string[] = []
    for (const id of ['1', '2', '3']) {
      void sessions.deliverTo(sid, to('ann@example.com/r', id), (outcome) => {
        outcomes.push(`${id} ${outcome}`)
      })
    }
    await settled()
    ann.feed('</stream:stream>')
    await settled()
    ann.sink.disconnected()
    await settled()
    expect(outcomes).toEqual(['1 failed', '2 failed', '3 failed'])
    expect(port.connections).toBe(0)
  })

  test('S-11: closing cleanly says goodbye and closes the session at once', async () => {
    const { client, sessions, clock } = rig()
    const ann = await client('ann', 'r')
    ann.feed('<presence/></stream:stream>')
    expect(await ann.heard()).toBe('</stream:stream>')
    expect(sessions.count()).toBe(0)
    expect(ann.calls).toContain('end')
    expect(clock.timers).toBeLessThanOrEqual(2)
    await clock.advance(60_000)
    expect(clock.timers).toBe(0)
  })
})
