import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createWireClient, framedTransport, type WireClient, webSocketFrames } from '@xmppkit/testing'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { boshFrames } from '../wire/bosh-frames.js'
import { domain, openServer, password } from './place.js'

/** An app with a page and a WebSocket of its own. */
async function startApp(): Promise<{ app: HttpServer; port: number; stop(): Promise<void> }> {
  const app = createHttpServer((_request, response) => {
    response.setHeader('Connection', 'close')
    response.end('the app')
  })
  const sockets = new WebSocketServer({ server: app, path: '/live' })
  sockets.on('connection', (ws) => ws.on('message', (data: Buffer) => ws.send(`echo ${data.toString()}`)))
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  const stop = async () => {
    sockets.close()
    app.close()
    app.closeAllConnections()
    await once(app, 'close')
  }
  return { app, port: (app.address() as AddressInfo).port, stop }
}

async function appAnswers(port: number): Promise<string[]> {
  const page = await (await fetch(`http://127.0.0.1:${port}/`)).text()
  const ws = new WebSocket(`ws://127.0.0.1:${port}/live`)
  await once(ws, 'open')
  ws.send('hi')
  const [data] = (await once(ws, 'message')) as [Buffer]
  ws.close()
  await once(ws, 'close')
  return [page, data.toString()]
}

const both = ['the app', 'echo hi']
const handles = () => process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS|Timeout|Pipe)/.test(name))
/** Handles that were not there before, of whatever kind. */
const newHandles = (before: readonly string[]) => {
  const old = [...before]
  return handles().filter((name) => {
    const at = old.indexOf(name)
    if (at >= 0) old.splice(at, 1)
    return at < 0
  })
}

test('W-7 BO-3: an app keeps its routes and upgrades while people chat on its port, and when they have stopped', async () => {
  const before = handles()
  const { app, port, stop } = await startApp()
  const server = await openServer({ c2s: { requireTls: false } })
  server.web.attach(app)

  const dial = (frames: Parameters<typeof framedTransport>[0]): WireClient =>
    createWireClient({ transport: framedTransport(frames) }, { domain })
  const juliet = dial(webSocketFrames(new WebSocket(`ws://127.0.0.1:${port}/xmpp-websocket`, 'xmpp')))
  const romeo = dial(boshFrames(`http://127.0.0.1:${port}/http-bind`))
  await juliet.login({ username: 'juliet', password, resource: 'ws' })
  await romeo.login({ username: 'romeo', password, resource: 'bosh' })
  expect(await appAnswers(port)).toEqual(both)

  juliet.send(`<message to='romeo@${domain}/bosh' type='chat'><body>from a socket</body></message>`)
  await romeo.find(`<message from='juliet@${domain}/ws'><body>from a socket</body></message>`)
  romeo.send(`<message to='juliet@${domain}/ws' type='chat'><body>from requests</body></message>`)
  await juliet.find(`<message from='romeo@${domain}/bosh'><body>from requests</body></message>`)

  // Both are told, and the app does not notice.
  const closing = server.close()
  for (const client of [juliet, romeo]) {
    await client.find("<error xmlns='http://etherx.jabber.org/streams'/>")
    await client.ended
    client.cut()
  }
  await closing
  expect(app.listening).toBe(true)
  expect(await appAnswers(port)).toEqual(both)
  expect((await fetch(`http://127.0.0.1:${port}/http-bind`)).status).toBe(200)
  await stop()
  await expect.poll(() => newHandles(before)).toEqual([])
})
