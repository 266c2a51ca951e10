import type { Stanza } from '@xmppkit/stanza'
import type { SessionHandle } from './ports.js'
import type { Sessions } from './sessions.js'

/** A stanza of many, and what it counts for. */
export interface PacedStanza {
  /** The stanza. */
  readonly stanza: Stanza
  /** Its size in bytes, or about that. */
  readonly size: number
}

/** Whom to deliver to, and how much at one time. */
export interface PacedDelivery {
  /** The session; nobody else gets anything. */
  readonly session: Pick<SessionHandle, 'sid'>
  /** Bytes under way at one time; a larger stanza goes alone. */
  readonly maxBytes: number
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal
}

/**
 * Sends many stanzas to one session: in order, and not more at one time than its connection takes. They go past delivery, so
 * nothing stores or re-routes them. The next one is asked for when there is room for it.
 *
 * @returns false if the session went away meanwhile, or nobody waits any more
 *
 * @example
 * ```ts
 * const isThere = await deliverPaced(sessions, results, { session, maxBytes: 262_144, signal: request.signal })
 * ```
 */
export async function deliverPaced(
  sessions: Pick<Sessions, 'deliverTo'>,
  stanzas: Iterable<PacedStanza>,
  { session, maxBytes, signal }: PacedDelivery,
): Promise<boolean> {
  const written = (stanza: Stanza) =>
    new Promise<boolean>((resolve) => {
      void sessions.deliverTo(session.sid, stanza, (outcome) => resolve(outcome === 'delivered'))
    })
  let underWay: Promise<boolean>[] = []
  let bytes = 0
  for (const { stanza, size } of stanzas) {
    if (bytes > 0 && bytes + size > maxBytes) {
      if (!(await allWritten(underWay, signal))) return false
      underWay = []
      bytes = 0
    }
    bytes += size
    underWay.push(written(stanza))
  }
  return true
}

/** True when all were written; false as soon as nobody waits for the answer any more. */
async function allWritten(receipts: readonly Promise<boolean>[], signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false
  let giveUp = () => {}
  const aborted = new Promise<readonly boolean[]>((resolve) => {
    giveUp = () => resolve([false])
    signal.addEventListener('abort', giveUp)
  })
  const outcomes = await Promise.race([Promise.all(receipts), aborted])
  signal.removeEventListener('abort', giveUp)
  return outcomes.every((isWritten) => isWritten)
}
