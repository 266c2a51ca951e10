import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseJid } from '@xmppkit/jid'
import { createSqlStorage } from '@xmppkit/storage-sql'
import { createWireClient, socketTransport, type WireClient } from '@xmppkit/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRandom } from '../fuzz/mutate.js'
import { type ServerProcess, startServer } from '../process/server-process.js'
import { createLedger, type Ledger, type Manners } from './ledger.js'
import { collectMessages, pause, type Run, receiveMessages, sendMessages } from './load.js'

const rounds = Number(process.env.XMPPKIT_CRASHES ?? 50)
const seed = Number(process.env.XMPPKIT_CRASH_SEED ?? Math.floor(performance.timeOrigin % 1_000_000))

const domain = 'crash.test'
const password = 'a password of many words'
const senders = ['ann', 'bob', 'cem', 'dov']
/** Always there. */
const steady = ['eve', 'fay', 'gil']
/** Come and go, with a goodbye or without. */
const wandering = ['han', 'ida', 'jon', 'kim']
const rude = ['lea', 'max']
/** Come only now and then, so that much waits for them; more than may wait is refused. */
const absent = ['nia', 'oto']
const recipients = [...steady, ...wandering, ...rude, ...absent]
const manners = new Map<string, Manners>(
  recipients.map((account) => [account, rude.includes(account) ? 'rude' : 'polite']),
)

const flags = [
  '--domain',
  domain,
  '--tls-port',
  'none',
  '--allow-plaintext',
  '--allow-registration',
  '--max-registrations-per-address',
  '1000',
  '--max-attempts-per-address',
  'Infinity',
  '--max-offline-messages',
  '100',
  '--set',
  'accounts.iterations=4096',
  '--set',
  'accounts.hashes=["SHA-1"]',
  // What an archive holds is not refused when no more may wait. Here, what was acknowledged has to arrive by itself.
  '--set',
  'archive.enabled=false',
]

let data: string
let server: ServerProcess | undefined

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'xmppkit-crash-'))
})

afterAll(async () => {
  await server?.kill()
  await rm(data, { recursive: true, force: true })
})

/** What a server logged that nothing the clients did should have caused. */
function errorsOf({ log }: ServerProcess): string[] {
  // The last line of a process that was killed may be cut.
  const whole = log.filter((line) => !line.startsWith('{') || line.endsWith('}'))
  return whole.filter((line) => !/"level":"(debug|info|warn)"/.test(line))
}

function dial({ port }: ServerProcess): WireClient {
  const transport = socketTransport(connect({ host: '127.0.0.1', port, noDelay: true }))
  return createWireClient({ transport }, { domain, timeoutMs: 30_000 })
}

function runOn(process: ServerProcess, ledger: Ledger, over: () => boolean): Run {
  return {
    domain,
    ledger,
    over,
    async login(username) {
      const client = dial(process)
      await client.login({ username, password, resource: 'r' })
      return client
    },
  }
}

async function register(process: ServerProcess, username: string): Promise<void> {
  const client = dial(process)
  await client.open()
  client.send(
    `<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>${username}</username><password>${password}</password></query></iq>`,
  )
  await client.expect("<iq type='result' id='r'/>")
  client.cut()
}

/** What the file says waits for each account, with the server down. */
async function readFile(): Promise<Map<string, string[]>> {
  const storage = await createSqlStorage({ path: join(data, 'xmppkit.sqlite') })
  try {
    const waiting = new Map<string, string[]>()
    for (const account of recipients) {
      const page = { limit: 10_000, now: 0 }
      const messages = await storage.offline.list(parseJid(`${account}@${domain}`).bare, page)
      waiting.set(
        account,
        messages.map(({ stanza }) => / id=['"]([^'"]+)/.exec(stanza)?.[1] ?? stanza),
      )
    }
    return waiting
  } finally {
    await storage.close()
  }
}

/** Resolves at a random moment: after some time, or at the n-th event of a kind, which comes sooner or later. */
function momentToKill(ledger: Ledger, random: (below: number) => number): Promise<unknown> {
  const longest = pause(300 + random(900))
  const kind = (['acknowledged', 'live', 'stored', 'time'] as const)[random(4)]!
  if (kind === 'time') return pause(20 + random(900))
  let left = 1 + random(kind === 'stored' ? 300 : 1500)
  const event = new Promise<void>((resolve) => {
    ledger.onEvent = (which) => {
      if (which === kind && --left === 0) resolve()
    }
  })
  return Promise.race([event, longest])
}

/** Load on a server, until it is killed. */
async function crash(
  process: ServerProcess,
  ledger: Ledger,
  round: number,
  random: (below: number) => number,
) {
  let over = false
  const run = runOn(process, ledger, () => over)
  const own = () => createRandom(random(2 ** 31))
  const comeAndGo = async (account: string, isRude: boolean) => {
    const dice = own()
    while (!over) {
      await receiveMessages(run, { account, ms: 10 + dice(200), rude: isRude }, dice)
      await pause(dice(150))
    }
  }
  const everybody = Promise.all([
    ...senders.map((account) =>
      sendMessages(run, { account, stream: `${round}-${account}`, recipients }, own()),
    ),
    ...steady.map((account) => receiveMessages(run, { account, ms: Infinity, rude: false }, own())),
    ...wandering.map((account) => comeAndGo(account, false)),
    ...rude.map((account) => comeAndGo(account, true)),
    ...absent.map((account) =>
      round % 7 === 6 ? receiveMessages(run, { account, ms: Infinity, rude: false }, own()) : undefined,
    ),
  ])
  await Promise.race([momentToKill(ledger, random), everybody])
  ledger.onEvent = () => {}
  over = true
  await process.kill()
  await everybody
}

/*
 * What the server promises, and what is asserted:
 *
 * - Once a ping that followed a message is answered, the message is committed to offline storage, or the kernel has it on
 *   its way to the recipient's client, or the sender was sent an error. A killed process loses none of these, so a client
 *   that reads to the end of its connection, or logs in again, has the message: nothing acknowledged is ever lost.
 * - What a client has received, and asked the server anything afterwards, and got the answer, it never gets again.
 * - Without a kill in between nobody who says goodbye gets anything twice.
 * - Within a stream of the sender, order holds for each recipient.
 *
 * What no server can promise without XEP-0198, and is only counted: that a client which did not confirm a stored message
 * before the kill does not get it again, and that a client which cuts its connection has read what was on the way to it.
 */
test(
  'X-CONS M-7: no message is lost, given twice or out of order, however often the server is killed under load',
  async () => {
    console.log(`${rounds} crashes, XMPPKIT_CRASH_SEED=${seed}`)
    const random = createRandom(seed)
    const ledger = createLedger(manners)
    const complaints: string[] = []
    const started = performance.now()
    const start = async () => {
      ledger.nextRun()
      server = await startServer(data, flags)
      return server
    }

    const first = await start()
    await Promise.all([...senders, ...recipients].map((account) => register(first, account)))
    for (let round = 0; round < rounds; round++) {
      const process = round === 0 ? first : await start()
      await crash(process, ledger, round, random)
      complaints.push(...errorsOf(process))
      const wrong = [...ledger.wrongs, ...ledger.audit(await readFile())]
      expect({ round, wrong }).toEqual({ round, wrong: [] })
    }

    const left = await readFile()
    const last = await start()
    const run = runOn(last, ledger, () => false)
    await Promise.all(recipients.map((account) => collectMessages(run, account, left.get(account) ?? [])))
    expect(await last.stop()).toBe(0)
    const waiting = await readFile()
    console.log({ ...ledger.counts, seconds: (performance.now() - started) / 1000 })
    expect([...ledger.wrongs, ...ledger.audit(waiting)]).toEqual([])
    expect([...waiting.values()].flat()).toEqual([])
    expect([...complaints, ...errorsOf(last)]).toEqual([])
    // Nothing was proved if nothing was going on.
    const { acknowledged, live, stored } = ledger.counts
    expect(Math.min(acknowledged, live, stored)).toBeGreaterThan(rounds * 20)
  },
  10 * 60_000,
)
