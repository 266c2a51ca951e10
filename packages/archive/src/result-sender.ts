import type { Logger } from '@xmppkit/runtime'
import { isCopy, type SessionRecord, type Sessions } from '@xmppkit/sessions'
import { forward, message, NS, type Stanza } from '@xmppkit/stanza'
import { Element, rawElement } from '@xmppkit/xml'
import { readArchived } from './archived-stanza.js'
import type { ArchivedMessage } from './ports.js'

/** What {@link createResultSender} needs. */
export interface ResultSenderDeps {
  /** The way to the session that asked. */
  readonly sessions: Pick<Sessions, 'deliverTo'>
  /** Told of messages that cannot be read. */
  readonly logger: Logger
}

/** Who asked, and how. */
export interface ResultAddress {
  /** The session that asked; nobody else gets results. */
  readonly session: Pick<SessionRecord, 'sid' | 'jid'>
  /** The id of its query, repeated in each result. */
  readonly queryId: string | undefined
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal
}

/** Sends messages of an archive to the session that asked. Resolves with false if it went away meanwhile. */
export type ResultSender = (messages: readonly ArchivedMessage[], to: ResultAddress) => Promise<boolean>

/**
 * Makes the sending of results: in order, and not more at one time than the client's connection takes. They go past
 * delivery, so nothing stores, copies or re-routes them.
 */
export function createResultSender(
  { sessions, logger }: ResultSenderDeps,
  { resultBytes }: { readonly resultBytes: number },
): ResultSender {
  const written = (sid: string, result: Stanza) =>
    new Promise<boolean>((resolve) => {
      void sessions.deliverTo(sid, result, (outcome) => resolve(outcome === 'delivered'))
    })

  const resultOf = (archived: ArchivedMessage, { session, queryId }: ResultAddress) => {
    try {
      return archiveResult(archived, session, queryId)
    } catch (cause) {
      logger.error('an archived message cannot be read and is left out', { id: archived.id, cause })
      return undefined
    }
  }

  return async (messages, to) => {
    let underWay: Promise<boolean>[] = []
    let bytes = 0
    for (const archived of messages) {
      const size = archived.stanza.length
      if (bytes > 0 && bytes + size > resultBytes) {
        if (!(await allWritten(underWay, to.signal))) return false
        underWay = []
        bytes = 0
      }
      const result = resultOf(archived, to)
      if (result === undefined) continue
      bytes += size
      underWay.push(written(to.session.sid, result))
    }
    return true
  }
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

/** A message of an archive as it is sent to the session that asked (XEP-0313 §4.2). */
function archiveResult(
  archived: ArchivedMessage,
  { jid }: ResultAddress['session'],
  queryId: string | undefined,
): Stanza {
  const when = { stamp: new Date(archived.at), reason: '' }
  const result = rawElement(
    new Element('result', {
      xmlns: NS.mam,
      ...(queryId !== undefined && { queryid: queryId }),
      id: archived.id,
    }),
  ).append(forward(readArchived(archived, jid.bare), when))
  // Marked as a copy: whoever sees it on its last step leaves it alone.
  return message({ from: jid.bare, to: jid }, result).withMeta(isCopy, true)
}
