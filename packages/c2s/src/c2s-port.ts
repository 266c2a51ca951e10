import type { Clock, Ids, Logger } from '@xmppkit/runtime'
import { StreamError } from '@xmppkit/stanza'
import {
  type ConnectionSink,
  createAlarms,
  createWriteTurn,
  resolveServerStreamOptions,
  type ServerStreamOptions,
  serverStreamDefaults,
  type Transport,
} from '@xmppkit/stream'
import type { C2s } from './c2s.js'
import { ClientConnection } from './connection.js'
import { createConnectionSet } from './connection-set.js'

/** Collaborators of {@link createC2sPort}. */
export interface C2sPortDeps {
  /** The clients' side of the host that serves a domain (prepared); `undefined` if nobody does. */
  find(domain: string): C2s | undefined
  /** For stream ids, which nobody may guess. */
  readonly ids: Ids
  /** For every wait. */
  readonly clock: Clock
  /** Told what goes wrong on streams. */
  readonly logger: Logger
}

/** Limits and waits of every client's stream, before it is known whom it wants and after; and how many there may be. */
export interface C2sPortOptions extends Omit<ServerStreamOptions, 'contentNs'> {
  /**
   * Connections at the same time; more are told `resource-constraint`.
   * @default 100_000
   */
  readonly maxConnections?: number
  /**
   * Longest wait of {@link C2sPort.close} for sessions whose listeners do not come to an end.
   * @default 30_000
   */
  readonly drainTimeoutMs?: number
}

/** What {@link C2sPortOptions} are when left out. */
export const c2sPortDefaults: Required<Omit<C2sPortOptions, 'fallbackDomain'>> = Object.freeze({
  ...serverStreamDefaults,
  maxConnections: 100_000,
  drainTimeoutMs: 30_000,
})

/** The front door: takes connections of clients, whatever brings them and whichever host they want. */
export interface C2sPort extends AsyncDisposable {
  /** Takes a connection over. The listener calls the sink it gets; everything else goes through the transport. */
  accept(transport: Transport): ConnectionSink
  /** Number of connections now. */
  readonly connections: number
  /**
   * Takes no more connections, ends all with `system-shutdown`, or with the given error, and resolves when every session is
   * closed and whatever it could not deliver is in other hands, or after `drainTimeoutMs`.
   */
  close(error?: StreamError): Promise<void>
}

/**
 * Makes the front door hosts share.
 *
 * @example
 * ```ts
 * const port = createC2sPort({ find: (domain) => hosts.get(domain), ids: randomIds, clock: systemClock, logger })
 * const listener = await listenTcp({ accept: (transport) => port.accept(transport) }, { port: 5222 })
 * ```
 */
export function createC2sPort(deps: C2sPortDeps, options: C2sPortOptions = {}): C2sPort {
  const { maxConnections, drainTimeoutMs, ...own } = { ...c2sPortDefaults, ...options }
  const streamOptions = resolveServerStreamOptions(own)
  const connections = createConnectionSet(deps)
  const connectionDeps = {
    ...deps,
    turn: createWriteTurn(),
    alarms: createAlarms(deps.clock),
    onFinished: (connection: ClientConnection) => connections.remove(connection),
  }
  const close = (error = new StreamError('system-shutdown')) => connections.close(error, drainTimeoutMs)

  return {
    accept(transport) {
      const connection = new ClientConnection(connectionDeps, transport, streamOptions)
      try {
        connections.add(connection)
      } catch {
        connection.stream.close(new StreamError('system-shutdown'))
      }
      if (connections.size > maxConnections) {
        connection.stream.close(new StreamError('resource-constraint', { text: 'too many connections' }))
      }
      return connection.stream
    },
    get connections() {
      return connections.size
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}
