import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createJsonLogger, createManualClock, type ManualClock, randomIds } from '@xmppkit/runtime'
import type { ConnectionSink, Transport } from '@xmppkit/stream'
import { textFromWire, wireFromBytes, wireFromText } from '@xmppkit/xml'
import { type ClientOptions, WebSocket } from 'ws'
import { createWeb, type Web, type WebDeps, type WebOptions } from './web.js'

/** A connection as the server behind it sees it. */
export interface Seen {
  readonly transport: Transport
  /** What came, a message an entry. */
  readonly received: string[]
  /** How it ended, once it has. */
  readonly ends: (Error | undefined)[]
  /** What happened beside: `drained`, `stalled`. */
  readonly events: string[]
  /** Resolves once there are so many messages. */
  messages(count: number): Promise<string[]>
  /** Resolves when it has ended. */
  readonly gone: Promise<void>
  write(...texts: string[]): void
}

/** HTTP with a {@link Web} in front, and whoever comes. For the tests of this package. */
export interface Rig extends AsyncDisposable {
  readonly server: Server
  readonly web: Web
  readonly clock: ManualClock
  readonly port: number
  readonly log: string[]
  readonly seen: Seen[]
  /** The connection that comes next. */
  next(): Promise<Seen>
  /** Opens a WebSocket and waits for the answer: the socket, or the HTTP status it is refused with. */
  dial(options?: ClientOptions & { path?: string; protocols?: string[] }): Promise<WebSocket | number>
  url(path: string): string
}

export async function openRig(
  options: WebOptions = {},
  app: RequestListener = (_request, response) => response.end('app'),
  deps: Partial<WebDeps> = {},
): Promise<Rig> {
  const clock = createManualClock()
  const log: string[] = []
  const seen: Seen[] = []
  const waiting: ((one: Seen) => void)[] = []
  const accept = (transport: Transport): ConnectionSink => {
    const one = see(transport)
    seen.push(one.seen)
    for (const wake of waiting.splice(0)) wake(one.seen)
    return one.sink
  }
  const logger = createJsonLogger((line) => log.push(line), { level: 'debug' })
  const web = createWeb({ accept, clock, ids: randomIds, logger, ...deps }, options)
  const server = createServer(app)
  web.attach(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    server,
    web,
    clock,
    port,
    log,
    seen,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    url: (path) => `http://127.0.0.1:${port}${path}`,
    dial: ({ path = '/xmpp-websocket', protocols = ['xmpp'], ...rest } = {}) =>
      dialled(new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, rest)),
    async [Symbol.asyncDispose]() {
      for (const { transport } of seen) transport.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The socket once it is open, or the status it was refused with. */
export function dialled(ws: WebSocket): Promise<WebSocket | number> {
  return new Promise((resolve, reject) => {
    ws.once('open', () => resolve(ws))
    ws.once('error', reject)
    ws.once('unexpected-response', (_request, response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
  })
}

/** Everything a WebSocket gets from now on, text a message. */
export function heard(ws: WebSocket): {
  texts: string[]
  until(count: number): Promise<string[]>
  closed: Promise<number>
} {
  const texts: string[] = []
  const waiting: (() => void)[] = []
  const wake = () => {
    for (const one of waiting.splice(0)) one()
  }
  ws.on('message', (data: Buffer) => {
    texts.push(data.toString())
    wake()
  })
  ws.on('error', () => {})
  const closed = new Promise<number>((resolve) => ws.once('close', (code) => resolve(code)))
  return {
    texts,
    closed,
    async until(count) {
      while (texts.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
      return texts
    },
  }
}

function see(transport: Transport): { seen: Seen; sink: ConnectionSink } {
  const received: string[] = []
  const ends: (Error | undefined)[] = []
  const events: string[] = []
  const waiting: (() => void)[] = []
  let settleGone = () => {}
  const gone = new Promise<void>((resolve) => {
    settleGone = resolve
  })
  const wake = () => {
    for (const one of waiting.splice(0)) one()
  }
  const sink: ConnectionSink = {
    receive(chunk) {
      received.push(textFromWire(wireFromBytes(chunk)))
      wake()
    },
    secured: () => void events.push('secured'),
    stalled: () => void events.push('stalled'),
    drained: () => void events.push('drained'),
    disconnected(error) {
      ends.push(error)
      settleGone()
      wake()
    },
  }
  const seen: Seen = {
    transport,
    received,
    ends,
    events,
    gone,
    async messages(count) {
      while (received.length < count && ends.length === 0) {
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
      return received
    },
    write(...texts) {
      for (const text of texts) transport.write(wireFromText(text))
      transport.flushed(() => events.push('flushed'))
    },
  }
  return { seen, sink }
}
