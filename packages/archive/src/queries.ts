import type { Iq, IqRequest } from '@xmppkit/iq'
import type { BareJid } from '@xmppkit/jid'
import { type Awaitable, createScope, type Logger } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { type RsmRequest, type RsmResponse, StanzaError } from '@xmppkit/stanza'
import { metadataOf } from './archive-metadata.js'
import type { ArchiveOptions } from './archive-options.js'
import {
  type ArchiveFilter,
  type ArchivePage,
  type ArchivePageRequest,
  type ArchiveStore,
  unknownId,
} from './ports.js'
import { type ArchiveQuery, archiveForm, archiveMetadata, archiveQuery } from './query-codecs.js'
import { queryForm, readFilter } from './query-form.js'
import { createResultSender } from './result-sender.js'

/** What {@link createArchiveQueries} needs. */
export interface ArchiveQueriesDeps {
  /** Where archives are kept. */
  readonly store: Pick<ArchiveStore, 'page' | 'count' | 'bounds' | 'searches'>
  /** Where handlers are registered. */
  readonly iq: Pick<Iq, 'handle'>
  /** Who is there, and the way to them. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** Told of messages that cannot be read. */
  readonly logger: Logger
  /** Told of a client that reads the archive before its initial presence: it gets what it missed there (rule OFF-1). */
  syncs(session: SessionRecord): Awaitable<void>
}

/** Limits of queries; see `ArchiveOptions`. */
export type ArchiveQueriesOptions = Pick<
  Required<ArchiveOptions>,
  'pageSize' | 'maxPageSize' | 'maxCount' | 'maxQueries' | 'maxQueriesPerAccount' | 'resultBytes'
>

/** Answers queries of archives (XEP-0313 §4, §5) until disposed. */
export function createArchiveQueries(
  deps: ArchiveQueriesDeps,
  options: ArchiveQueriesOptions,
): AsyncDisposable {
  const { store, iq, sessions } = deps
  const send = createResultSender(deps, options)
  const paced = {
    concurrency: { perSender: options.maxQueries },
    maxPerSender: options.maxQueriesPerAccount,
  }

  const answer = async (request: IqRequest<ArchiveQuery>) => {
    const session = whoAsks(sessions, request)
    const { form, set = {}, queryid, flipPage } = request.payload
    const filter = readFilter(form, store.searches)
    const page = pageRequest(set, filter, options)
    // Before the page is read: what is archived from now on may not be on it.
    if (session.priority === undefined && page.limit > 0 && !isSearch(filter)) await deps.syncs(session)
    const found = known(await store.page(session.jid.bare, page))
    const ordered = flipPage ? found.messages.toReversed() : found.messages
    const isThere = await send(ordered, { session, queryId: queryid, signal: request.signal })
    if (!isThere) throw new StanzaError('recipient-unavailable')
    const count = set.max === 0 ? await counted(session.jid.bare, page) : undefined
    return { complete: found.complete, set: rsmOf(found, page, count) }
  }

  /** How many match, unless that takes long to find out: then XEP-0059 §2.6 allows to leave it open. */
  const counted = async (account: BareJid, filter: ArchiveFilter) => {
    const count = known(await store.count(account, filter, options.maxCount + 1))
    return count > options.maxCount ? undefined : count
  }

  const metadata = (request: IqRequest<unknown>) => {
    assertOwner(request)
    return metadataOf(store, request.to.bare)
  }

  const form = (request: IqRequest<unknown>) => {
    assertOwner(request)
    return queryForm(store.searches)
  }

  const scope = createScope()
  scope.use(iq.handle(archiveQuery, 'account', answer, paced))
  scope.use(iq.handle(archiveForm, 'account', form))
  scope.use(iq.handle(archiveMetadata, 'account', metadata, paced))
  return { [Symbol.asyncDispose]: () => scope.close() }
}

/**
 * An archive is its owner's alone (XEP-0313 §9). Others get the same answer whether the account exists or not.
 *
 * @throws StanzaError `forbidden`
 */
export function assertOwner({ from, to }: Pick<IqRequest<unknown>, 'from' | 'to'>): void {
  if (!from.bare.equals(to.bare)) throw new StanzaError('forbidden')
}

/** Whether a client looks for something; all others want what they missed. */
function isSearch({ with: party, text, ids }: ArchiveFilter): boolean {
  return party !== undefined || text !== undefined || ids !== undefined
}

function whoAsks(sessions: Pick<Sessions, 'resources'>, request: IqRequest<unknown>): SessionRecord {
  assertOwner(request)
  const { from } = request
  const session = sessions.resources(from.bare).findLast(({ jid }) => jid.equals(from))
  if (session === undefined) throw new StanzaError('recipient-unavailable')
  return session
}

/** Puts what part is wanted (XEP-0059) and which messages are into one request. */
function pageRequest(
  { max, after, before, index }: RsmRequest,
  filter: ReturnType<typeof readFilter>,
  { pageSize, maxPageSize, maxCount }: Pick<ArchiveQueriesOptions, 'pageSize' | 'maxPageSize' | 'maxCount'>,
): ArchivePageRequest {
  if (index !== undefined && (after !== undefined || before !== undefined)) {
    throw new StanzaError('bad-request', { text: 'an index goes alone' })
  }
  // XEP-0059 §2.5: what takes long to find may be refused so.
  if (index !== undefined && index > maxCount) throw new StanzaError('feature-not-implemented')
  return {
    ...filter,
    limit: Math.min(max ?? pageSize, maxPageSize),
    // XEP-0059 §2.3: whoever pages backwards gets the messages just before; with an empty id, the last ones.
    newest: before !== undefined,
    ...(after !== undefined && { after: [...(filter.after ?? []), after] }),
    ...(before && { before: [...(filter.before ?? []), before] }),
    ...(index !== undefined && { skip: index }),
  }
}

/** @throws StanzaError `item-not-found` when a message by which to limit is not there (XEP-0313 §4.3.2) */
function known<T>(answer: T | typeof unknownId): T {
  if (answer === unknownId) throw new StanzaError('item-not-found')
  return answer
}

/** What was sent (XEP-0313 §4.3.2): ids of the ends in the order of the archive, though the page be flipped. */
function rsmOf(
  { messages }: ArchivePage,
  { skip }: ArchivePageRequest,
  count: number | undefined,
): RsmResponse {
  const [first, last] = [messages.at(0), messages.at(-1)]
  return {
    ...(first && { first: { id: first.id, ...(skip !== undefined && { index: skip }) } }),
    ...(last && { last: last.id }),
    ...(count !== undefined && { count }),
  }
}
