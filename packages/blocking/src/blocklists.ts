import type { BareJid, Jid } from '@xmppkit/jid'
import { type Awaitable, createKeyedQueue, isThenable } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import { StanzaError } from '@xmppkit/stanza'
import { type Blocklist, blocklistOf, emptyBlocklist } from './blocklist.js'
import type { BlocklistStore } from './ports.js'

/** What {@link createBlocklists} needs. */
export interface BlocklistsDeps {
  readonly store: BlocklistStore
  readonly sessions: Pick<Sessions, 'resources'>
}

/** The blocklists of a host's accounts: those in use in memory, all in a store. */
export interface Blocklists {
  /** An account's list: at once if it is in memory, as that of an account with a session is. */
  of(account: BareJid): Awaitable<Blocklist>
  /**
   * Adds to a list and resolves, with those that are new, when it is stored and in force.
   * @throws StanzaError `resource-constraint` if the list would be longer than `maxItems`
   */
  block(account: BareJid, jids: readonly Jid[], maxItems: number): Promise<readonly Jid[]>
  /** Takes from a list, or all of it, and resolves with those that were on it. */
  unblock(account: BareJid, jids: readonly Jid[] | 'all'): Promise<readonly Jid[]>
  /** The account is being removed, and its list with it. */
  remove(account: BareJid): Promise<void>
  /** A session of the account is gone. */
  sessionGone(account: BareJid): void
}

/** Makes the lists of one host. */
export function createBlocklists({ store, sessions }: BlocklistsDeps): Blocklists {
  // Those of accounts with a session.
  const inUse = new Map<string, Blocklist>()
  const queue = createKeyedQueue()
  // What a session of an account that is removed writes now, the next account of that name would inherit (rule P-10).
  const leaving = new Set<string>()
  const hasSession = (account: BareJid) => sessions.resources(account).length > 0

  const keep = (account: BareJid, list: Blocklist): Blocklist => {
    if (hasSession(account)) inUse.set(account.toString(), list)
    else inUse.delete(account.toString())
    return list
  }

  const load = (account: BareJid): Awaitable<Blocklist> => {
    const list = inUse.get(account.toString())
    if (list !== undefined) return list
    const stored = store.load(account)
    return isThenable(stored)
      ? Promise.resolve(stored).then((jids) => keep(account, blocklistOf(jids)))
      : keep(account, blocklistOf(stored))
  }

  // In the same queue as changes, so that what is kept is never older than what was stored.
  const of = (account: BareJid): Awaitable<Blocklist> => {
    const key = account.toString()
    return inUse.get(key) ?? queue.run(key, () => load(account))
  }

  /** Writes, and forgets the list if it is not known what became of it. */
  const change = async <T>(account: BareJid, write: () => Promise<T>): Promise<T> => {
    try {
      return await write()
    } catch (error) {
      inUse.delete(account.toString())
      throw error
    }
  }

  const add = async (account: BareJid, jids: readonly Jid[], maxItems: number): Promise<readonly Jid[]> => {
    if (leaving.has(account.toString())) throw new StanzaError('service-unavailable')
    const list = await load(account)
    const fresh = [...blocklistOf(jids).values()].filter((jid) => !list.has(jid.toString()))
    if (fresh.length === 0) return fresh
    const outcome = await change(account, () => store.add(account, fresh, maxItems))
    if (outcome === 'full') {
      throw new StanzaError('resource-constraint', { text: `A blocklist has ${maxItems} entries.` })
    }
    keep(account, blocklistOf([...list.values(), ...fresh]))
    return fresh
  }

  const take = async (account: BareJid, jids: readonly Jid[] | 'all'): Promise<readonly Jid[]> => {
    const list = await load(account)
    const gone = jids === 'all' ? [...list.values()] : jids.filter((jid) => list.has(jid.toString()))
    if (gone.length === 0) return gone
    await change<unknown>(account, () =>
      jids === 'all' ? store.removeAll(account) : store.remove(account, gone),
    )
    const out = blocklistOf(gone)
    keep(account, blocklistOf([...list.values()].filter((jid) => !out.has(jid.toString()))))
    return gone
  }

  return {
    of,
    block: async (account, jids, maxItems) =>
      queue.run(account.toString(), () => add(account, jids, maxItems)),
    unblock: async (account, jids) => queue.run(account.toString(), () => take(account, jids)),
    async remove(account) {
      const key = account.toString()
      leaving.add(key)
      try {
        await queue.run(key, async () => {
          await change(account, () => store.removeAll(account))
          keep(account, emptyBlocklist)
        })
      } finally {
        if (!hasSession(account)) leaving.delete(key)
      }
    },
    sessionGone(account) {
      if (hasSession(account)) return
      leaving.delete(account.toString())
      inUse.delete(account.toString())
    },
  }
}
