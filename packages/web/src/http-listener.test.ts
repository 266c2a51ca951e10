import { once } from 'node:events'
import { connect } from 'node:net'
import { createManualClock, randomIds, silentLogger } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { WebError } from './errors.js'
import { type HttpListenerOptions, listenHttp } from './http-listener.js'
import { createWeb } from './web.js'
import { dialled } from './web-rig.js'

async function open(options: Partial<HttpListenerOptions> = {}) {
  const deps = { clock: createManualClock(), ids: randomIds, logger: silentLogger }
  const sink = { receive() {}, secured() {}, drained() {}, disconnected() {} }
  const web = createWeb({ ...deps, accept: () => sink })
  const listener = await listenHttp(
    { ...deps, web },
    { host: '127.0.0.1', port: 0, protocol: 'http', ...options },
  )
  const dial = (path = '/xmpp-websocket') =>
    dialled(new WebSocket(`ws://127.0.0.1:${listener.port}${path}`, ['xmpp']))
  return { ...deps, web, listener, dial, [Symbol.asyncDispose]: async () => listener.destroy() }
}

test('serves what it is given, and nothing else', async () => {
  await using it = await open()
  expect(await it.dial()).toBeInstanceOf(WebSocket)
  expect(await it.dial('/other')).toBe(404)
  expect((await fetch(`http://127.0.0.1:${it.listener.port}/`)).status).toBe(404)
  expect(it.listener).toMatchObject({ host: '127.0.0.1', protocol: 'http', tls: 'none' })
})

test('closing lets nobody new in, destroying ends everything', async () => {
  await using it = await open()
  const ws = (await it.dial()) as WebSocket
  await it.listener.close()
  await expect(it.dial()).rejects.toThrow('ECONNREFUSED')
  expect(ws.readyState).toBe(WebSocket.OPEN)
  it.listener.destroy()
  await once(ws, 'close')
  await expect.poll(() => it.listener.connections).toBe(0)
})

test('L-1: one address gets so many connections', async () => {
  await using it = await open({ maxConnectionsPerAddress: 1 })
  expect(await it.dial()).toBeInstanceOf(WebSocket)
  await expect(it.dial()).rejects.toThrow()
})

test('SEC-28: a request that drips in is cut off', async () => {
  await using it = await open({ headersTimeoutMs: 1, requestTimeoutMs: 1 })
  const socket = connect(it.listener.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: ')
  socket.resume()
  await once(socket, 'close')
})

test('what cannot be listened on is said', async () => {
  await using it = await open()
  await expect(open({ port: it.listener.port })).rejects.toThrow(/^cannot listen on 127\.0\.0\.1 port/)
  await expect(open({ protocol: 'https' })).rejects.toThrow(WebError)
})
