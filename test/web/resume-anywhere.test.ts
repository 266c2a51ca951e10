import { connect } from 'node:net'
import { sessionPending } from '@xmppkit/c2s'
import type { Server } from '@xmppkit/server'
import {
  createWireClient,
  framedTransport,
  manageStream,
  socketTransport,
  webSocketFrames,
} from '@xmppkit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { boshFrames } from '../wire/bosh-frames.js'
import { domain, openServer, password } from './place.js'

let server: Server
beforeAll(async () => {
  server = await openServer({
    c2s: { requireTls: false },
    archive: { enabled: false },
    listeners: [
      { host: '127.0.0.1', port: 0, tls: 'none' },
      { host: '127.0.0.1', port: 0, protocol: 'http' },
    ],
  })
})
afterAll(() => server.close())

const portOf = (index: number) => server.listeners[index]!.port
const ways = {
  TCP: () => socketTransport(connect({ host: '127.0.0.1', port: portOf(0) })),
  WebSocket: () =>
    framedTransport(webSocketFrames(new WebSocket(`ws://127.0.0.1:${portOf(1)}/xmpp-websocket`, 'xmpp'))),
  BOSH: () => framedTransport(boshFrames(`http://127.0.0.1:${portOf(1)}/http-bind`)),
}
const names = Object.keys(ways) as (keyof typeof ways)[]
const pairs = names.flatMap((from) => names.map((to) => [from, to] as const))
const dial = (way: keyof typeof ways) => createWireClient({ transport: ways[way]() }, { domain })

describe('a session goes on elsewhere', () => {
  test.each(pairs)('SM-4: from %s to %s, with what its client had not got', async (from, to) => {
    const romeo = dial('TCP')
    await romeo.login({ username: 'romeo', password })
    const first = manageStream(dial(from))
    const jid = await first.client.login({ username: 'juliet', password, resource: `${from}-${to}` })
    await first.enable()
    first.send('<presence/>')
    await first.forget()

    const waits = new Promise<void>((resolve) => {
      const listening = server.host().hooks.on(sessionPending, () => {
        listening[Symbol.dispose]()
        resolve()
      })
    })
    first.client.cut()
    await waits
    for (const id of ['1', '2']) {
      romeo.send(`<message to='${jid.toString()}' type='chat' id='${id}'><body>${id}</body></message>`)
    }
    await romeo.settle()

    const second = manageStream(dial(to))
    await second.client.authenticate({ username: 'juliet', password }, await second.client.secure())
    expect((await second.resume(first)).name).toBe('resumed')
    for (const id of ['1', '2']) await second.expect(`<message id='${id}'><body>${id}</body></message>`)
    await second.expectNothing()
    second.send(`<message to='${romeo.jid.toString()}' type='chat' id='back'/>`)
    await romeo.find(`<message from='${jid.toString()}' id='back'/>`)
    second.acknowledge()
    await second.settle()
    await second.client.close()
    await romeo.close()
  })
})
