import { createAccountData, type SessionContext, userSendPacket, userSendSeq } from '@xmppkit/c2s'
import type { Disco } from '@xmppkit/disco'
import type { Hooks } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import type { BareJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, createScope, type Logger } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'
import { InboxError } from './errors.js'
import { type InboxOptions, inboxDefaults } from './inbox-options.js'
import {
  activityOf,
  cutPage,
  entryOf,
  type InboxPage,
  type InboxRequest,
  type InboxTotals,
  totalsOf,
} from './inbox-page.js'
import { inboxNs } from './inbox-payload.js'
import { serveInboxRequests } from './inbox-requests.js'
import type { InboxConversation, InboxStore, ReadPoint } from './ports.js'
import { readUpTo } from './read-markers.js'
import { conversationRead } from './tokens.js'

/** Collaborators of {@link createInbox}. */
export interface InboxDeps {
  /** Read markers, and conversations as the archive tells them. */
  readonly store: InboxStore
  /** The host's hooks: markers of clients come through them. */
  readonly hooks: Pick<Hooks, 'on' | 'run' | 'has'>
  /** Answers requests. */
  readonly iq: Pick<Iq, 'handle'>
  /** Who is there, and the way to them. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** Says what accounts can. */
  readonly disco: Pick<Disco, 'addFeature'>
  /** Dates markers. */
  readonly clock: Pick<Clock, 'now'>
  /** Told what fails. */
  readonly logger: Logger
}

/** The inboxes of a host. */
export interface Inbox extends AsyncDisposable {
  /**
   * A part of an inbox, the conversation with the latest activity first.
   *
   * @throws InboxError `inbox/too-large`, `inbox/unknown-id`
   */
  page(account: BareJid, request?: InboxRequest): Promise<InboxPage>
  /**
   * Counts conversations and unread messages.
   *
   * @throws InboxError `inbox/too-large`
   */
  totals(account: BareJid): Promise<InboxTotals>
  /**
   * The account has read a conversation, by default all of it. Whoever synchronises read markers in another way calls this.
   *
   * @returns whether its read marker moved
   * @throws StanzaError `service-unavailable` for an account that is being removed
   */
  markRead(account: BareJid, conversation: BareJid, upTo?: ReadPoint): Promise<boolean>
  /** Forgets what an account has read; returns in how many conversations. */
  remove(account: BareJid): Promise<number>
  /** Ends: nothing is marked or answered any more. */
  close(): Promise<void>
}

const label = 'inbox'
// Behind the archive, which keeps the marker itself, and the copies for other clients.
const afterCarbons = userSendSeq.carbons + 1
const newest: ReadPoint = Object.freeze({ by: 'newest' })

/**
 * Tells accounts which conversations they have, what was said last, and how much they have not read (XEP-0430). All of it is
 * counted from the archive when somebody asks; what is kept besides is how far an account has read. So messages cost nothing,
 * and what is archived, retracted or removed is in the counts at once.
 *
 * @example
 * ```ts
 * const inbox = createInbox({ store, hooks, iq, sessions, disco, clock, logger })
 * const { entries, allUnread } = await inbox.page(account, { unreadOnly: true })
 * ```
 */
export function createInbox(deps: InboxDeps, options: InboxOptions = {}): Inbox {
  const settings = Object.freeze({ ...inboxDefaults, ...options })
  const { store, hooks, sessions, clock, logger } = deps
  const scope = createScope()
  const remove = (account: BareJid) => store.remove(account)
  const data = scope.use(createAccountData({ hooks, sessions, removeAll: remove, label }))

  const listed = async (account: BareJid): Promise<readonly InboxConversation[]> => {
    const { maxConversations, depth } = settings
    const { conversations, marks } = await store.conversations(account, {
      limit: maxConversations + 1,
      depth,
    })
    if (conversations.length > maxConversations) {
      throw new InboxError('inbox/too-large', `there are more than ${maxConversations} conversations`)
    }
    // Each conversation has one marker at most: those that are over left theirs behind.
    if (marks > conversations.length) await prune(account)
    return conversations
  }

  const prune = async (account: BareJid) => {
    try {
      if (!data.isLeaving(account)) await data.change(account, () => store.prune(account))
    } catch (cause) {
      logger.warn('read markers of ended conversations were not removed', {
        account: account.toString(),
        cause,
      })
    }
  }

  const placeOf = async (account: BareJid, id: string): Promise<number> => {
    const place = await store.place(account, id)
    if (place === undefined) throw new InboxError('inbox/unknown-id', `no message ${id} is in the archive`)
    return place
  }

  const markRead: Inbox['markRead'] = async (account, conversation, upTo = newest) => {
    const mark = () => store.mark(account, conversation, upTo, clock.now())
    const id = await data.change(account, mark)
    if (id === undefined) return false
    if (hooks.has(conversationRead)) await hooks.run(conversationRead, { account, conversation, id })
    return true
  }

  const page: Inbox['page'] = async (account, request = {}) => {
    const { unreadOnly = false, after, before, index } = request
    const max = Math.min(request.max ?? settings.pageSize, settings.maxPageSize)
    const bounds = {
      max,
      ...(after !== undefined && { after: await placeOf(account, after) }),
      ...(before !== undefined && { before: before === '' ? 0 : await placeOf(account, before) }),
      ...(index !== undefined && { index }),
    }
    const all = await listed(account)
    const wanted = unreadOnly ? all.filter(({ unread }) => unread > 0) : all
    const cut = cutPage(wanted, bounds)
    const places = new Set(cut.page.flatMap((one) => [one.last, activityOf(one)]))
    const found = places.size === 0 ? [] : await store.messages(account, [...places])
    const messages = new Map(found.map((one) => [one.place, one]))
    const entries = cut.page.flatMap((one) => entryOf(one, messages) ?? [])
    return { ...totalsOf(all), entries, count: wanted.length, index: cut.index }
  }

  /** A marker moves before the client's next stanza is read, so that it sees what it did. */
  const noted = async (stanza: Stanza, account: BareJid, conversation: BareJid, id: string) => {
    try {
      await markRead(account, conversation, { by: 'origin-id', id })
    } catch (cause) {
      logger.error('a read marker was not kept', { account: account.toString(), cause })
    }
    return stanza
  }

  const sent = (stanza: Stanza, { session: { account } }: SessionContext): Awaitable<Stanza> => {
    if (stanza.kind !== 'message') return stanza
    const id = readUpTo(stanza)
    if (id === undefined || stanza.to === undefined || data.isLeaving(account)) return stanza
    return noted(stanza, account, stanza.to.bare, id)
  }

  const inbox: Omit<Inbox, 'close' | typeof Symbol.asyncDispose> = {
    page,
    totals: async (account) => totalsOf(await listed(account)),
    markRead,
    remove,
  }
  scope.use(hooks.on(userSendPacket, sent, { seq: afterCarbons, label }))
  scope.use(serveInboxRequests({ ...deps, inbox }, settings))
  scope.use(deps.disco.addFeature('account', inboxNs))
  return { ...inbox, close: () => scope.close(), [Symbol.asyncDispose]: () => scope.close() }
}
