import type { Clock } from '@xmppkit/runtime'
import { LdapError } from './errors.js'

/** What a pool needs of a connection. */
export interface Poolable {
  /** False once it cannot be used again. */
  readonly usable: boolean
  /** Drops it. */
  destroy(): void
}

/** What {@link createConnectionPool} needs. */
export interface PoolDeps<C extends Poolable> {
  /** Opens one more. */
  open(signal?: AbortSignal): Promise<C>
  readonly clock: Pick<Clock, 'after'>
}

/** Its limits. */
export interface PoolLimits {
  readonly maxConnections: number
  readonly maxWaiting: number
  readonly idleMs: number
}

/** So many connections at a time, each for one user at a time, kept while they are needed. */
export interface ConnectionPool<C extends Poolable> extends AsyncDisposable {
  /**
   * Works with a connection. If one that was idle turns out to be gone, another is opened and the work done again.
   *
   * @param signal - gives up: what waits for a connection leaves the queue, and a connection in use is dropped
   * @throws LdapError `ldap/overloaded`, `ldap/unavailable`; what `open` and `work` throw
   */
  use<T>(work: (connection: C) => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** Makes a {@link ConnectionPool}. */
export function createConnectionPool<C extends Poolable>(
  { open, clock }: PoolDeps<C>,
  { maxConnections, maxWaiting, idleMs }: PoolLimits,
): ConnectionPool<C> {
  const idle = new Map<C, Disposable>()
  const busy = new Set<C>()
  const queue = new Set<() => void>()
  let running = 0
  let closed = false

  const place = (signal: AbortSignal | undefined): Promise<void> | undefined => {
    if (closed) throw new LdapError('ldap/unavailable', 'the directory is not asked any more')
    if (running < maxConnections) {
      running += 1
      return undefined
    }
    if (queue.size >= maxWaiting) throw new LdapError('ldap/overloaded', `${maxWaiting} questions wait`)
    return new Promise((resolve, reject) => {
      const leave = () => {
        queue.delete(go)
        reject(signal?.reason)
      }
      const go = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      queue.add(go)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  const leave = () => {
    const [next] = queue
    if (next === undefined) running -= 1
    else {
      queue.delete(next)
      next()
    }
  }

  const takeIdle = (): C | undefined => {
    for (const [connection, timer] of idle) {
      timer[Symbol.dispose]()
      idle.delete(connection)
      if (connection.usable) return connection
    }
    return undefined
  }

  const keep = (connection: C) => {
    if (!connection.usable) return
    if (closed) return connection.destroy()
    const drop = () => {
      idle.delete(connection)
      connection.destroy()
    }
    idle.set(connection, clock.after(idleMs, drop))
  }

  const workWith = async <T>(connection: C, work: (connection: C) => Promise<T>, signal?: AbortSignal) => {
    const abandon = () => connection.destroy()
    signal?.addEventListener('abort', abandon, { once: true })
    busy.add(connection)
    try {
      return await work(connection)
    } finally {
      busy.delete(connection)
      signal?.removeEventListener('abort', abandon)
      keep(connection)
    }
  }

  return {
    async use(work, signal) {
      signal?.throwIfAborted()
      await place(signal)
      try {
        signal?.throwIfAborted()
        const known = takeIdle()
        if (known === undefined) return await workWith(await open(signal), work, signal)
        try {
          return await workWith(known, work, signal)
        } catch (error) {
          // Nobody tells us when the other side closes a connection it finds idle.
          if (known.usable || signal?.aborted || closed) throw error
        }
        return await workWith(await open(signal), work, signal)
      } finally {
        leave()
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true
      for (const timer of idle.values()) timer[Symbol.dispose]()
      for (const connection of [...idle.keys(), ...busy]) connection.destroy()
      idle.clear()
    },
  }
}
