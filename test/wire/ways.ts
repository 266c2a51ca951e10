import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Clock, ManualClock } from '@xmppkit/runtime'
import { createServer, type Server, type ServerDeps, type ServerOptions } from '@xmppkit/server'
import { type CertificatePair, createCertificates, createDevelopmentCertificate } from '@xmppkit/tcp'
import {
  createPipe,
  createWireClient,
  type FrameTransport,
  framedTransport,
  type PipeOptions,
  socketTransport,
  type WireClient,
  type WireClientDeps,
  webSocketFrames,
} from '@xmppkit/testing'
import { WebSocket } from 'ws'

import { boshFrames } from './bosh-frames.js'

/** The domains every server of these tests serves: those of two houses. */
export const domains = ['capulet.test', 'montague.test'] as const

/** A server and the way clients reach it. */
export interface Place extends AsyncDisposable {
  readonly server: Server
  /** Connects without a word. */
  dial(domain: string): WireClient
}

/** A way for bytes to get from a client to a server and back. */
export interface Way {
  readonly name: string
  /** Whether clients have to upgrade the connection before they log in. */
  readonly startTls: boolean
  /** Whether nobody can read along once they have. */
  readonly confidential: boolean
  /** Whether elements are apart on the wire, so that there are no headers to get wrong. */
  readonly framed: boolean
  /** Whether what is no XML is refused before a stream sees it, together with what it came in. */
  readonly wrapped: boolean
  /** Starts a server that is reached this way. */
  open(options?: Partial<ServerOptions>, deps?: ServerDeps): Promise<Place>
}

/** Every way there is. */
export const ways: readonly Way[] = [
  pipeWay('in memory', {}),
  pipeWay('in memory, byte by byte', { split: singleBytes }),
  socketWay('over TCP', 'none', (port) => socketTransport(connectTcp({ host: '127.0.0.1', port }))),
  socketWay('over TCP with STARTTLS', 'starttls', (port, { cert }) =>
    socketTransport(connectTcp({ host: '127.0.0.1', port }), { ca: cert }),
  ),
  socketWay('over direct TLS', 'direct', (port, { cert }, domain) =>
    socketTransport(
      connectTls({
        host: '127.0.0.1',
        port,
        ca: cert,
        servername: domain,
        ALPNProtocols: ['xmpp-client'],
      }),
    ),
  ),
  webWay('over WebSocket', ({ port, cert }) =>
    webSocketFrames(new WebSocket(`wss://localhost:${port}/xmpp-websocket`, 'xmpp', { ca: cert })),
  ),
  webWay('over BOSH', ({ port, cert }) => boshFrames(`https://localhost:${port}/http-bind`, { ca: cert })),
]

/** The fastest way, for tests that are not about bytes. */
export const inMemory: Way = ways[0]!

function* singleBytes(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1) yield bytes.subarray(at, at + 1)
}

/** Cheap passwords, and no limit that a test which is not about limits could meet. */
const usual: ServerOptions = {
  domains,
  accounts: { hashes: ['SHA-1'], iterations: 4096 },
  registration: { allowRegistration: true, maxRegistrationsPerAddress: 10_000 },
  sessions: { maxPerAccount: 5 },
}

function pipeWay(name: string, pipe: PipeOptions): Way {
  return {
    name,
    startTls: false,
    confidential: true,
    framed: false,
    wrapped: false,
    async open(options = {}, deps = {}) {
      const server = await createServer({ ...usual, ...options }, deps)
      return {
        server,
        dial(domain) {
          const { client, server: end } = createPipe(pipe)
          end.attach(server.accept(end))
          return createWireClient({ transport: client }, { domain })
        },
        [Symbol.asyncDispose]: () => server.close(),
      }
    },
  }
}

function socketWay(
  name: string,
  tls: 'none' | 'starttls' | 'direct',
  transport: (port: number, certificate: CertificatePair, domain: string) => WireClientDeps['transport'],
): Way {
  return {
    name,
    startTls: tls === 'starttls',
    confidential: tls !== 'none',
    framed: false,
    wrapped: false,
    async open(options = {}, deps = {}) {
      const pair = await certificate()
      const server = await createServer(
        {
          ...usual,
          ...(tls === 'none' && {
            c2s: { requireTls: false },
            registration: { ...usual.registration, allowInsecure: true },
          }),
          ...options,
          certificates: await createCertificates({ load: async () => [pair] }),
          listeners: [{ host: '127.0.0.1', port: 0, tls }],
          tcp: { maxConnectionsPerAddress: Infinity, maxAttemptsPerAddress: Infinity },
        },
        deps,
      )
      const { port } = server.listeners[0]!
      return {
        server,
        dial: (domain) => createWireClient({ transport: transport(port, pair, domain) }, { domain }),
        [Symbol.asyncDispose]: () => server.close(),
      }
    },
  }
}

function webWay(name: string, frames: (at: { port: number; cert: string }) => FrameTransport): Way {
  return {
    name,
    startTls: false,
    confidential: true,
    framed: true,
    wrapped: name === 'over BOSH',
    async open(options = {}, deps = {}) {
      const pair = await certificate()
      const unlimited = { maxConnectionsPerAddress: Infinity, maxAttemptsPerAddress: Infinity }
      const server = await createServer(
        {
          ...usual,
          ...options,
          certificates: await createCertificates({ load: async () => [pair] }),
          listeners: [{ host: '127.0.0.1', port: 0, protocol: 'https' }],
          http: unlimited,
          // Where a test turns the clock by hours, no answer could come in time.
          web: {
            limits: unlimited,
            websocket: { pingIntervalMs: Infinity },
            bosh: { inactivityMs: Infinity },
          },
        },
        deps,
      )
      const at = { port: server.listeners[0]!.port, cert: pair.cert }
      return {
        server,
        dial: (domain) => createWireClient({ transport: framedTransport(frames(at)) }, { domain }),
        [Symbol.asyncDispose]: () => closeInTime(server, deps.clock),
      }
    },
  }
}

/** Closes a server: some of its clients poll and are not there, and it waits for them by its own clock. */
async function closeInTime(server: Server, clock: Clock | undefined): Promise<void> {
  let isClosed = false
  const closing = server.close().then(() => {
    isClosed = true
  })
  while (clock !== undefined && 'advance' in clock && !isClosed) {
    await (clock as ManualClock).advance(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await closing
}

let made: Promise<CertificatePair> | undefined

/** One self-signed certificate for all servers of a run: making it is the slow part. */
function certificate(): Promise<CertificatePair> {
  made ??= createDevelopmentCertificate({ domains: [...domains, 'localhost'], now: Date.now() })
  return made
}
