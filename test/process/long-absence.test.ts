import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseJid } from '@xmppkit/jid'
import { createSqlStorage, type SqlStorage } from '@xmppkit/storage-sql'
import { createWireClient, manageStream, socketTransport, type WireClient } from '@xmppkit/testing'
import type { RawElement } from '@xmppkit/xml'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ServerProcess, startServer } from './server-process.js'

const domain = 'absence.test'
const account = { username: 'juliet', password: 'a password of many words' }
const count = 10_000
const juliet = parseJid(`juliet@${domain}`).bare
const text = 'x'.repeat(6_000)
const mebibyte = 1_048_576
/** Once the server has handed over half of them. */
const mostGrowth = 40 * mebibyte

const flags = [
  ['--domain', domain],
  ['--tls-port', 'none'],
  ['--allow-plaintext'],
  ['--allow-registration'],
  ['--max-offline-messages', String(count)],
].flat()

/** An account for which all of them wait, to be copied for each test. */
let template: string
let folder: string
let server: ServerProcess | undefined

const temporary = () => mkdtemp(join(tmpdir(), 'xmppkit-absence-'))
const remove = (path: string) => rm(path, { recursive: true, force: true })

beforeAll(async () => {
  template = await temporary()
  await using first = await startServer(template, flags)
  const { client } = dial(first)
  await client.open()
  const content = `<username>${account.username}</username><password>${account.password}</password>`
  client.send(`<iq type='set' id='r'><query xmlns='jabber:iq:register'>${content}</query></iq>`)
  await client.expect("<iq type='result' id='r'/>")
  client.cut()
  await first.stop()
  await withStorage(template, async ({ offline }) => {
    const stored = Array.from({ length: count }, (_, n) => {
      const attributes = `from="romeo@${domain}/orchard" to="${juliet}" type="chat" id="${n}"`
      const stanza = `<message xmlns="jabber:client" ${attributes}><body>${text}</body></message>`
      return offline.append(juliet, { stanza, receivedAt: Date.now() }, count)
    })
    await Promise.all(stored)
  })
})

afterAll(() => remove(template))

beforeEach(async () => {
  folder = await temporary()
  await cp(template, folder, { recursive: true })
  // The engine would rather let its spaces grow than collect. To hold all messages at one time does not fit into these.
  server = await startServer(folder, flags, ['--max-semi-space-size=2', '--max-old-space-size=64'])
})

afterEach(async () => {
  await server?.kill()
  await remove(folder)
})

async function withStorage<T>(of: string, work: (storage: SqlStorage) => Promise<T>) {
  const path = join(of, 'xmppkit.sqlite')
  await using storage = await createSqlStorage({ path }, { maxPendingCalls: count })
  return work(storage)
}

const waiting = () => withStorage(folder, ({ offline }) => offline.count(juliet, Date.now()))

function dial({ port }: ServerProcess): { readonly client: WireClient; readonly socket: Socket } {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  return {
    socket,
    client: createWireClient({ transport: socketTransport(socket) }, { domain, timeoutMs: 60_000 }),
  }
}

/** Resident memory of a process, in bytes. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
}

/** Looks at the memory of a process again and again. */
async function watchMemory({ pid }: ServerProcess) {
  const before = await residentBytes(pid)
  let warm = before
  let most = before
  let looking = Promise.resolve()
  const look = async () => {
    most = Math.max(most, await residentBytes(pid))
  }
  const timer = setInterval(() => {
    looking = look()
  }, 20)
  return {
    /** From here on nothing is new to the process. */
    async isWarm() {
      await look()
      warm = most
    },
    async end() {
      clearInterval(timer)
      await looking
      const inMiB = (bytes: number) => Math.round(bytes / mebibyte)
      const after = await residentBytes(pid)
      const figures = [before, warm, most, after].map(inMiB)
      return { growth: most - warm, figures: `before, warm, most, after: ${figures.join(', ')} MiB resident` }
    },
  }
}

/** Takes all of them and asserts what is promised; `answer` is what the client does with what it gets. */
async function takeAll(client: WireClient, how: string, answer: (el: RawElement, isLast: boolean) => void) {
  const memory = await watchMemory(server!)
  const started = performance.now()
  client.send('<presence/>')
  for (let next = 0; next < count; ) {
    const el = await client.receive()
    if (el.name === 'message') {
      expect(el.attr('id')).toBe(String(next))
      expect(el.has('delay', 'urn:xmpp:delay')).toBe(true)
      next += 1
      if (next === count / 2) await memory.isWarm()
    }
    answer(el, next === count)
  }
  const ms = Math.round(performance.now() - started)
  await client.settle()
  const { growth, figures } = await memory.end()
  console.log(`10,000 messages ${how}: ${ms} ms; ${figures}`)
  expect(growth).toBeLessThan(mostGrowth)
  await client.close()
  expect(await server!.stop()).toBe(0)
  expect(await waiting()).toBe(0)
}

test('OFF-1 M-7 L-1: 10,000 messages come in order and once as they are acknowledged, and memory stays flat', async () => {
  const { client } = dial(server!)
  await client.login(account)
  const stream = manageStream(client)
  await stream.enable()
  let handled = 0
  await takeAll(client, 'acknowledged', (el, isLast) => {
    if (el.ns === 'jabber:client') handled += 1
    if (el.name === 'r' || isLast) stream.acknowledge(handled)
  })
})

test('OFF-1 M-7 L-1: the same without acknowledgements', async () => {
  const { client } = dial(server!)
  await client.login(account)
  await takeAll(client, 'written', () => {})
})

test('OFF-1 M-7 L-1: the same for somebody who reads slowly', async () => {
  const { client, socket } = dial(server!)
  await client.login(account)
  socket.on('data', () => {
    socket.pause()
    setTimeout(() => socket.resume(), 10)
  })
  await takeAll(client, 'read slowly', () => {})
})

test('OFF-1 L-1: whoever acknowledges nothing is given no more than a window', async () => {
  const { client } = dial(server!)
  await client.login(account)
  await manageStream(client).enable()
  client.send('<presence/>')
  await client.find("<message id='0'/>")
  // Answers come in their turn: when this one does, all that was on its way has come.
  client.send(`<iq type='get' id='over' to='${domain}'><ping xmlns='urn:xmpp:ping'/></iq>`)
  let bytes = 0
  for (let el = await client.receive(); el.attr('id') !== 'over'; el = await client.receive())
    bytes += el.size
  expect(bytes).toBeGreaterThan(0)
  expect(bytes).toBeLessThan(2 * 262_144)
  client.cut()
})
