import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { dialled, openRig, type Rig } from './web-rig.js'

/** A WebSocket service of the app's, which ends every upgrade it does not know, as ws does. */
function echo(rig: Rig, path = '/echo'): WebSocketServer {
  const service = new WebSocketServer({ server: rig.server, path })
  service.on('connection', (ws) => ws.on('message', (data: Buffer) => ws.send(data.toString())))
  return service
}

async function echoed(rig: Rig): Promise<string> {
  const ws = (await rig.dial({ path: '/echo', protocols: [] })) as WebSocket
  ws.send('hello')
  const [data] = (await once(ws, 'message')) as [Buffer]
  ws.close()
  return data.toString()
}

test('an app with upgrades and routes of its own keeps them, and we get ours', async () => {
  await using rig = await openRig()
  const service = echo(rig)
  expect(await echoed(rig)).toBe('hello')
  expect(await rig.dial()).toBeInstanceOf(WebSocket)
  expect(rig.seen).toHaveLength(1)
  expect(await (await fetch(rig.url('/'))).text()).toBe('app')
  // What is neither's is the app's to refuse.
  expect(await rig.dial({ path: '/nowhere' })).toBe(400)
  service.close()
})

test('once it is closed the app goes on as if we had never been there', async () => {
  await using rig = await openRig()
  const service = echo(rig)
  const ws = (await rig.dial()) as WebSocket
  rig.web.close()
  rig.web.close()
  expect(rig.server.listenerCount('upgrade')).toBe(1)
  expect(Object.hasOwn(rig.server, 'emit')).toBe(false)
  expect(await echoed(rig)).toBe('hello')
  expect(await rig.dial()).toBe(400)
  expect((await fetch(rig.url('/xmpp-websocket'))).status).toBe(200)
  // Whoever is connected stays until its stream ends.
  ws.send('<a/>')
  expect(await rig.seen[0]!.messages(1)).toEqual(['<a/>'])
  service.close()
})

test('an upgrade nobody wants is the request it was before we came', async () => {
  await using rig = await openRig()
  const ask = async (head: string, body = '') => {
    const socket = connect(rig.port, '127.0.0.1')
    socket.write(`${head}\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n${body}`)
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    return answer
  }
  expect(await ask('GET / HTTP/1.1')).toMatch(/^HTTP\/1\.1 200 OK.*Connection: close.*app/is)
  expect(await ask('POST / HTTP/1.1\r\nContent-Length: 2', 'ab')).toMatch(/^HTTP\/1\.1 400 /)
})

test('its connection ends with the answer, also if the client would leave it half open', async () => {
  await using rig = await openRig()
  const socket = connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
  socket.resume()
  await once(socket, 'end')
  const count = () => new Promise((resolve) => rig.server.getConnections((_, many) => resolve(many)))
  await expect.poll(count).toBe(0)
  socket.destroy()
})

test('two may be on one server, and each may go first', async () => {
  await using first = await openRig()
  await using second = await openRig({ websocket: { path: '/two' } })
  const attachment = second.web.attach(first.server)
  const dial = (path: string) => dialled(new WebSocket(`ws://127.0.0.1:${first.port}${path}`, ['xmpp']))
  expect(await dial('/two')).toBeInstanceOf(WebSocket)
  expect(await dial('/xmpp-websocket')).toBeInstanceOf(WebSocket)
  first.web.close()
  expect(await dial('/two')).toBeInstanceOf(WebSocket)
  attachment[Symbol.dispose]()
  expect(first.server.listenerCount('upgrade')).toBe(0)
  expect(await (await fetch(first.url('/'))).text()).toBe('app')
})

test('handlers are added and taken away', async () => {
  await using rig = await openRig({ websocket: { enabled: false } })
  const added = rig.web.add({
    handleRequest(request, response) {
      if (request.url !== '/mine') return false
      response.end('mine')
      return true
    },
  })
  const text = async (path: string) => (await fetch(rig.url(path))).text()
  expect(await text('/mine')).toBe('mine')
  expect(await text('/xmpp-websocket')).toBe('app')
  added[Symbol.dispose]()
  expect(await text('/mine')).toBe('app')
})
