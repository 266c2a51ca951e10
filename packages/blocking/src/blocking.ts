import { removeUser } from '@xmppkit/auth'
import type { Hooks } from '@xmppkit/hooks'
import type { Iq, IqRequest } from '@xmppkit/iq'
import { type BareJid, type FullJid, isFullJid, type Jid } from '@xmppkit/jid'
import { type Awaitable, createScope, type Ids, isThenable } from '@xmppkit/runtime'
import { type Sessions, sessionClosed, sessionOpened } from '@xmppkit/sessions'
import { type Stanza, StanzaError } from '@xmppkit/stanza'
import { type BlockingOptions, blockingDefaults } from './blocking-options.js'
import { blocklistGet, blockPayload, blockSet, unblockPayload, unblockSet } from './blocking-payload.js'
import { applyBlocklists } from './blocking-policy.js'
import { createBlockingPresence } from './blocking-presence.js'
import { createBlockingPushes } from './blocking-pushes.js'
import { isBlocked } from './blocklist.js'
import { createBlocklists } from './blocklists.js'
import type { BlockingContacts, BlocklistStore } from './ports.js'
import { type BlockedContact, blocklistChanged } from './tokens.js'

/** Collaborators of {@link createBlocking}. */
export interface BlockingDeps {
  /** Where blocklists are kept. */
  readonly store: BlocklistStore
  /** The host's hooks: everything to and from accounts passes them. */
  readonly hooks: Hooks
  /** Who is connected. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** Where clients ask. */
  readonly iq: Pick<Iq, 'handle'>
  /** The way out: presence to who is blocked or unblocked. */
  readonly route: (stanza: Stanza) => Awaitable<void>
  /** Names pushes. */
  readonly ids: Ids
  /** Who is in whose roster. Without it contacts that were blocked do not see the account go offline. */
  readonly contacts?: BlockingContacts
}

/** Blocklists of one host. */
export interface Blocking extends AsyncDisposable {
  /** Whom an account has blocked. */
  items(account: BareJid): Promise<readonly Jid[]>
  /** Whether an account has blocked somebody; at once if it has a session. */
  blocks(account: BareJid, other: Jid): Awaitable<boolean>
  /**
   * Blocks accounts, domains or resources, as if the account had.
   *
   * @throws StanzaError `resource-constraint` if the list would be too long
   */
  block(account: BareJid, jids: readonly Jid[]): Promise<void>
  /**
   * Blocks whom an account had blocked elsewhere, however many. What is on the list already is not told to anybody again.
   */
  restore(account: BareJid, jids: readonly Jid[]): Promise<void>
  /** Unblocks some, or everybody. */
  unblock(account: BareJid, jids?: readonly Jid[]): Promise<void>
  /** Ends: nobody is kept out any more. */
  close(): Promise<void>
}

const label = 'blocking'

/**
 * Serves the Blocking Command (XEP-0191) and enforces it: who is blocked finds nobody there, and what they send reaches
 * neither client nor roster, storage or archive.
 *
 * @example
 * ```ts
 * const blocking = createBlocking({ store: createMemoryBlocklistStore(), hooks, sessions, iq, route, ids, contacts: roster })
 * ```
 */
export function createBlocking(deps: BlockingDeps, options: BlockingOptions = {}): Blocking {
  const settings = Object.freeze({ ...blockingDefaults, ...options })
  const { hooks, sessions, iq } = deps
  const lists = createBlocklists(deps)
  const pushes = createBlockingPushes(deps)
  const presence = createBlockingPresence(deps)

  const block = async (account: BareJid, blocked: readonly BlockedContact[], by?: FullJid) => {
    const jids = blocked.map(({ jid }) => jid)
    await told(account, blocked, await lists.block(account, jids, settings.maxItems), by)
  }

  const restore = async (account: BareJid, jids: readonly Jid[]) => {
    const fresh = await lists.block(account, jids, Number.POSITIVE_INFINITY)
    if (fresh.length > 0) await told(account, fresh.map(toItem), fresh)
  }

  const told = async (
    account: BareJid,
    blocked: readonly BlockedContact[],
    fresh: readonly Jid[],
    by?: FullJid,
  ) => {
    await pushes.push(account, () => blockPayload.encode({ items: blocked.map(({ jid }) => toItem(jid)) }))
    await presence.hide(account, fresh)
    await hooks.run(blocklistChanged, { account, by, blocked, unblocked: [] })
  }

  const unblock = async (account: BareJid, jids: readonly Jid[] | 'all', by?: FullJid) => {
    const unblocked = await lists.unblock(account, jids)
    const pushed = jids === 'all' ? [] : jids
    await pushes.push(account, () => unblockPayload.encode({ items: pushed.map(toItem) }))
    await presence.show(account, unblocked)
    await hooks.run(blocklistChanged, { account, by, blocked: [], unblocked })
  }

  const get = async ({ from, to }: IqRequest<unknown>) => {
    requireOwn(from, to.bare)
    const session = sessions.resources(to.bare).find(({ jid }) => jid.equals(from))
    if (session) pushes.asked(session)
    const list = await lists.of(to.bare)
    return { items: [...list.values()].map(toItem) }
  }

  const scope = createScope()
  scope.use(iq.handle(blocklistGet, 'account', get))
  scope.use(
    iq.handle(blockSet, 'account', ({ from, to, payload }) => {
      requireOwn(from, to.bare)
      return block(to.bare, payload.items, client(from))
    }),
  )
  scope.use(
    iq.handle(unblockSet, 'account', ({ from, to, payload: { items } }) => {
      requireOwn(from, to.bare)
      return unblock(to.bare, items.length === 0 ? 'all' : items.map(({ jid }) => jid), client(from))
    }),
  )
  for (const one of applyBlocklists(hooks, lists.of)) scope.use(one)
  // Waited for: from here on what is sent to the session is judged without waiting.
  scope.use(
    hooks.on(
      sessionOpened,
      ({ session }) => {
        const list = lists.of(session.jid.bare)
        return isThenable(list) ? Promise.resolve(list).then(ignore) : undefined
      },
      { label },
    ),
  )
  scope.use(
    hooks.on(
      sessionClosed,
      ({ session }) => {
        pushes.forget(session)
        lists.sessionGone(session.jid.bare)
      },
      { label },
    ),
  )
  scope.use(hooks.on(removeUser, ({ account }) => lists.remove(account), { label }))

  return {
    items: async (account) => [...(await lists.of(account)).values()],
    blocks(account, other) {
      const list = lists.of(account)
      return isThenable(list)
        ? Promise.resolve(list).then((loaded) => isBlocked(loaded, account, other))
        : isBlocked(list, account, other)
    },
    block: (account, jids) => block(account, jids.map(toItem)),
    restore,
    unblock: (account, jids) => unblock(account, jids ?? 'all'),
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}

function ignore(): void {}

function toItem(jid: Jid) {
  return { jid, extensions: [] }
}

function client(jid: Jid): FullJid | undefined {
  return isFullJid(jid) ? jid : undefined
}

function requireOwn(from: Jid, account: BareJid): void {
  if (!from.bare.equals(account)) throw new StanzaError('forbidden')
}
