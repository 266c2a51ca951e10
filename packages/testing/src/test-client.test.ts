import { message } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { createTestServer } from './test-server.js'

const says = (body: string) => (stanza: { text(name: string): string | undefined }) =>
  stanza.text('body') === body
const reason = async (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('should fail'),
    (error: Error) => error.message,
  )

describe('a test client', () => {
  test('E-16: gets what others send, whatever came before and in whatever order it is asked for', async () => {
    await using server = await createTestServer()
    const juliet = await server.client('juliet/balcony')
    const romeo = await server.client('romeo@example.org')
    expect(juliet.jid.toString()).toBe('juliet@example.org/balcony')
    await juliet.online({ show: 'chat', priority: 1 })
    for (const body of ['one', 'two', 'three']) romeo.say(juliet.jid.bare, body)
    expect((await juliet.received(says('three'))).from?.toString()).toBe(romeo.jid.toString())
    await juliet.received(says('one'))
    await juliet.received((stanza) => stanza.kind === 'message') // two is left
    await juliet.receivedNothing()
    expect(juliet.stanzas.filter(({ kind }) => kind === 'message').map((one) => one.text('body'))).toEqual([
      'one',
      'two',
      'three',
    ])
  })

  test('E-16: waits for what is still on its way', async () => {
    await using server = await createTestServer()
    const [juliet, romeo] = [await server.client('juliet'), await server.client('romeo')]
    await juliet.online()
    const coming = juliet.received(says('late'))
    setImmediate(() => romeo.say(juliet.jid, 'late'))
    await coming
  })

  test('E-16: nothing received is a check without a wait, also for what others have sent just now', async () => {
    await using server = await createTestServer({ clock: 'manual' })
    const [juliet, romeo] = [await server.client('juliet'), await server.client('romeo')]
    await juliet.online()
    romeo.say(juliet.jid, 'hi')
    expect(await reason(juliet.receivedNothing())).toMatch(/^juliet@example.org\/\S+ received <message.*hi/)
    romeo.say(juliet.jid, 'ho')
    await juliet.receivedNothing(says('hi'))
    await juliet.received(says('ho'))
  })

  test('E-16: asks the server, and others', async () => {
    await using server = await createTestServer()
    const juliet = await server.client('juliet')
    const answer = await juliet.request('get', "<query xmlns='jabber:iq:version'/>", 'example.org')
    expect([answer.type, answer.has('query', 'jabber:iq:version')]).toEqual(['result', true])
    const refused = await juliet.request('set', new Element('nonsense', { xmlns: 'urn:example' }))
    expect(refused.type).toBe('error')
  })

  test('E-16: that waits in vain says what came instead, what the test thought of it, and where the clock stands', async () => {
    await using server = await createTestServer({ clock: 'manual' })
    const juliet = await server.client('juliet/r')
    const romeo = await server.client('romeo/r')
    expect(await reason(juliet.received(says('hello'), { timeoutMs: 20 }))).toBe(
      [
        'juliet@example.org/r received nothing that passes (stanza) => stanza.text("body") === body',
        "  within 20 ms of real time; the server's clock stands at 0 ms, and moves when it is turned (advance)",
        '  nothing was received at all',
      ].join('\n'),
    )
    await juliet.online()
    await server.advance(1500)
    romeo.say(juliet.jid, 'hullo')
    await juliet.received(says('hullo'))
    romeo.say(juliet.jid, 'hallo')
    romeo.say(juliet.jid, 'x'.repeat(1000))
    await romeo.settle()
    const text = await reason(
      juliet.received(
        (stanza) => {
          if (stanza.text('body') === 'hallo') throw new Error('is German')
          return false
        },
        { timeoutMs: 20 },
      ),
    )
    expect(text).toContain('stands at 1500 ms')
    expect(text).toContain('received instead, 2 more had been asked for before:')
    expect(text).toMatch(/<message.*<body>hallo<\/body>.*\n\s+which the test refused: Error: is German/)
    expect(text).toMatch(/xxx…/)
  })

  test('E-16: that has ended says so at once', async () => {
    await using server = await createTestServer()
    const juliet = await server.client('juliet', { timeoutMs: 60_000 })
    const waiting = juliet.received(says('hello'))
    juliet.cut()
    expect(await reason(waiting)).toContain('the connection has ended')
    expect(await reason(juliet.received(says('hello'), { timeoutMs: 20 }))).toContain(
      'the connection has ended',
    )
  })

  test('E-16: a test that is a promise is a mistake, not a match', async () => {
    await using server = await createTestServer()
    const juliet = await server.client('juliet')
    await juliet.online()
    const romeo = await server.client('romeo')
    romeo.say(juliet.jid, 'hi')
    await expect(juliet.received(async () => false)).rejects.toThrow('must not be asynchronous')
  })

  test('E-16: remembers so many stanzas', async () => {
    await using server = await createTestServer()
    const juliet = await server.client('juliet', { maxStanzas: 3 })
    await juliet.online()
    for (let n = 0; n < 5; n += 1)
      await server.route(message({ to: juliet.jid, from: 'example.org', body: `${n}` }))
    await juliet.received(says('4'))
    expect(juliet.stanzas.map((one) => one.text('body'))).toEqual(['2', '3', '4'])
    await juliet.receivedNothing(says('0'))
  })
})

test('E-16: time is turned by the test: a session waits to be resumed no longer than it may', async () => {
  await using server = await createTestServer({ clock: 'manual' })
  const [juliet, romeo] = [await server.client('juliet'), await server.client('romeo')]
  await juliet.online()
  juliet.send("<presence type='unavailable'/>")
  await juliet.settle()
  await server.advance(3_600_000)
  const last = await romeo.request('get', "<query xmlns='jabber:iq:last'/>", juliet.jid.bare)
  expect(last.type).toBe('error') // who is no contact is not told
  expect(server.clock.monotonic()).toBeGreaterThanOrEqual(3_600_000)
})

test('E-16: a clock nobody can turn is not turned', async () => {
  await using server = await createTestServer()
  await expect(server.advance(1)).rejects.toMatchObject({ code: 'testing/clock' })
})
