import type { Hooks } from '@xmppkit/hooks'
import { isBareJid, type Jid } from '@xmppkit/jid'
import { type Awaitable, type Clock, isThenable, type Logger } from '@xmppkit/runtime'
import type { Stanza, StreamError } from '@xmppkit/stanza'
import type { SessionEntry, SessionHandle, SessionRegistry } from './ports.js'
import { sessionClosed } from './tokens.js'

/** What {@link createEnding} needs. */
export interface EndingDeps {
  readonly hooks: Pick<Hooks, 'run'>
  readonly logger: Logger
  readonly clock: Pick<Clock, 'after'>
  readonly registry: SessionRegistry
  readonly reroute: (stanza: Stanza) => Awaitable<void>
}

/** How sessions end: by themselves, replaced, or kicked. */
export interface SessionEnding {
  close(handle: Pick<SessionHandle, 'sid'>, reason?: string, undelivered?: Iterable<Stanza>): Awaitable<void>
  end(session: SessionEntry, error: StreamError): Promise<void>
  kick(jid: Jid, error: StreamError): Promise<number>
}

/** Sessions of a domain that are ended at the same time. */
const kickBatch = 100

/** Makes the ending of sessions of one host. */
export function createEnding(deps: EndingDeps, options: { readonly settleTimeoutMs: number }): SessionEnding {
  const { hooks, logger, clock, registry, reroute } = deps
  const settled = new Map<string, (() => void)[]>()

  function close(
    handle: Pick<SessionHandle, 'sid'>,
    reason = 'closed',
    undelivered: Iterable<Stanza> = [],
  ): Awaitable<void> {
    const session = registry.get(handle.sid)
    if (session === undefined) return rerouteAll(undelivered)
    // The record goes first: nothing that is re-routed, or sent by a listener, may find this session again.
    const removed = registry.remove(handle.sid)
    const told = isThenable(removed)
      ? removed.then(() => hooks.run(sessionClosed, { session, reason }))
      : hooks.run(sessionClosed, { session, reason })
    if (isThenable(told)) return finish(told, handle.sid, undelivered)
    settle(handle.sid)
    return rerouteAll(undelivered)
  }

  async function finish(told: PromiseLike<void>, sid: string, undelivered: Iterable<Stanza>): Promise<void> {
    try {
      await told
    } finally {
      settle(sid)
    }
    await rerouteAll(undelivered)
  }

  function settle(sid: string): void {
    const waiting = settled.get(sid)
    settled.delete(sid)
    for (const resolve of waiting ?? []) resolve()
  }

  // One after another: the order per sender has to survive this too (M-7).
  function rerouteAll(stanzas: Iterable<Stanza>): Awaitable<void> {
    const left = stanzas[Symbol.iterator]()
    for (let next = left.next(); next.done !== true; next = left.next()) {
      const result = reroute(next.value)
      if (isThenable(result)) return rerouteRest(result, left)
    }
  }

  async function rerouteRest(current: PromiseLike<void>, left: Iterator<Stanza>): Promise<void> {
    await current
    for (let next = left.next(); next.done !== true; next = left.next()) await reroute(next.value)
  }

  async function end(session: SessionEntry, error: StreamError): Promise<void> {
    if (registry.get(session.sid) === undefined) return
    const gone = new Promise<boolean>((resolve) => {
      const waiting = settled.get(session.sid) ?? []
      settled.set(session.sid, [...waiting, () => resolve(true)])
    })
    let timer: Disposable | undefined
    const late = new Promise<boolean>((resolve) => {
      timer = clock.after(options.settleTimeoutMs, () => resolve(false))
    })
    const refused = tellToClose(session, error)
    const inTime = await Promise.race([gone, late, refused])
    timer?.[Symbol.dispose]()
    if (!inTime) await close(session, `${error.condition}: it did not end in time`)
  }

  /** Resolves only if the session will not end by itself. */
  function tellToClose(session: SessionEntry, error: StreamError): Promise<boolean> {
    return new Promise((resolve) => {
      const failed = (cause: unknown) => {
        logger.error('a session could not be told to end', { jid: session.jid.toString(), cause })
        resolve(false)
      }
      try {
        const closing = session.handle.close(error)
        if (isThenable(closing)) closing.then(undefined, failed)
      } catch (cause) {
        failed(cause)
      }
    })
  }

  async function kick(jid: Jid, error: StreamError): Promise<number> {
    if (jid.isDomain) return kickDomain(jid.domain, error)
    const all = registry.list(jid.bare)
    const chosen = isBareJid(jid) ? all : all.filter((session) => session.jid.resource === jid.resource)
    await Promise.all(chosen.map((session) => end(session, error)))
    return chosen.length
  }

  async function kickDomain(domain: string, error: StreamError): Promise<number> {
    let count = 0
    let after: number | undefined
    do {
      const page = registry.page({ domain, limit: kickBatch, ...(after === undefined ? {} : { after }) })
      await Promise.all(page.sessions.map((session) => end(session, error)))
      count += page.sessions.length
      after = page.next
    } while (after !== undefined)
    return count
  }

  return { close, end, kick }
}
