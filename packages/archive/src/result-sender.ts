import type { Logger } from '@xmppkit/runtime'
import { deliverPaced, isCopy, type PacedStanza, type SessionRecord, type Sessions } from '@xmppkit/sessions'
import { archiveResult, message } from '@xmppkit/stanza'
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
  function* results(messages: readonly ArchivedMessage[], to: ResultAddress): Iterable<PacedStanza> {
    for (const archived of messages) {
      try {
        yield { stanza: resultOf(archived, to), size: archived.stanza.length }
      } catch (cause) {
        logger.error('an archived message cannot be read and is left out', { id: archived.id, cause })
      }
    }
  }

  return (messages, to) => deliverPaced(sessions, results(messages, to), { ...to, maxBytes: resultBytes })
}

/** A message of an archive as it is sent to the session that asked (XEP-0313 §4.2). */
function resultOf(archived: ArchivedMessage, { session: { jid }, queryId }: ResultAddress) {
  const result = archiveResult(readArchived(archived, jid.bare), { ...archived, queryId })
  // Marked as a copy: whoever sees it on its last step leaves it alone.
  return message({ from: jid.bare, to: jid }, result).withMeta(isCopy, true)
}
