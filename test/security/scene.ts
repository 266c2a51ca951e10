import { createHash, X509Certificate } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import { createJsonLogger, createManualClock, type ManualClock } from '@xmppkit/runtime'
import type { ChannelBindings } from '@xmppkit/sasl'
import { createServer, type Server, type ServerOptions } from '@xmppkit/server'
import type { TlsInfo } from '@xmppkit/stream'
import { type CertificatePair, createCertificates, createDevelopmentCertificate } from '@xmppkit/tcp'
import {
  createPipe,
  createWireClient,
  socketTransport,
  tlsOf,
  type WireClient,
  type WireClientDeps,
} from '@xmppkit/testing'
import type { RawElement } from '@xmppkit/xml'

/** The domain of these tests, and another one of the same server. */
export const domain = 'capulet.test'
export const otherDomain = 'montague.test'

/** Everybody's password. */
export const password = 'correct horse battery staple'

/** Somebody on a stream of their own, secure and open, before a login. */
export interface Visitor {
  readonly client: WireClient
  readonly features: RawElement
  /** What this end knows of the channel: on another connection it is something else. */
  readonly bindings: ChannelBindings
}

/** How a connection is made. */
export interface Approach {
  /** The client's certificate. @default none */
  readonly identity?: CertificatePair
  /** The domain dialled. @default {@link domain} */
  readonly to?: string
  /** What the header says of who comes. @default nothing */
  readonly from?: string
}

/** A server whose clock stands still, and the way to it. */
export interface Scene extends AsyncDisposable {
  readonly server: Server
  readonly clock: ManualClock
  /** What it has logged, a line an entry. */
  readonly log: readonly string[]
  /** Connects, secures the stream and opens it. */
  visit(approach?: Approach): Promise<Visitor>
  /** Connects somebody, logs them in and binds a resource; available unless told otherwise. */
  person(name: string, resource?: string, presence?: string): Promise<WireClient>
  /** What was logged as an error. */
  errors(): string[]
}

/** A way for bytes to get from a client to a server and back. */
export interface Way {
  readonly name: string
  open(options?: Partial<ServerOptions>, authority?: string): Promise<Scene>
}

type Dial = (approach: Approach) => { client: WireClient; tls(): TlsInfo | undefined }

/** The fastest way. */
export const inMemory: Way = {
  name: 'in memory',
  open: (options, authority) => openScene('memory', options, authority),
}

/** Every way attacks are tried: what is true in memory has to be true over TLS, where the channel is a real one. */
const ways: readonly Way[] = [
  inMemory,
  { name: 'over STARTTLS', open: (options, authority) => openScene('starttls', options, authority) },
  { name: 'over direct TLS', open: (options, authority) => openScene('direct', options, authority) },
]

/** Those ways as rows of a table. */
export const everyWay = ways.map((way) => [way.name, way] as const)

let made: Promise<CertificatePair> | undefined

/** The certificate of every server here. */
function serverCertificate(): Promise<CertificatePair> {
  made ??= createDevelopmentCertificate({ domains: [domain, otherDomain], now: Date.now() })
  return made
}

const unlimited = { maxFailuresPerAddress: 100_000, maxFailuresPerAccount: 100_000 }

async function openScene(
  kind: 'memory' | 'starttls' | 'direct',
  options: Partial<ServerOptions> = {},
  authority?: string,
): Promise<Scene> {
  const clock = createManualClock()
  const log: string[] = []
  const pair = await serverCertificate()
  const load = async () => [pair]
  const server = await createServer(
    {
      domains: [domain, otherDomain],
      accounts: { hashes: ['SHA-256', 'SHA-512', 'SHA-1'], iterations: 4096 },
      // Guesses are not what this is about, and nobody answers pings.
      throttle: unlimited,
      stream: { idleTimeoutMs: Number.POSITIVE_INFINITY },
      streamManagement: { ackTimeoutMs: Number.POSITIVE_INFINITY },
      tcp: { maxConnectionsPerAddress: Infinity, maxAttemptsPerAddress: Infinity },
      certificates: await createCertificates({ load }, authority ? { clientAuthorities: authority } : {}),
      ...(kind !== 'memory' && { listeners: [{ host: '127.0.0.1', port: 0, tls: kind }] }),
      ...options,
    },
    { clock, logger: createJsonLogger((line) => log.push(line), { level: 'debug' }) },
  )
  const accounts = server.host().get(AccountsService)
  for (const name of [...people.map((one) => `${one}@${domain}`), `juliet@${otherDomain}`]) {
    const { bare } = parseJid(name)
    if (!(await accounts.exists(bare))) await accounts.register(bare, password)
  }
  const dial = dialers[kind](server, pair, authority)
  const clients: WireClient[] = []
  const visit = async (approach: Approach = {}): Promise<Visitor> => {
    const { client, tls } = dial(approach)
    clients.push(client)
    const features = await client.secure(approach.from === undefined ? undefined : headerFrom(approach))
    return { client, features, bindings: bindingsOf(tls(), pair) }
  }
  return {
    server,
    clock,
    log,
    visit,
    async person(name, resource = 'r', presence = '<presence/>') {
      const { client, features } = await visit()
      await client.login({ username: name, password, resource }, features)
      client.send(presence)
      await client.forget()
      return client
    },
    errors: () => log.filter((entry) => entry.includes('"level":"error"')),
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.cut()
      await server.close()
    },
  }
}

/** Who has an account. */
const people = ['juliet', 'romeo', 'mallory', 'nurse']

function headerFrom({ to = domain, from }: Approach): string {
  return `<stream:stream to='${to}' from='${from}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
}

function endPointHash({ cert }: CertificatePair): Uint8Array {
  return createHash('sha256').update(new X509Certificate(cert).raw).digest()
}

function bindingsOf(tls: TlsInfo | undefined, pair: CertificatePair): ChannelBindings {
  const bindings = new Map([['tls-server-end-point', endPointHash(pair)]])
  if (tls?.exporter !== undefined) bindings.set('tls-exporter', tls.exporter)
  return bindings
}

const dialers: Record<
  'memory' | 'starttls' | 'direct',
  (server: Server, pair: CertificatePair, authority: string | undefined) => Dial
> = {
  memory: (server, pair, authority) => {
    let channels = 0
    return ({ identity, to = domain }) => {
      channels += 1
      const exporter = createHash('sha256').update(`channel ${channels}`).digest()
      const peer = identity && new X509Certificate(identity.cert)
      const tls: TlsInfo = {
        protocol: 'TLSv1.3',
        exporter,
        endPointHash: endPointHash(pair),
        ...(peer && {
          peerCertificate: peer.raw,
          peerVerified: authority !== undefined && peer.checkIssued(new X509Certificate(authority)),
        }),
      }
      const { client, server: end } = createPipe({ tls })
      end.attach(server.accept(end))
      return { client: wireClient(client, to), tls: () => tls }
    }
  },
  starttls:
    (server, { cert }) =>
    ({ identity, to = domain }) => {
      const socket = connectTcp({ host: '127.0.0.1', port: server.listeners[0]!.port })
      const transport = socketTransport(socket, { ca: cert, ...(identity && { identity }) })
      let known: TlsInfo | undefined
      const attach: typeof transport.attach = (sink) =>
        transport.attach({
          receive: (chunk) => sink.receive(chunk),
          drained: () => sink.drained(),
          disconnected: (error) => sink.disconnected(error),
          secured(tls) {
            known = tls
            sink.secured(tls)
          },
        })
      return { client: wireClient({ ...transport, attach }, to), tls: () => known }
    },
  direct:
    (server, { cert }) =>
    ({ identity, to = domain }) => {
      const socket = connectTls({
        host: '127.0.0.1',
        port: server.listeners[0]!.port,
        ca: cert,
        servername: to,
        ALPNProtocols: ['xmpp-client'],
        ...identity,
      })
      return { client: wireClient(socketTransport(socket), to), tls: () => tlsOf(socket) }
    },
}

function wireClient(transport: WireClientDeps['transport'], to: string): WireClient {
  return createWireClient({ transport }, { domain: to, timeoutMs: 20_000 })
}
