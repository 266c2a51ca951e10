import type { Iq, IqRequest } from '@xmppkit/iq'
import { isXmppkitError, type Logger } from '@xmppkit/runtime'
import { deliverPaced, isCopy, type PacedStanza, type SessionRecord, type Sessions } from '@xmppkit/sessions'
import { archiveResult, message, type RsmResponse, readStanza, StanzaError } from '@xmppkit/stanza'
import { parseElement, type RawElement } from '@xmppkit/xml'
import type { Inbox } from './inbox.js'
import type { InboxOptions } from './inbox-options.js'
import type { InboxEntry, InboxPage } from './inbox-page.js'
import { entryElement, type InboxQuery, inboxQuery } from './inbox-payload.js'
import type { InboxMessage } from './ports.js'

/** What {@link serveInboxRequests} needs. */
export interface InboxRequestsDeps {
  /** Where requests come in. */
  readonly iq: Pick<Iq, 'handle'>
  /** Who is there, and the way to them. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** Told of messages that cannot be read. */
  readonly logger: Logger
  /** What is asked for. */
  readonly inbox: Pick<Inbox, 'page'>
}

/** Answers clients that ask for their inbox (XEP-0430 §4.1), until disposed. */
export function serveInboxRequests(
  { iq, sessions, logger, inbox }: InboxRequestsDeps,
  options: Pick<Required<InboxOptions>, 'maxQueries' | 'maxQueriesPerAccount' | 'resultBytes'>,
): Disposable {
  const resultOf = ({ stanza, ...about }: InboxMessage, queryId: string | undefined) => {
    try {
      return archiveResult(readStanza(parseElement(stanza)), { ...about, queryId })
    } catch (cause) {
      logger.error('an archived message cannot be read and is left out', { id: about.id, cause })
      return undefined
    }
  }

  function* results(
    entries: readonly InboxEntry[],
    { jid }: SessionRecord,
    wrap: (message: InboxMessage) => RawElement | undefined,
  ): Iterable<PacedStanza> {
    for (const entry of entries) {
      const shown = entry.message && wrap(entry.message)
      // Marked as a copy: whoever sees it on its last step leaves it alone.
      const stanza = message({ from: jid.bare, to: jid }, entryElement(entry), shown).withMeta(isCopy, true)
      yield { stanza, size: stanza.raw.size }
    }
  }

  const answer = async ({ from, to, payload, stanza, signal }: IqRequest<InboxQuery>) => {
    if (!from.bare.equals(to.bare)) throw new StanzaError('forbidden')
    const session = sessions.resources(from.bare).findLast(({ jid }) => jid.equals(from))
    if (session === undefined) throw new StanzaError('recipient-unavailable')
    const { unreadOnly = false, messages = true, set = {} } = payload
    if (set.index !== undefined && (set.after !== undefined || set.before !== undefined)) {
      throw new StanzaError('bad-request', { text: 'an index goes alone' })
    }
    const page = await inbox.page(session.jid.bare, { ...set, unreadOnly }).catch(refuse)
    // The example of XEP-0430 §6 names the query by the id of the iq.
    const wrap = (one: InboxMessage) => (messages ? resultOf(one, stanza.id) : undefined)
    const entries = results(page.entries, session, wrap)
    const isThere = await deliverPaced(sessions, entries, { session, signal, maxBytes: options.resultBytes })
    if (!isThere) throw new StanzaError('recipient-unavailable')
    const { total, unread, allUnread } = page
    return { total, unread, allUnread, set: rsmOf(page) }
  }

  return iq.handle(inboxQuery, 'account', answer, {
    concurrency: { perSender: options.maxQueries },
    maxPerSender: options.maxQueriesPerAccount,
  })
}

/** @throws StanzaError `item-not-found` (XEP-0059 §3.1) or `resource-constraint` */
function refuse(error: unknown): never {
  if (isXmppkitError(error, 'inbox/unknown-id')) throw new StanzaError('item-not-found')
  if (isXmppkitError(error, 'inbox/too-large')) {
    throw new StanzaError('resource-constraint', { text: error.message })
  }
  throw error
}

function rsmOf({ entries, count, index }: InboxPage): RsmResponse {
  const [first, last] = [entries.at(0), entries.at(-1)]
  return {
    ...(first && { first: { id: first.cursor, index } }),
    ...(last && { last: last.cursor }),
    count,
  }
}
