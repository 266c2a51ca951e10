import { once } from 'node:events'
import { connect } from 'node:net'
import { createManualClock, randomIds, silentLogger } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { WebError } from './errors.js'
import { type HttpListenerOptions, listenHttp } from './http-listener.js'
import { createUploadHandler } from './upload-handler.js'
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

test('L-1: an upgrade to what is not there takes up no connection once it is refused', async () => {
  await using it = await open()
  const socket = connect({ port: it.listener.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write('GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  socket.resume()
  await once(socket, 'end')
  await expect.poll(() => it.listener.connections).toBe(0)
  socket.destroy()
})

test.each([1, 501])('SEC-28: a request that drips in is cut off (%i ms)', async (headersTimeoutMs) => {
  await using it = await open({ headersTimeoutMs })
  const socket = connect(it.listener.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: ')
  socket.resume()
  await once(socket, 'close')
})

describe('SEC-28: the body of a request must be there in time', () => {
  const head = (first: string) => `${first} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n`

  async function send(port: number, text: string) {
    const socket = connect(port, '127.0.0.1')
    let got = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      got += chunk
    })
    socket.write(text)
    return { socket, got: () => got, closed: once(socket, 'close') }
  }

  test.each(['', 'Expect: whatever\r\n'])('whoever answers it, or nobody does (%j)', async (more) => {
    await using it = await open({ requestTimeoutMs: 5_000 })
    let asked = () => {}
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    it.web.add({
      handleRequest({ url }) {
        if (url === '/mine') asked()
        return url === '/mine'
      },
    })
    const unclaimed = await send(it.listener.port, `${head('POST /other')}${more}\r\nby`)
    await expect.poll(unclaimed.got).toContain('404')
    const waiting = await send(it.listener.port, `${head('POST /mine')}${more}\r\nby`)
    await isAsked
    await it.clock.advance(5_000)
    await Promise.all([unclaimed.closed, waiting.closed])
    expect(waiting.got()).toBe('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
    expect(unclaimed.got()).not.toContain('408')
  })

  test('what is there is answered when it pleases', async () => {
    await using it = await open({ requestTimeoutMs: 5_000 })
    it.web.add({
      handleRequest(request, response) {
        request.resume().once('end', () => {
          void it.clock.advance(60_000).then(() => response.end('at last'))
        })
        return true
      },
    })
    const answer = await fetch(`http://127.0.0.1:${it.listener.port}/`, { method: 'POST', body: 'bytes' })
    expect(await answer.text()).toBe('at last')
  })

  test('UPLOAD-1: an upload has limits of its own', async () => {
    const limits = { headersTimeoutMs: 100, requestTimeoutMs: 100 }
    await using it = await open(limits)
    const { clock, logger } = it
    let received = ''
    const file = {
      filename: 'a',
      size: 5,
      async receive(_to: unknown, { body }: { body: AsyncIterable<Uint8Array> }) {
        for await (const chunk of body) received += Buffer.from(chunk).toString()
      },
      find: async () => undefined,
    }
    it.web.add(createUploadHandler({ clock, logger, uploadOf: () => file }, { idleTimeoutMs: 1_000 }))
    const upload = await send(it.listener.port, `${head('PUT /upload/x/1/a')}\r\nby`)
    const idle = await send(it.listener.port, `${head('PUT /upload/x/1/b')}\r\nby`)
    await expect.poll(() => received).toBe('byby')
    // Node, too, looks at its connections meanwhile.
    const dripping = await send(it.listener.port, 'GET / HTTP/1.1\r\nHost: ')
    await dripping.closed
    await clock.advance(999)
    upload.socket.write('te')
    await expect.poll(() => received).toBe('bybyte')
    await clock.advance(1)
    await idle.closed
    upload.socket.write('s')
    await expect.poll(upload.got).toContain('201 Created')
  })
})

test('what cannot be listened on is said', async () => {
  await using it = await open()
  await expect(open({ port: it.listener.port })).rejects.toThrow(/^cannot listen on 127\.0\.0\.1 port/)
  await expect(open({ protocol: 'https' })).rejects.toThrow(WebError)
})
