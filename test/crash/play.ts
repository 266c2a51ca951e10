import { connect } from 'node:net'
import { NS } from '@xmppkit/stanza'
import { createWireClient, socketTransport, type WireClient } from '@xmppkit/testing'
import { createRandom } from '../fuzz/mutate.js'
import { type ServerProcess, startServer } from '../process/server-process.js'
import { type Actor, createActor, live, pause, type Random, type Stage, write } from './actors.js'
import { domain, mainResource, password, recipients, secondResource, senders } from './cast.js'
import type { Ledger } from './ledger.js'
import type { Place } from './storages.js'

const settings = {
  'accounts.iterations': 4096,
  'accounts.hashes': '["SHA-1"]',
  // Short, so that sessions come to their end while the server lives.
  'streamManagement.resumeTimeoutMs': 400,
  // In the proportion they have otherwise: who does not acknowledge is gone before it is late.
  'streamManagement.ackTimeoutMs': 1_500,
  // Of a server that was killed, PostgreSQL keeps who was being given what.
  'offline.leaseMs': 3_000,
  // All logins come from one address, and those under way count.
  'throttle.maxFailuresPerAddress': 'Infinity',
}

const set = (name: string, value: unknown) => ['--set', `${name}=${value}`]
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
  ...Object.entries(settings).flatMap(([name, value]) => set(name, value)),
]

/** What a server logged that nothing the clients did should have caused. */
export function errorsOf({ log }: ServerProcess): string[] {
  // The last line of a process that was killed may be cut.
  const whole = log.filter((line) => !line.startsWith('{') || line.endsWith('}'))
  return whole.filter((line) => !/"level":"(debug|info|warn)"/.test(line))
}

function dial({ port }: ServerProcess): WireClient {
  const transport = socketTransport(connect({ host: '127.0.0.1', port, noDelay: true }))
  return createWireClient({ transport }, { domain, timeoutMs: 120_000 })
}

/** Makes an account; one that wants no archive says so. */
export async function register(server: ServerProcess, username: string, archived: boolean): Promise<void> {
  const client = dial(server)
  await client.open()
  const account = `<username>${username}</username><password>${password}</password>`
  client.send(`<iq type='set' id='r'><query xmlns='jabber:iq:register'>${account}</query></iq>`)
  await client.expect("<iq type='result' id='r'/>")
  client.cut()
  if (archived) return
  const owner = dial(server)
  await owner.login({ username, password })
  owner.send(`<iq type='set' id='p'><prefs xmlns='${NS.mam}' default='never'><always/><never/></prefs></iq>`)
  await owner.expect("<iq type='result' id='p'/>")
  await owner.close()
}

/** A number that is the same for the same texts and numbers (FNV-1a). */
function mixed(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5
  for (const char of parts.join(' ')) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193)
  return hash >>> 0
}

/** All that lasts from round to round. */
export interface Play {
  readonly ledger: Ledger
  readonly place: Place
  /** Clients keep what they know of their sessions though the server is killed. */
  readonly actors: Map<string, Actor>
  readonly stage: { -readonly [K in keyof Stage]: Stage[K] }
  server: ServerProcess | undefined
  readonly complaints: string[]
}

/** Starts the server's next run. */
export async function start(play: Play, archives: boolean): Promise<ServerProcess> {
  play.ledger.nextRun(archives)
  const server = await startServer(play.place.folder, [
    ...flags,
    ...play.place.flags,
    ...set('archive.enabled', archives),
  ])
  play.server = server
  play.stage.dial = () => dial(server)
  play.stage.over = false
  return server
}

/** Everybody acts, each by dice of its own, until the server is killed at a random event. */
export async function playRound(
  play: Play,
  server: ServerProcess,
  { seed, round, perRound }: { readonly seed: number; readonly round: number; readonly perRound: number },
): Promise<void> {
  const { ledger, stage } = play
  const dice = (name: string): Random => createRandom(mixed(seed, round, name))
  const fate = dice('fate')
  // Each message is sent, acknowledged, received and copied.
  let left = 1 + fate(perRound * 10)
  const killed = new Promise<void>((resolve) => {
    ledger.onEvent = () => {
      if (--left === 0) resolve()
    }
  })
  const target = ledger.counts.sent + perRound * 2
  const enough = () => ledger.counts.sent >= target
  const acts: Promise<void>[] = []
  const add = (name: string, acting: Promise<void>) =>
    acts.push(
      acting.catch((error: unknown) => {
        play.complaints.push(`${name}: ${String(error)}`, ...server.log.slice(-5))
      }),
    )
  const finished = senders.map(
    (account) =>
      new Promise<void>((resolve) => {
        const sender = { account, stream: `${round}-${account}`, enough, finished: resolve }
        add(account, write(stage, sender, dice(account)))
      }),
  )
  const everything = Promise.all(finished).then(() => pause(fate(900)))
  for (const who of recipients) {
    if (who.habit === 'absent' && round % 5 !== 4) continue
    const own = [mainResource, ...(who.second ? [secondResource] : [])]
    for (const resource of own) {
      const name = `${who.account}/${resource}`
      add(name, act(play, { ...who, resource }, dice(name)))
    }
  }
  for (const account of senders)
    add(
      account,
      act(play, { account, resource: secondResource, habit: 'steady', managed: true }, dice(`${account}/b`)),
    )
  await Promise.race([killed, everything])
  ledger.onEvent = () => {}
  stage.over = true
  await server.kill()
  await Promise.all(acts)
}

function act(
  play: Play,
  who: Parameters<typeof createActor>[1] & Parameters<typeof live>[2],
  random: Random,
): Promise<void> {
  const name = `${who.account}/${who.resource}`
  const actor = play.actors.get(name) ?? createActor(play.stage, who)
  play.actors.set(name, actor)
  return live(play.stage, actor, who, random)
}
