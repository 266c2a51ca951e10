import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from '@xmppkit/cli'
import { hasPeer } from '../interop/peers.js'
import { type ServerProcess, startServer } from '../process/server-process.js'
import { startLibrary } from './agent.js'
import type { Login, LoginOptions, Peer } from './peer.js'
import { startProfanity } from './profanity.js'

const agentFile = (name: string) => fileURLToPath(new URL(`./agents/${name}`, import.meta.url))
const python = '/usr/bin/python3'
const domain = 'chat.test'
const password = 'pw'

type Way = LoginOptions['way']

/** How each client is started and connects, and whether it is on this machine. */
const starts: Record<
  string,
  { readonly present: boolean; readonly ways: readonly [Way, ...Way[]]; start(): Peer | Promise<Peer> }
> = {
  slixmpp: {
    present: hasPeer('slixmpp (Debian: python3-slixmpp)', [python, '-c', 'import slixmpp']),
    ways: ['starttls', 'direct'],
    start: () => startLibrary(python, [agentFile('slixmpp_agent.py')]),
  },
  '@xmpp/client': {
    present: true,
    ways: ['starttls', 'direct'],
    start: () => startLibrary(process.execPath, [agentFile('xmpp-client.mjs')]),
  },
  stanza: {
    present: true,
    ways: ['https'],
    start: () => startLibrary(process.execPath, [agentFile('stanza.mjs')]),
  },
  profanity: {
    present:
      hasPeer('profanity (Debian: profanity)', ['profanity', '--version']) &&
      hasPeer('tmux (Debian: tmux)', ['tmux', '-V']),
    ways: ['starttls', 'direct'],
    start: startProfanity,
  },
}

/** Whether a client of the table is on this machine. */
export const isPresent = (client: string): boolean => starts[client]?.present ?? false

/** The ways a client can connect, the one it takes when nothing is said first. */
export const waysOf = (client: string): readonly [Way, ...Way[]] => starts[client]!.ways

/** A server and the people on it. */
export interface Stage extends AsyncDisposable {
  readonly server: ServerProcess
  /** The port of a way. */
  portOf(way: Way): number
  /** Who the clients under test speak with: @xmpp/client. */
  readonly companion: { readonly peer: Peer } & Login
  /** Starts a client and logs it in. */
  enter(client: string, user: string, options?: Partial<LoginOptions>): Promise<{ peer: Peer } & Login>
  /** Ends all clients but the companion. */
  leave(): Promise<void>
}

async function register(name: string, data: string): Promise<void> {
  let said = ''
  const say = (text: string) => {
    said += text
  }
  const code = await main(['register', name, domain, password, '--data', data], { out: say, err: say })
  if (code !== 0) throw new Error(said)
}

/**
 * Starts a server in a process of its own.
 *
 * @param names - accounts to create
 */
export async function openStage(names: readonly string[]): Promise<Stage> {
  const data = await mkdtemp(join(tmpdir(), 'xmppkit-clients-'))
  const server = await startServer(data, [
    '--domain',
    domain,
    '--https-port',
    '0',
    '--set',
    'accounts.iterations=4096',
  ])
  for (const name of [...names, 'companion']) await register(name, data)
  let peers: Peer[] = []
  const portOf = (way: Way) =>
    ({ starttls: server.port, direct: server.tlsPort, https: server.httpsPort })[way]
  const enter: Stage['enter'] = async (client, user, options) => {
    const way = options?.way ?? waysOf(client)[0]
    const peer = await starts[client]!.start()
    peers.push(peer)
    const login = await peer.login({
      user,
      password,
      resource: 'one',
      port: portOf(way),
      way,
      ca: join(data, 'self-signed.crt'),
      installation: randomUUID(),
      ...options,
    })
    return { peer, ...login }
  }
  const companion = await enter('@xmpp/client', 'companion')
  const leave = async () => {
    const leaving = peers.filter((peer) => peer !== companion.peer)
    peers = [companion.peer]
    await Promise.all(leaving.map((peer) => peer[Symbol.asyncDispose]()))
  }
  return {
    server,
    portOf,
    companion,
    enter,
    leave,
    async [Symbol.asyncDispose]() {
      await leave()
      await companion.peer[Symbol.asyncDispose]()
      await server.kill()
      await rm(data, { recursive: true })
    },
  }
}
