import type { ConnectionSink } from '@xmppkit/stream'
import { wireFromText } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { createPipe, type PipeEnd } from './pipe.js'

function listen(end: PipeEnd) {
  const events: string[] = []
  const sink: ConnectionSink = {
    receive: (chunk) => events.push(Buffer.from(chunk).toString()),
    secured: (tls) => events.push(tls.protocol),
    drained: () => events.push('drained'),
    disconnected: () => events.push('gone'),
  }
  end.attach(sink)
  return events
}
const settled = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resume) => setImmediate(resume))
}

test('bytes and the end arrive later, in order', async () => {
  const { client, server } = createPipe()
  const events = listen(server)
  client.write(wireFromText('hällo'))
  client.end()
  expect(events).toEqual([])
  await settled()
  expect(events).toEqual(['hällo', 'gone'])
})

test('an end that pauses makes its peer wait', async () => {
  const { client, server } = createPipe({ highWaterBytes: 4 })
  const [seen, told] = [listen(server), listen(client)]
  server.pause()
  expect(client.write(wireFromText('abc'))).toBe(true)
  expect(client.write(wireFromText('d'))).toBe(false)
  let flushed = false
  client.flushed(() => {
    flushed = true
  })
  await settled()
  expect([seen, told, flushed]).toEqual([[], [], false])
  server.resume()
  await settled()
  expect([seen, told, flushed]).toEqual([['abc', 'd'], ['drained'], true])
})

test('split decides how bytes are fragmented', async () => {
  const { client, server } = createPipe({ split: (bytes) => [...bytes].map((byte) => Uint8Array.of(byte)) })
  const events = listen(server)
  client.write(wireFromText('abc'))
  await settled()
  expect(events).toEqual(['a', 'b', 'c'])
})

test('STARTTLS makes an insecure pipe secure', async () => {
  const { server } = createPipe({ secure: false })
  const events = listen(server)
  expect([server.tls, server.canStartTls]).toEqual([undefined, true])
  server.startTls?.('example.org')
  await settled()
  expect(events).toEqual(['TLSv1.3'])
  expect([server.tls?.protocol, server.canStartTls]).toEqual(['TLSv1.3', false])
})

test('a cut connection is told to both sides and takes nothing more', async () => {
  const { client, server } = createPipe()
  const [seen, told] = [listen(server), listen(client)]
  client.destroy()
  client.write(wireFromText('late'))
  await settled()
  expect([seen, told]).toEqual([['gone'], ['gone']])
})
