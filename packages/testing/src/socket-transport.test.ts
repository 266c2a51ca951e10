import { connect, createServer, type Socket } from 'node:net'
import { wireFromText } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { socketTransport } from './socket-transport.js'

test('bytes go both ways over a socket, and its end is told once', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const socket: Socket = connect({ port, host: '127.0.0.1' })
  const transport = socketTransport(socket)
  let text = ''
  let ends = 0
  await new Promise<void>((resolve) => {
    transport.attach({
      receive(chunk) {
        text += Buffer.from(chunk).toString()
        if (text === 'schöner Tag') resolve()
      },
      secured() {},
      drained() {},
      disconnected: () => {
        ends += 1
      },
    })
    transport.write(wireFromText('schöner Tag'))
  })
  transport.destroy()
  transport.destroy()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  expect(text).toBe('schöner Tag')
  expect(ends).toBe(1)
})
