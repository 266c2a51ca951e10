import { type Hooks, isDrop } from '@xmppkit/hooks'
import type { BareJid, Jid } from '@xmppkit/jid'
import { type Awaitable, isThenable, type KeyedQueue } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { StanzaError } from '@xmppkit/stanza'
import { andThen } from './and-then.js'
import type { Roster, RosterChanges, RosterStore } from './ports.js'
import { checkNaming, newItem, toPayload } from './roster-items.js'
import type { RosterLimits } from './roster-options.js'
import type { RosterPayload, RosterPayloadItem } from './roster-payload.js'
import type { RosterPush, RosterPushes } from './roster-pushes.js'
import type { RosterWriter } from './roster-writer.js'
import type { Subscriptions } from './subscriptions.js'
import { rosterItems } from './tokens.js'

/** What the roster requests of clients need. */
export interface RosterRequestsDeps {
  /** Where rosters are kept. */
  readonly store: Pick<RosterStore, 'load' | 'changedSince'>
  /** Lets others add contacts, as `rosterItems`. */
  readonly hooks: Pick<Hooks, 'fold' | 'has'>
  /** Who is connected. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** Remembers who is to be told of changes. */
  readonly pushes: Pick<RosterPushes, 'asked'>
  /** Makes the changes. */
  readonly writer: RosterWriter
  /** Tells a contact that was removed. */
  readonly subscriptions: Pick<Subscriptions, 'cancel'>
  /** Keeps reading in order with the changes of the account. */
  readonly queue: KeyedQueue
}

/** Answers what clients ask of their own roster (RFC 6121 §2.1.3 to §2.6). */
export interface RosterRequests {
  /** Answers a roster get: the whole roster, or nothing, and then a push for each change since `ver`. */
  get(from: Jid, account: BareJid, query: RosterPayload): Awaitable<RosterPayload | undefined>
  /** Adds, changes or removes one contact. */
  set(from: Jid, account: BareJid, query: RosterPayload): Promise<void>
}

/** What a roster get found: changes to push after an empty answer, the roster itself, or both. */
interface Found {
  readonly missed: readonly RosterPush[] | undefined
  readonly roster: Roster | undefined
}

/** What was found, and what to call when the answer is ready. */
interface Begun {
  readonly found: Found
  readonly answered: ReturnType<RosterPushes['asked']> | undefined
}

/** Makes the request handlers of one host. */
export function createRosterRequests(deps: RosterRequestsDeps, limits: RosterLimits): RosterRequests {
  const { store, hooks, pushes, writer } = deps

  const sessionOf = (jid: Jid): SessionRecord | undefined =>
    deps.sessions.resources(jid.bare).find((session) => session.jid.equals(jid))

  const find = (account: BareJid, since: number | undefined): Awaitable<Found> =>
    andThen(since === undefined ? undefined : store.changedSince(account, since), (changes) => {
      const all = changes && inOrder(changes)
      const missed = all && all.length <= limits.maxVersionedChanges ? all : undefined
      // Whether others contribute to the roster is seen when they have been shown it.
      const needed = missed === undefined || hooks.has(rosterItems)
      return needed
        ? andThen(store.load(account), (roster) => ({ missed, roster }))
        : { missed, roster: undefined }
    })

  /** The roster to answer with; undefined if it is enough to push what was missed. */
  const answerOf = (account: BareJid, { missed, roster }: Found): Awaitable<Roster | undefined> => {
    if (!roster) return undefined
    if (!hooks.has(rosterItems)) return missed ? undefined : roster
    return andThen(hooks.fold(rosterItems, roster.items, { account }), (items) => {
      // A roster that others contribute to has no version of its own.
      if (missed && items === roster.items) return undefined
      return { ...roster, items: isDrop(items) ? [] : items }
    })
  }

  const toResult = ({ version, items }: Roster, versioned: boolean): RosterPayload => ({
    ...(versioned ? { ver: version.toString() } : {}),
    items: items.filter((item) => item.listed).map(toPayload),
  })

  const answer = (
    account: BareJid,
    { found, answered }: Begun,
    ver: string | undefined,
    atOnce: boolean,
  ): Awaitable<RosterPayload | undefined> => {
    // The empty answer comes first, then the changes in the order they happened (RFC 6121 §2.6.3).
    const ended = (roster: Roster | undefined, now = false) => {
      answered?.(roster ? [] : (found.missed ?? []), now)
      return roster && toResult(roster, ver !== undefined)
    }
    const failed = (error: unknown) => {
      answered?.([])
      throw error
    }
    let roster: Awaitable<Roster | undefined>
    try {
      roster = answerOf(account, found)
    } catch (error) {
      return failed(error)
    }
    return isThenable(roster) ? roster.then((one) => ended(one), failed) : ended(roster, atOnce)
  }

  const put = (account: BareJid, item: RosterPayloadItem) => {
    checkNaming(item, limits)
    const contact = item.jid.bare
    if (contact.equals(account)) {
      throw new StanzaError('not-allowed', { text: 'An account is not a contact of its own.' })
    }
    const decide: Parameters<RosterWriter['change']>[2] = (current) => {
      const { name: _replaced, ...rest } = current ?? newItem(contact, true)
      // `subscription`, `ask` and `approved` are the server's to decide (rule R-4).
      const name = item.name ? { name: item.name } : {}
      return { ...rest, ...name, groups: [...item.groups], listed: true }
    }
    return writer.change(account, contact, decide, { alwaysPush: true })
  }

  const remove = async (account: BareJid, contact: BareJid) => {
    const { previous } = await writer.change(account, contact, (current) => {
      if (!current?.listed) throw new StanzaError('item-not-found')
      return undefined
    })
    if (previous) await deps.subscriptions.cancel(account, previous)
  }

  return {
    get(from, account, { ver }) {
      requireOwn(from, account)
      const since = ver === undefined ? undefined : parseVersion(ver)
      const session = sessionOf(from)
      // Nothing may change between reading and being told of changes.
      const begun = deps.queue.run(account.toString(), () =>
        andThen(find(account, session && since), (found) => ({
          found,
          answered: session && pushes.asked(session),
        })),
      )
      if (isThenable(begun)) return begun.then((all) => answer(account, all, ver, false))
      return answer(account, begun, ver, true)
    },
    async set(from, account, { items }) {
      requireOwn(from, account)
      const [item, ...others] = items
      if (!item || others.length > 0) {
        throw new StanzaError('bad-request', { text: 'A roster set carries exactly one item.' })
      }
      if (item.subscription === 'remove') await remove(account, item.jid.bare)
      else await put(account, item)
    },
  }
}

function requireOwn(from: Jid, account: BareJid): void {
  if (!from.bare.equals(account)) throw new StanzaError('forbidden')
}

/** A version as we issue them: a decimal number. Anything else, the empty string too, asks for all. */
function parseVersion(ver: string): number | undefined {
  return /^\d{1,16}$/.test(ver) ? Number(ver) : undefined
}

/** Changes as pushes, oldest first. Items that are not listed are nobody's business yet (rule R-12). */
function inOrder({ changed, removed }: RosterChanges): RosterPush[] {
  const listed = changed.filter((item) => item.listed)
  return [
    ...listed.map((item) => ({ version: item.version, item: toPayload(item) })),
    ...removed.map(({ jid, version }) => ({ version, item: { jid, subscription: 'remove', groups: [] } })),
  ].sort((a, b) => a.version - b.version)
}
