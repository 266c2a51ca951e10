import { createHooks, type Hooks } from '@xmppkit/hooks'
import {
  createCountingIds,
  createManualClock,
  type Ids,
  type ManualClock,
  silentLogger,
} from '@xmppkit/runtime'
import { createSessions, type SessionRegistry, type Sessions, type SessionsOptions } from '@xmppkit/sessions'
import { iq, type Stanza } from '@xmppkit/stanza'
import type { ConnectionSink, TlsInfo, Transport } from '@xmppkit/stream'
import { textFromWire } from '@xmppkit/xml'
import { type C2s, type C2sDeps, createC2s } from './c2s.js'
import type { C2sOptions } from './c2s-options.js'
import { type C2sPort, type C2sPortOptions, createC2sPort } from './c2s-port.js'

/** Lets everything that waits for promises alone run. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The same XML with attributes in alphabetical order and one kind of quotes, to compare what means the same. */
export function canonical(xml: string): string {
  return xml.replace(
    /<([^\s<>/?!]+)((?:\s+[^\s=]+=(?:"[^"]*"|'[^']*'))+)/g,
    (_, name: string, list: string) => {
      const attributes = [...list.matchAll(/([^\s=]+)=(?:"([^"]*)"|'([^']*)')/g)]
      const sorted = attributes.map(([, key, double, single]) => ` ${key}="${double ?? single}"`).sort()
      return `<${name}${sorted.join('')}`
    },
  )
}

/** A client whose every byte is written down; for the tests of this package. */
export interface FakeClient {
  readonly sink: ConnectionSink
  readonly framing: 'stream' | 'framed'
  /** What the transport was told beside bytes. */
  readonly calls: string[]
  /** Whether written bytes reach the operating system at once; if not, they wait for `flush`. */
  instant: boolean
  flush(): void
  feed(text: string): void
  /** Everything written since the last call, {@link canonical}, after whatever waits for promises alone has run. */
  heard(): Promise<string>
}

const headers = {
  stream:
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='DOMAIN' version='1.0'EXTRA>",
  framed: "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='DOMAIN' version='1.0'EXTRA/>",
}

/** Connects a client. */
export function connect(
  port: C2sPort,
  options: { framing?: 'stream' | 'framed'; tls?: boolean; lingers?: boolean } = {},
): FakeClient {
  let written = ''
  const waiting: (() => void)[] = []
  const calls: string[] = []
  const tls: TlsInfo | undefined = options.tls === false ? undefined : { protocol: 'TLSv1.3' }
  const transport: Transport = {
    framing: options.framing ?? 'stream',
    remoteAddress: '192.0.2.7',
    tls,
    canStartTls: tls === undefined,
    write(wire) {
      written += textFromWire(wire)
      return true
    },
    flushed(done) {
      if (client.instant) done()
      else waiting.push(done)
    },
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    end() {
      calls.push('end')
      if (options.lingers !== true) queueMicrotask(() => sink.disconnected())
    },
    destroy: () => void calls.push('destroy'),
  }
  const client: FakeClient = {
    framing: transport.framing,
    get sink() {
      return sink
    },
    calls,
    instant: true,
    flush() {
      for (const done of waiting.splice(0)) done()
    },
    feed: (text) => sink.receive(Buffer.from(text)),
    async heard() {
      await settled()
      const text = written
      written = ''
      return canonical(text)
    },
  }
  // A connection may be refused before anybody could listen.
  const sink = port.accept(transport)
  return client
}

/** The header a client opens a stream with. */
export function hello(domain = 'example.com', extra = '', framing: 'stream' | 'framed' = 'stream'): string {
  return headers[framing].replace('DOMAIN', domain).replace('EXTRA', extra)
}

/** Logs a client in, with the password `secret`. */
export async function logIn(client: FakeClient, user: string, extra = ''): Promise<void> {
  const plain = Buffer.from(`\0${user}\0secret`).toString('base64')
  client.feed(hello('example.com', extra, client.framing))
  client.feed(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`)
  await settled()
  client.feed(hello('example.com', extra, client.framing))
  await client.heard()
}

/** Asks for a resource. */
export function bindRequest(resource: string): string {
  const wanted = resource && `<resource>${resource}</resource>`
  return `<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${wanted}</bind></iq>`
}

/** Everything a client's session needs, with accounts that all have the password `secret`. */
export interface Rig {
  readonly clock: ManualClock
  readonly hooks: Hooks
  readonly sessions: Sessions
  readonly c2s: C2s
  readonly port: C2sPort
  /** Stanzas to other domains. */
  readonly away: Stanza[]
  /** Requests to accounts; answered with an empty result. */
  readonly asked: Stanza[]
  /** Messages nobody could take. */
  readonly errors: string[]
  /** A client that has bound `user@example.com/resource`. */
  client(
    user: string,
    resource: string,
    options?: { extra?: string; framing?: 'stream' | 'framed' },
  ): Promise<FakeClient>
}

/** Puts a host together. */
export function rig(
  setup: {
    c2s?: C2sOptions
    port?: C2sPortOptions
    sessions?: SessionsOptions
    registry?: SessionRegistry
    deps?: Partial<C2sDeps>
  } = {},
): Rig {
  const clock = createManualClock()
  const ids: Ids = createCountingIds('id')
  const errors: string[] = []
  const logger = { ...silentLogger, error: (message: string) => void errors.push(message) }
  const hooks = createHooks({ onError: (error) => void errors.push(String(error)) })
  const away: Stanza[] = []
  const asked: Stanza[] = []
  const route = (stanza: Stanza) => {
    if (stanza.to?.domain !== 'example.com') return void away.push(stanza)
    if (stanza.to.local === '') return void asked.push(stanza)
    return sessions.deliver(stanza)
  }
  const accountIq = (stanza: Stanza) => {
    asked.push(stanza)
    return route(iq({ type: 'result', id: stanza.id ?? '', to: stanza.from, from: stanza.to }))
  }
  const sessions = createSessions(
    {
      hooks,
      logger,
      clock,
      route,
      accountExists: () => true,
      accountIq,
      ...(setup.registry && { registry: setup.registry }),
    },
    setup.sessions ?? {},
  )
  const credentials = {
    passwords: { verifyPassword: (_account: unknown, password: string) => password === 'secret' },
  }
  const c2s = createC2s({ hooks, sessions, route, credentials, ids, clock, logger, ...setup.deps }, setup.c2s)
  const port = createC2sPort(
    { find: (domain) => (domain === 'example.com' ? c2s : undefined), ids, clock, logger },
    setup.port,
  )
  return {
    clock,
    hooks,
    sessions,
    c2s,
    port,
    away,
    asked,
    errors,
    async client(user, resource, options = {}) {
      const client = connect(port, options)
      await logIn(client, user, options.extra)
      client.feed(bindRequest(resource))
      await client.heard()
      return client
    },
  }
}
