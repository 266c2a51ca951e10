import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import { createServer, type Server } from '@xmppkit/server'
import { expect } from 'vitest'
import { type LossyProxy, openLossyProxy } from '../clients/lossy-proxy.js'
import { createEars, type Driver, type Ears, type Said, type WebClient } from './web-client.js'
import { domain, password } from './web-place.js'

/** A server with its data on disk, which stays where it is when it starts again. */
interface Place extends AsyncDisposable {
  /** Port on which clients reach it over a network of their own, and for files. */
  network(): Promise<LossyProxy>
  stop(): Promise<void>
  start(): Promise<void>
}

async function openPlace(usernames: readonly string[]): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'xmppkit-scenario-'))
  let server: Server | undefined
  const networks: LossyProxy[] = []
  const network = async () => {
    const opened = await openLossyProxy(() => server!.listeners[0]!.port)
    networks.push(opened)
    return opened
  }
  const files = await network()
  const start = async () => {
    server = await createServer({
      domains: [domain],
      accounts: { hashes: ['SHA-1'], iterations: 4096 },
      c2s: { requireTls: false },
      sasl: { allowPlainOnLoopback: true },
      storage: { path: join(folder, 'server.sqlite') },
      files: { folder: join(folder, 'files') },
      upload: { url: `http://127.0.0.1:${files.port}/upload` },
      listeners: [{ host: '127.0.0.1', port: 0, protocol: 'http' }],
    })
  }
  await start()
  const accounts = server!.host().get(AccountsService)
  for (const name of usernames) await accounts.register(parseJid(`${name}@${domain}`).bare, password)
  return {
    network,
    start,
    async stop() {
      await server!.close()
    },
    async [Symbol.asyncDispose]() {
      for (const one of networks) await one[Symbol.asyncDispose]()
      await server!.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** Somebody with a client, and a network that can be cut. */
interface Person extends Omit<WebClient, 'close'>, AsyncDisposable {
  readonly address: string
  readonly network: LossyProxy
  readonly ears: Ears
  /** All that was read, in order. */
  readonly read: Said[]
  /** Resolves when a message with this text is there. */
  reads(id: string, body: string): Promise<void>
  /** Resolves when somebody is seen to come, or to go. */
  sees(address: string, type: '' | 'unavailable' | 'subscribe'): Promise<void>
  /** Says goodbye, once. */
  leave(): Promise<void>
}

async function enter(place: Place, driver: Driver, username: string): Promise<Person> {
  const network = await place.network()
  const ears = createEars()
  const url = `${driver.scheme}://127.0.0.1:${network.port}${driver.path}`
  const client = driver.open({ url, username, domain, password }, ears)
  const read: Said[] = []
  let leaving: Promise<void> | undefined
  const leave = () => {
    leaving ??= client.close()
    return leaving
  }
  expect(await ears.sessions.next(() => true)).toBe('new')
  return {
    ...client,
    address: `${username}@${domain}`,
    network,
    ears,
    read,
    async reads(id, body) {
      const said = await ears.messages.next((one) => one.id === id)
      read.push(said)
      expect(said.body).toBe(body)
    },
    async sees(address, type) {
      await ears.presences.next((one) => one.from.split('/')[0] === address && one.type === type)
    },
    leave,
    async [Symbol.asyncDispose]() {
      network.mend()
      await leave()
    },
  }
}

/** Lets both see each other. */
async function befriend(juliet: Person, romeo: Person): Promise<void> {
  for (const [one, other] of [
    [juliet, romeo],
    [romeo, juliet],
  ] as const) {
    one.presence(other.address, 'subscribe')
    await other.sees(one.address, 'subscribe')
    other.presence(one.address, 'subscribed')
    await one.sees(other.address, '')
  }
}

async function say(from: Person, to: Person, id: string, body: string): Promise<void> {
  from.say(to.address, { id, body })
  await to.reads(id, body)
}

/** Uploads a picture and tells of it; who is told fetches it. */
async function sendPicture(from: Person, to: Person): Promise<void> {
  const picture = await readFile(new URL('../browser/rose.png', import.meta.url))
  const slot = await from.slot({ name: 'rose.png', size: picture.length, type: 'image/png' })
  const headers = { 'Content-Type': 'image/png' }
  expect((await fetch(slot.put, { method: 'PUT', body: picture, headers })).status).toBe(201)
  await say(from, to, 'picture', slot.get)
  const url = to.read.at(-1)!.body
  const response = await fetch(url)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png'])
  expect(picture.equals(Buffer.from(await response.arrayBuffer()))).toBe(true)
}

/** Takes somebody off the network; resolves once a message would not go into a connection that is dead already. */
async function cut(person: Person, friend: Person, driver: Driver): Promise<void> {
  person.network.cut()
  if (driver.afterCut === 'new') await friend.sees(person.address, 'unavailable')
}

/** Somebody is away when the server starts again; what was said meanwhile is there for who comes back. */
async function restart(place: Place, driver: Driver, juliet: Person, romeo: Person): Promise<void> {
  await cut(juliet, romeo, driver)
  romeo.say(juliet.address, { id: 'kept', body: 'Shall I hear more?' })
  await romeo.settle()
  romeo.network.hold()
  await place.stop()
  for (const { ears } of [juliet, romeo]) ears.presences.clear()
  await place.start()
  for (const { network } of [juliet, romeo]) network.mend()
  for (const { ears } of [juliet, romeo]) expect(await ears.sessions.next(() => true)).toBe('new')
  await juliet.reads('kept', 'Shall I hear more?')
  await juliet.sees(romeo.address, '')
  await romeo.sees(juliet.address, '')
}

/** A connection is cut under a session. */
async function loseConnection(driver: Driver, juliet: Person, romeo: Person): Promise<void> {
  await cut(juliet, romeo, driver)
  for (const n of [1, 2, 3])
    romeo.say(juliet.address, { id: `cut-${n}`, body: `Wilt thou leave me so? ${n}` })
  await romeo.settle()
  juliet.network.mend()
  if (driver.afterCut !== 'same') expect(await juliet.ears.sessions.next(() => true)).toBe(driver.afterCut)
  for (const n of [1, 2, 3]) await juliet.reads(`cut-${n}`, `Wilt thou leave me so? ${n}`)
  if (driver.afterCut === 'new') await romeo.sees(juliet.address, '')
  await say(juliet, romeo, 'after', 'What satisfaction?')
}

const idsOf = ({ read }: Person) => read.map(({ id }) => id)

/**
 * Each message was taken out once: whatever is left came a second time. That may be only what a session with stream management
 * had not acknowledged when the restart ended it (XEP-0198 §5), and that once.
 */
function expectNoneTwice(driver: Driver, { messages }: Ears, early: readonly string[]): void {
  const again = messages.left.map(({ id }) => id)
  if (driver.afterCut === 'resumed') expect(early).toEqual(expect.arrayContaining(again))
  else expect(again).toEqual([])
  expect(new Set(again).size).toBe(again.length)
}

/**
 * Two people meet, chat, and send a picture; a restart of the server and a cut connection lose nothing, and nothing is read
 * twice.
 */
export async function playScenario(driver: Driver): Promise<void> {
  await using place = await openPlace(['juliet', 'romeo'])
  await using juliet = await enter(place, driver, 'juliet')
  await using romeo = await enter(place, driver, 'romeo')
  await befriend(juliet, romeo)
  await say(juliet, romeo, 'first', 'Art thou not Romeo? & <dobrý den> 🎉')
  await say(romeo, juliet, 'answer', 'Neither, fair maid.')
  await sendPicture(romeo, juliet)

  const early = [juliet, romeo].map(idsOf)
  await restart(place, driver, juliet, romeo)
  await say(juliet, romeo, 'again', 'Good night, good night!')
  await loseConnection(driver, juliet, romeo)

  for (const one of [juliet, romeo]) await one.settle()
  expect(idsOf(juliet)).toEqual(['answer', 'picture', 'kept', 'cut-1', 'cut-2', 'cut-3'])
  expect(idsOf(romeo)).toEqual(['first', 'again', 'after'])
  for (const [at, { ears }] of [juliet, romeo].entries()) {
    expect(ears.sessions.left).toEqual([])
    expectNoneTwice(driver, ears, early[at]!)
  }
  await juliet.leave()
  await romeo.sees(juliet.address, 'unavailable')
  await romeo.leave()
}
