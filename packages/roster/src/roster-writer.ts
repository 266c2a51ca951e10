import type { Hooks } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import type { Awaitable, KeyedQueue } from '@xmppkit/runtime'
import { StanzaError } from '@xmppkit/stanza'
import type { RosterItem, RosterItemChange, RosterStore, RosterUpdate } from './ports.js'
import { looksDifferent, toPayload } from './roster-items.js'
import type { RosterLimits } from './roster-options.js'
import type { RosterPushes } from './roster-pushes.js'
import { rosterChanged } from './tokens.js'

/** What changing rosters needs. */
export interface RosterWriterDeps {
  /** Where rosters are kept. */
  readonly store: Pick<RosterStore, 'update' | 'load'>
  /** Told of changes, as `rosterChanged`. */
  readonly hooks: Pick<Hooks, 'run'>
  /** Tells the owner's clients. */
  readonly pushes: Pick<RosterPushes, 'push'>
  /** Keeps the changes of one account in order. */
  readonly queue: KeyedQueue
}

/** What becomes of an item; see {@link RosterStore.update}. */
export type ItemDecision = (current: RosterItem | undefined) => RosterItemChange | undefined | 'unchanged'

/** How a change is carried out. */
export interface ChangeOptions {
  /** Push it even if it looks as before, because a client has asked for it. */
  readonly alwaysPush?: boolean
  /**
   * Called when the item is written, before the push. What it returns is waited for together with the push,
   * after other changes of the account may go on: so it may lead to some.
   */
  readonly first?: (update: RosterUpdate) => Awaitable<void>
}

/** Changes rosters, one change of an account after another: written, pushed and announced in one order. */
export interface RosterWriter {
  /**
   * Changes one item.
   *
   * @throws StanzaError `resource-constraint` if there is no room for it; whatever the decision throws
   */
  change(
    account: BareJid,
    contact: BareJid,
    decide: ItemDecision,
    options?: ChangeOptions,
  ): Promise<RosterUpdate>
}

/** Makes the writer of one host. */
export function createRosterWriter(deps: RosterWriterDeps, limits: RosterLimits): RosterWriter {
  const { store, hooks, pushes, queue } = deps

  // Requests that wait have places of their own: strangers cannot take those of the contacts (rule L-1).
  const placesFor = (item: RosterItemChange) => (item.listed ? limits.maxItems : limits.maxPendingRequests)

  const checkRoom = async (account: BareJid, contact: BareJid, decide: ItemDecision) => {
    const { items } = await store.load(account)
    const next = decide(items.find((item) => item.jid.equals(contact)))
    if (next === undefined || next === 'unchanged') return
    if (items.filter((item) => item.listed === next.listed).length < placesFor(next)) return
    throw new StanzaError('resource-constraint', {
      text: `A roster has at most ${limits.maxItems} contacts.`,
    })
  }

  const update = async (account: BareJid, contact: BareJid, decide: ItemDecision): Promise<RosterUpdate> => {
    // Counting costs reading the whole roster, and is only needed where the number of all items is high.
    for (let counted = false; ; counted = true) {
      let crowded = false
      const done = await store.update(account, contact, (current, count) => {
        const next = decide(current)
        if (next === undefined || next === 'unchanged') return next
        crowded = !counted && current?.listed !== next.listed && count >= placesFor(next)
        return crowded ? 'unchanged' : next
      })
      if (!crowded) return done
      await checkRoom(account, contact, decide)
    }
  }

  const tell = async (account: BareJid, contact: BareJid, done: RosterUpdate, options: ChangeOptions) => {
    const { previous, item, version, changed } = done
    const shows = options.alwaysPush === true || looksDifferent(previous, item)
    const gone = { jid: contact, subscription: 'remove', groups: [] }
    // All are started before any is waited for: that is what keeps the order.
    await Promise.all([
      options.first?.(done),
      changed && shows && pushes.push(account, { version, item: item?.listed ? toPayload(item) : gone }),
      changed && hooks.run(rosterChanged, { account, previous, item }),
    ])
  }

  return {
    async change(account, contact, decide, options = {}) {
      const { done, told } = await queue.run(account.toString(), async () => {
        const done = await update(account, contact, decide)
        return { done, told: tell(account, contact, done, options) }
      })
      await told
      return done
    },
  }
}
