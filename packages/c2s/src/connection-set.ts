import type { Clock, Logger } from '@xmppkit/runtime'
import { StreamError } from '@xmppkit/stanza'
import type { StreamState } from '@xmppkit/stream'
import type { ClientConnection } from './connection.js'

/** Connections that can all be ended together. */
export interface ConnectionSet {
  /** @throws StreamError `system-shutdown` once the set is closing */
  add(connection: ClientConnection): void
  remove(connection: ClientConnection): void
  /** The connection whose stream has this state. */
  get(state: StreamState): ClientConnection | undefined
  readonly size: number
  /** Ends those that have addressed this domain and have no session yet. */
  leave(domain: string): void
  /** Ends every stream with this error; resolves when nothing of any of them is under way any more, or after a while. */
  close(error: StreamError, drainTimeoutMs: number): Promise<void>
}

/** Makes a {@link ConnectionSet}. */
export function createConnectionSet(deps: {
  readonly clock: Pick<Clock, 'after'>
  readonly logger: Logger
}): ConnectionSet {
  const byState = new Map<StreamState, ClientConnection>()
  let closing: Promise<void> | undefined
  let onEmpty = () => {}

  return {
    add(connection) {
      if (closing !== undefined) throw new StreamError('system-shutdown')
      byState.set(connection.stream.state, connection)
    },
    remove(connection) {
      byState.delete(connection.stream.state)
      if (byState.size === 0) onEmpty()
    },
    get: (state) => byState.get(state),
    get size() {
      return byState.size
    },
    leave(domain) {
      for (const { stream, session } of byState.values()) {
        if (stream.state.domain === domain && session === undefined)
          stream.close(new StreamError('host-gone'))
      }
    },
    close(error, drainTimeoutMs) {
      closing ??= new Promise((resolve) => {
        const timer = deps.clock.after(drainTimeoutMs, () => {
          deps.logger.error('connections are still closing', { count: byState.size, drainTimeoutMs })
          resolve()
        })
        onEmpty = () => {
          timer[Symbol.dispose]()
          resolve()
        }
        for (const connection of byState.values()) connection.close(error)
        if (byState.size === 0) onEmpty()
      })
      return closing
    },
  }
}
