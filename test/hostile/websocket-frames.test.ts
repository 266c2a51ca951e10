import { once } from 'node:events'
import { connect } from 'node:net'
import { createManualClock } from '@xmppkit/runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { openFrame, openWebScene, type WebScene } from './web-scene.js'

let scene: WebScene
beforeAll(async () => {
  scene = await openWebScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

describe('frames nobody should send', () => {
  test.each([
    ['a flood of binary messages', (ws: WebSocket) => many(1_000, () => ws.send(Buffer.alloc(1_000))), 1003],
    [
      'a message in a thousand fragments',
      (ws: WebSocket) => many(1_000, () => ws.send('<', { fin: false })),
      1008,
    ],
    [
      'a message that never ends',
      (ws: WebSocket) => many(200, () => ws.send('x'.repeat(65_536), { fin: false })),
      1009,
    ],
    ['a message too large', (ws: WebSocket) => ws.send('x'.repeat(1_000_000)), 1009],
  ])('W-6: %s closes the connection', async (_what, attack, code) => {
    const { ws, closed } = await scene.socket()
    attack(ws)
    // Whoever goes on sending may hear of it only by being cut off.
    expect([code, 1006]).toContain(await closed)
    await scene.othersChat()
    expect(scene.errors()).toEqual([])
  })

  test('W-6: an unknown opcode, or one out of place, closes it', async () => {
    for (const frame of [
      [0x83, 0x80, 0, 0, 0, 0],
      [0x80, 0x80, 0, 0, 0, 0],
      [0xc1, 0x80, 0, 0, 0, 0],
      [0x81, 0x01, 0x3c],
    ]) {
      const { ws, closed } = await scene.socket()
      const { _socket: socket } = ws as unknown as { _socket: NodeJS.WritableStream }
      socket.write(Buffer.from(frame))
      expect([1002, 1006]).toContain(await closed)
    }
    await scene.othersChat()
  })

  test('W-6: a flood of pings is answered as far as its sender reads, and no further', async () => {
    const { ws, closed } = await scene.socket()
    ws.pause()
    many(20_000, () => ws.ping('x'.repeat(100)))
    await scene.othersChat()
    ws.terminate()
    await closed
    expect(scene.errors()).toEqual([])
  })

  test('W-2: what does not begin with < ends the stream, and white space is no keepalive', async () => {
    for (const text of [' ', '', '\n<presence/>', 'hello', '<presence/><presence/>', '<presence/> ']) {
      const { ws, heard, closed } = await scene.socket()
      ws.send(openFrame)
      ws.send(text)
      expect(await closed).toBe(1000)
      expect(heard()).toMatch(/<stream:error.*<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'\/>$/s)
    }
  })

  test('SEC-2: a stranger’s message may be as large as a stranger’s element, and a little more', async () => {
    const { ws, heard, closed } = await scene.socket()
    ws.send(openFrame)
    ws.send(`<message>${'x'.repeat(20_000)}</message>`)
    expect(await closed).toBe(1000)
    expect(heard()).toContain('policy-violation')
    const other = await scene.socket()
    other.ws.send(openFrame)
    other.ws.send(`<message>${'x'.repeat(200_000)}`, { fin: false })
    expect(await other.closed).toBe(1009)
  })

  test('SEC-30: who upgrades and says nothing is cut off in time', async () => {
    const clock = createManualClock()
    await using still = await openWebScene({ clock })
    const { heard, closed } = await still.socket()
    await clock.advance(30_000)
    await closed
    expect(heard()).toContain('connection-timeout')
  })

  test('W-1: a handshake that is none is refused, and nothing is left of it', async () => {
    for (const lines of [
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Version: 1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short',
    ]) {
      const socket = connect(scene.port, '127.0.0.1')
      socket.write(
        `GET /xmpp-websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: xmpp\r\n${lines}\r\n\r\n`,
      )
      const [answer] = await once(socket, 'data')
      expect(String(answer)).toMatch(/^HTTP\/1\.1 4\d\d /)
      socket.destroy()
    }
  })
})

function many(count: number, send: () => void): void {
  for (let i = 0; i < count; i += 1) send()
}
