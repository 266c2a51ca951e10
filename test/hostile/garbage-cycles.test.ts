import { once } from 'node:events'
import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createServer } from '@xmppkit/server'
import { expect, test } from 'vitest'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes in use once nothing is under way. */
async function settledMemory(): Promise<number> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resume) => setImmediate(resume))
    collect()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.org' version='1.0'>"
const garbage = [
  '',
  '\0\0\0\0',
  'GET / HTTP/1.1\r\nHost: example.org\r\n\r\n',
  '<',
  header.slice(0, 40),
  `${header}<!-- -->`,
  `${header}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>biwsbj1hLHI9YQ==</auth>`,
  `${header}<message><body>${'x'.repeat(9_000)}</body></message>`,
  `${header}${'<a>'.repeat(50)}`,
]

test('SEC-2: 10,000 connections that say garbage and go leave nothing behind', async () => {
  const limit = Number.POSITIVE_INFINITY
  await using server = await createServer({
    domains: ['example.org'],
    listeners: [{ host: '127.0.0.1', port: 0, tls: 'none' }],
    tcp: { maxAttemptsPerAddress: limit },
    throttle: { maxFailuresPerAddress: limit },
    c2s: { requireTls: false },
    accounts: { iterations: 4096, hashes: ['SHA-1'] },
  })
  const { port } = server.listeners[0]!
  const visit = async (n: number) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.resume()
    await once(socket, 'connect')
    const text = garbage[n % garbage.length]!
    if (n % 3 === 0) socket.end(text)
    else socket.write(text, () => socket.destroy())
    if (!socket.destroyed) await once(socket, 'close')
  }
  const round = async (count: number) => {
    for (let n = 0; n < count; n += 20) await Promise.all(Array.from({ length: 20 }, (_, i) => visit(n + i)))
    await expect.poll(() => server.listeners[0]!.connections, { timeout: 10_000 }).toBe(0)
  }

  await round(2_000) // what is made once is there by now
  const before = await settledMemory()
  await round(10_000)
  const after = await settledMemory()
  // Less than a tenth of what one idle connection costs, for each of them: nothing that grows.
  expect((after - before) / 10_000).toBeLessThan(100)
}, 120_000)
