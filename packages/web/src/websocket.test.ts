import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { WebError } from './errors.js'
import type { WebOptions } from './web.js'
import { dialled, heard, openRig } from './web-rig.js'

/** A socket that was let in, and its other end. */
async function connected(options: WebOptions = {}) {
  const rig = await openRig(options)
  const coming = rig.next()
  const ws = await rig.dial()
  if (typeof ws === 'number') throw new Error(`refused with ${ws}`)
  const seen = await coming
  const { transport } = seen
  return { rig, ws, seen, transport, ...heard(ws), [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() }
}

describe('the handshake', () => {
  test('W-1: the subprotocol is xmpp, and is said to be', async () => {
    await using rig = await openRig()
    const ws = (await rig.dial({ protocols: ['mqtt', 'xmpp'] })) as WebSocket
    expect(ws.protocol).toBe('xmpp')
  })

  test.each([
    ['W-1: without a subprotocol', {}, 400],
    ['W-1: with others only', { protocols: ['mqtt', 'xmpp2'] }, 400],
    ['W-7: from a page of another site', { origin: 'https://evil.example' }, 403],
    ['W-7: from a page without an origin of its own', { origin: 'null' }, 403],
  ])('%s it is refused', async (_title, options, status) => {
    await using rig = await openRig()
    expect(await rig.dial({ protocols: [], ...options })).toBe(status)
    expect(rig.seen).toEqual([])
  })

  test('W-7: pages of our own and of listed sites may connect, and clients that are no browsers', async () => {
    await using rig = await openRig({ origins: ['https://App.example'] })
    const own = `http://127.0.0.1:${rig.port}`
    for (const origin of ['https://app.example', own, undefined]) {
      expect(await rig.dial(origin === undefined ? {} : { origin })).toBeInstanceOf(WebSocket)
    }
    expect(await rig.dial({ origin: 'http://app.example' })).toBe(403)
  })

  test('W-7: all may where that is wanted, but not where cookies tell who they are', async () => {
    await using rig = await openRig({ origins: ['*'] })
    expect(await rig.dial({ origin: 'https://anywhere.example' })).toBeInstanceOf(WebSocket)
    const both = openRig({ origins: ['*'], authenticate: () => 'juliet@example.org' })
    await expect(both).rejects.toThrow(WebError)
  })

  test('L-1: one address gets so many connections and tries', async () => {
    await using rig = await openRig({ limits: { maxConnectionsPerAddress: 2, maxAttemptsPerAddress: 4 } })
    const first = (await rig.dial()) as WebSocket
    await rig.dial()
    expect(await rig.dial()).toBe(503)
    first.terminate()
    await rig.seen[0]!.gone
    expect(await rig.dial()).toBeInstanceOf(WebSocket)
    expect(await rig.dial()).toBe(429)
  })

  test('L-1: a connection that is gone when an app hands it over takes no place', async () => {
    await using rig = await openRig({ limits: { maxConnectionsPerAddress: 1 } })
    const app = createServer()
    const handedOver = new Promise<boolean>((resolve) => {
      app.on('upgrade', (request, socket, head) => {
        socket.once('close', () => resolve(rig.web.handleUpgrade(request, socket, head)))
        socket.destroy()
      })
    })
    await once(app.listen(0, '127.0.0.1'), 'listening')
    const { port } = app.address() as AddressInfo
    await expect(dialled(new WebSocket(`ws://127.0.0.1:${port}/xmpp-websocket`, ['xmpp']))).rejects.toThrow()
    expect(await handedOver).toBe(true)
    expect(await rig.dial()).toBeInstanceOf(WebSocket)
    app.close()
  })

  test('a request that is no upgrade is told what is here', async () => {
    await using rig = await openRig()
    const answer = await fetch(rig.url('/xmpp-websocket'))
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket'])
  })
})

describe('whom the app knows', () => {
  test('W-4: the account its session belongs to may log in without a password', async () => {
    const asked: (string | undefined)[] = []
    await using rig = await openRig({
      authenticate: async ({ headers: { cookie } }) => {
        asked.push(cookie)
        return cookie === 'sid=1' ? 'juliet@example.org' : undefined
      },
    })
    let coming = rig.next()
    await rig.dial({ headers: { Cookie: 'sid=1' } })
    expect((await coming).transport.vouchedFor).toEqual(parseJid('juliet@example.org').bare)
    coming = rig.next()
    await rig.dial({ headers: { Cookie: 'sid=2' } })
    expect((await coming).transport.vouchedFor).toBeUndefined()
    expect(asked).toEqual(['sid=1', 'sid=2'])
  })

  test('W-4: whom it sends away is not let in, and when it cannot say, come again', async () => {
    await using away = await openRig({ authenticate: () => false })
    expect(await away.dial()).toBe(401)
    await using down = await openRig({ authenticate: () => Promise.reject(new Error('database down')) })
    expect(await down.dial()).toBe(503)
    await using broken = await openRig({
      authenticate: () => {
        throw new Error('bug')
      },
    })
    expect(await broken.dial()).toBe(503)
    expect(down.log.join()).toContain('database down')
  })

  test('W-4: it has so long to say', async () => {
    let aborted = false
    let asked = () => {}
    const begun = new Promise<void>((resolve) => {
      asked = resolve
    })
    await using rig = await openRig({
      authenticate: (_request, { signal }) => {
        signal.addEventListener('abort', () => {
          aborted = true
        })
        asked()
        return new Promise(() => {})
      },
    })
    const answer = rig.dial()
    await begun
    await rig.clock.advance(10_000)
    expect(await answer).toBe(503)
    expect(aborted).toBe(true)
  })
})

describe('messages', () => {
  test('W-2: each is one element, both ways, whatever it is made of', async () => {
    await using it = await connected()
    it.ws.send('<a/>')
    it.ws.send('<b>', { fin: false })
    it.ws.send('žluťoučký</b>')
    expect(await it.seen.messages(2)).toEqual(['<a/>', '<b>žluťoučký</b>'])
    it.seen.write('<c/>', '<d>🎉</d>')
    expect(await it.until(2)).toEqual(['<c/>', '<d>🎉</d>'])
  })

  test('S-14: what is written is reported once the system has it', async () => {
    await using it = await connected()
    it.seen.write('<a/>')
    await it.until(1)
    await expect.poll(() => it.seen.events).toEqual(['flushed'])
  })

  test('NODE-1: a client that does not read is noticed, and one that writes too much is not read', async () => {
    await using it = await connected()
    it.ws.pause()
    const big = `<a>${'x'.repeat(100_000)}</a>`
    let written = 0
    while (written < 500 && it.transport.write(big as never)) written += 1
    expect(written).toBeLessThan(500)
    it.transport.flushed(() => {})
    it.ws.resume()
    await expect.poll(() => it.seen.events).toContain('drained')

    it.transport.pause()
    it.ws.send('<held/>')
    it.ws.ping()
    await new Promise((resolve) => setImmediate(resolve))
    expect(it.seen.received).toEqual([])
    it.transport.resume()
    expect(await it.seen.messages(1)).toEqual(['<held/>'])
  })

  test.each([
    ['a binary message', (ws: WebSocket) => ws.send(Buffer.from('<a/>')), 1003],
    ['nine fragments', (ws: WebSocket) => fragments(ws, 9), 1008],
    ['a message too large', (ws: WebSocket) => ws.send('x'.repeat(600_000)), 1009],
  ])('W-6: %s closes the connection', async (_what, attack, code) => {
    await using it = await connected()
    attack(it.ws)
    expect(await it.closed).toBe(code)
    expect(it.seen.received).toEqual([])
    expect(it.seen.ends).toHaveLength(1)
    expect(it.seen.ends[0]).toBeInstanceOf(Error)
  })

  test('W-6: eight fragments are a message', async () => {
    await using it = await connected()
    fragments(it.ws, 8)
    expect(await it.seen.messages(1)).toEqual(['xxxxxxxx'])
  })

  test('SEC-2: a stranger gets less room, also for a message that never ends', async () => {
    await using it = await connected()
    it.transport.expect?.(8_192)
    it.ws.send(`<a>${'x'.repeat(80_000)}`, { fin: false })
    expect(await it.closed).toBe(1009)
    expect(it.seen.received).toEqual([])
  })
})

function fragments(ws: WebSocket, count: number): void {
  for (let i = 1; i <= count; i += 1) ws.send('x', { fin: i === count })
}

describe('the end', () => {
  test('W-5: what was written goes out before the connection closes', async () => {
    await using it = await connected()
    it.seen.write('<error/>', '<close/>')
    it.transport.end()
    expect(await it.closed).toBe(1000)
    expect(it.texts).toEqual(['<error/>', '<close/>'])
    await it.seen.gone
    expect(it.seen.ends).toEqual([undefined])
  })

  test('a client that closes has gone cleanly, one that is cut off has not', async () => {
    await using it = await connected()
    it.ws.close(1000)
    await it.seen.gone
    expect(it.seen.ends).toEqual([undefined])
    await using other = await connected()
    other.ws.terminate()
    await other.seen.gone
    expect(other.seen.ends[0]).toBeInstanceOf(Error)
  })

  test('T-10: silence is asked for a sign of life, and then is the end', async () => {
    await using it = await connected()
    const pinged = once(it.ws, 'ping')
    await it.rig.clock.advance(45_000)
    await pinged
    it.ws.pong()
    it.ws.send('<a/>')
    await it.seen.messages(1)
    await it.rig.clock.advance(44_000)
    expect(it.seen.ends).toEqual([])

    await using dead = await connected()
    dead.ws.pause()
    await dead.rig.clock.advance(90_000)
    expect(dead.seen.ends[0]?.message).toContain('ping')
  })

  test('NODE-7: once all are gone no timer is left', async () => {
    await using it = await connected()
    expect(it.rig.clock.timers).toBe(1)
    it.ws.terminate()
    await it.seen.gone
    expect(it.rig.clock.timers).toBe(0)
  })

  test('after the end nothing throws', async () => {
    await using it = await connected()
    it.ws.terminate()
    await it.seen.gone
    const { transport } = it
    expect(transport.write('<a/>' as never)).toBe(true)
    transport.flushed(() => expect.unreachable())
    transport.pause()
    transport.resume()
    transport.end()
    transport.destroy()
    expect(it.seen.ends).toHaveLength(1)
  })

  test('whoever hangs up amid the handshake troubles nobody', async () => {
    let answer = () => {}
    let asked = () => {}
    const begun = new Promise<void>((resolve) => {
      asked = resolve
    })
    await using rig = await openRig({
      authenticate: () =>
        new Promise((resolve) => {
          answer = () => resolve(undefined)
          asked()
        }),
    })
    const socket = connect(rig.port, '127.0.0.1')
    const lines = [
      'GET /xmpp-websocket HTTP/1.1',
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Protocol: xmpp',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    await begun
    socket.resetAndDestroy()
    await once(socket, 'close')
    const coming = rig.next()
    answer()
    await (await coming).gone
  })
})
