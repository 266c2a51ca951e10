import { once } from 'node:events'
import { connect } from 'node:net'
import { createManualClock } from '@xmppkit/runtime'
import { createWireClient, socketTransport } from '@xmppkit/testing'
import { describe, expect, test } from 'vitest'
import { domain, type Line, openScene, password, type Scene } from './scene.js'
import { openSocketScene } from './sockets.js'

const body = 'x'.repeat(1_000)

/** Romeo's other client writes to mallory, as fast as it can, and asks now and then whether it is heard. */
async function flood(scene: Scene, count: number): Promise<Line> {
  const sender = await scene.person('romeo', 'flood')
  for (let n = 0; n < count; n++) {
    sender.send(`<message to='mallory@${domain}/r' id='${n}' type='chat'><body>${body}</body></message>`)
    if (n % 100 === 99) await sender.client.settle()
  }
  await sender.client.settle()
  return sender
}

const sessions = (scene: Scene) =>
  scene.server.commands.call('user_resources', { account: `mallory@${domain}` })

describe('a client that reads nothing', () => {
  test('NODE-2: is cut off at four times its limit at once, and what it did not take waits for it', async () => {
    const clock = createManualClock()
    await using scene = await openScene({ clock, stream: { maxOutboxBytes: 100_000 } })
    const mallory = await scene.person('mallory')
    mallory.send('<presence/>')
    await mallory.client.settle()
    mallory.read(false)
    const sender = await flood(scene, 200)
    expect(await sessions(scene)).toEqual(['r'])
    await scene.othersChat()
    for (let n = 200; n < 600; n++) {
      sender.send(`<message to='mallory@${domain}/r' id='${n}' type='chat'><body>${body}</body></message>`)
    }
    await sender.client.settle()
    expect(await sessions(scene)).toEqual([])
    expect(scene.errors()).toEqual([])
    await scene.othersChat()

    const back = await scene.person('mallory')
    back.send('<presence/>')
    const got = () => [...back.heard().matchAll(/<message[^>]* id=['"](\d+)['"]/g)].map((m) => Number(m[1]))
    await expect.poll(() => got().length).toBe(600)
    // Each once; what was on its way in order, and so what came after the end.
    const all = Array.from({ length: 600 }, (_, n) => n)
    expect(got().toSorted((x, y) => x - y)).toEqual(all)
    expect(got().filter((n) => n < 300)).toEqual(all.slice(0, 300))
    expect(got().filter((n) => n >= 500)).toEqual(all.slice(500))
    back.client.cut()
    sender.client.cut()
  })

  test('NODE-2: is cut off when it is above its limit for two seconds', async () => {
    const clock = createManualClock()
    await using scene = await openScene({ clock, stream: { maxOutboxBytes: 100_000 } })
    const mallory = await scene.person('mallory')
    mallory.read(false)
    await flood(scene, 200)
    await clock.advance(1_999)
    expect(await sessions(scene)).toEqual(['r'])
    await clock.advance(1)
    await expect.poll(() => sessions(scene)).toEqual([])
    await scene.othersChat()
  })

  test('NODE-2: is cut off by the number of stanzas too', async () => {
    const clock = createManualClock()
    await using scene = await openScene({ clock, stream: { maxOutboxStanzas: 20 } })
    const mallory = await scene.person('mallory')
    mallory.read(false)
    await flood(scene, 100)
    await expect.poll(() => sessions(scene)).toEqual([])
    await scene.othersChat()
  })

  test('S-14: is cut off when nothing of what was written has left for thirty seconds', async () => {
    const clock = createManualClock()
    await using scene = await openScene({ clock })
    const mallory = await scene.person('mallory')
    mallory.read(false)
    const sender = await flood(scene, 1)
    await clock.advance(29_000)
    expect(await sessions(scene)).toEqual(['r'])
    await clock.advance(2_000)
    await expect.poll(() => sessions(scene)).toEqual([])
    await scene.othersChat()
    sender.client.cut()
  })

  test('NODE-2: and asks for much itself, is cut off like any other', async () => {
    const clock = createManualClock()
    await using scene = await openScene({ clock, stream: { maxOutboxBytes: 100_000 } })
    const mallory = await scene.person('mallory')
    mallory.read(false)
    for (let n = 0; n < 5_000; n++) {
      mallory.send(
        `<iq type='get' id='${n}' to='${domain}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
      )
    }
    for (let turn = 0; turn < 100; turn++) await clock.advance(0)
    await expect.poll(() => sessions(scene)).toEqual([])
    await scene.othersChat()
  })

  test('NODE-2: but not one that reads slowly and takes everything in time', async () => {
    await using scene = await openScene({ stream: { maxOutboxBytes: 100_000 } })
    const mallory = await scene.person('mallory')
    for (let n = 0; n < 20; n++) {
      mallory.read(false)
      const sender = await flood(scene, 50)
      sender.client.cut()
      mallory.read(true)
      await mallory.client.settle()
    }
    expect(await sessions(scene)).toEqual(['r'])
    mallory.client.cut()
  })
})

test('NODE-2: over TCP, the buffers of the kernel included, while others are served', async () => {
  await using scene = await openSocketScene('none')
  const socket = connect({ port: scene.port, host: '127.0.0.1' })
  const mallory = createWireClient({ transport: socketTransport(socket) }, { domain })
  await mallory.login({ username: 'mallory', password, resource: 'r' })
  socket.pause()
  const before = process.memoryUsage().arrayBuffers
  const sender = await scene.person('romeo', 'flood')
  const large = 'x'.repeat(100_000)
  let sent = 0
  while (((await sessions(scene)) as string[]).length > 0) {
    for (let i = 0; i < 10; i++, sent++) {
      sender.send(`<message to='mallory@${domain}/r' type='headline'><body>${large}</body></message>`)
    }
    await scene.othersChat()
    if (sent > 2_000) throw new Error('mallory is not cut off')
  }
  // Kernels hold some megabytes on both sides; the server itself holds one, for two seconds.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
  expect(scene.errors()).toEqual([])
  socket.resume()
  if (!socket.closed) await once(socket, 'close')
  sender.client.cut()
})
