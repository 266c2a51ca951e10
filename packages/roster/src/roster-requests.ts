import type { Hooks } from '@xmppkit/hooks'
import { isDrop } from '@xmppkit/hooks'
import type { BareJid, Jid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { StanzaError } from '@xmppkit/stanza'
import type { KeyedQueue } from './keyed-queue.js'
import type { Roster, RosterItem, RosterStore, RosterUpdate } from './ports.js'
import { checkNaming, newItem, toPayload } from './roster-items.js'
import type { RosterLimits } from './roster-options.js'
import type { RosterPayload, RosterPayloadItem } from './roster-payload.js'
import type { RosterPushes } from './roster-pushes.js'
import type { Subscriptions } from './subscriptions.js'
import { rosterChanged, rosterItems } from './tokens.js'

/** What the roster requests of clients need. */
export interface RosterRequestsDeps {
  readonly store: RosterStore
  readonly hooks: Hooks
  readonly sessions: Pick<Sessions, 'resources'>
  readonly pushes: RosterPushes
  readonly subscriptions: Pick<Subscriptions, 'cancel'>
  readonly queue: KeyedQueue
  readonly clock: Clock
}

/** Answers what clients ask of their own roster (RFC 6121 §2.1.3 to §2.6). */
export interface RosterRequests {
  /** Answers a roster get: the whole roster, or nothing plus a push for each change since `ver`. */
  get(from: Jid, account: BareJid, query: RosterPayload): Promise<RosterPayload | undefined>
  /** Adds, changes or removes one contact. */
  set(from: Jid, account: BareJid, query: RosterPayload): Promise<void>
}

/** Makes the request handlers of one host. */
export function createRosterRequests(deps: RosterRequestsDeps, limits: RosterLimits): RosterRequests {
  const { store, hooks, pushes, queue } = deps

  const sessionOf = (jid: Jid): SessionRecord | undefined =>
    deps.sessions.resources(jid.bare).find((session) => session.jid.equals(jid))

  const whole = async (account: BareJid, roster: Roster, versioned: boolean): Promise<RosterPayload> => {
    const items = await hooks.fold(rosterItems, roster.items, { account })
    const listed = isDrop(items) ? [] : items.filter((item) => item.listed)
    return { ...(versioned ? { ver: roster.version.toString() } : {}), items: listed.map(toPayload) }
  }

  const put = async (account: BareJid, item: RosterPayloadItem) => {
    checkNaming(item, limits)
    const contact = item.jid.bare
    if (contact.equals(account)) {
      throw new StanzaError('not-allowed', { text: 'An account is not a contact of its own.' })
    }
    const update = await store.update(account, contact, (current, count) => {
      if (!current && count >= limits.maxItems) throw rosterFull(limits)
      const { name: _replaced, ...rest } = current ?? newItem(contact, true)
      // `subscription`, `ask` and `approved` are the server's to decide (rule R-4).
      const name = item.name ? { name: item.name } : {}
      return { ...rest, ...name, groups: [...item.groups], listed: true }
    })
    if (update.item) await pushes.toAll(account, update.version, toPayload(update.item))
    await announce(account, update)
  }

  const remove = async (account: BareJid, contact: BareJid) => {
    const update = await store.update(account, contact, (current) => {
      if (!current?.listed) throw new StanzaError('item-not-found')
      return undefined
    })
    if (update.previous) await deps.subscriptions.cancel(account, update.previous)
    await pushes.toAll(account, update.version, { jid: contact, subscription: 'remove', groups: [] })
    await announce(account, update)
  }

  const announce = (account: BareJid, { previous, item }: RosterUpdate) =>
    hooks.run(rosterChanged, { account, previous, item })

  return {
    async get(from, account, { ver }) {
      requireOwn(from, account)
      const session = sessionOf(from)
      if (session) pushes.interested(session)
      const since = ver === undefined ? undefined : parseVersion(ver)
      // A roster that others contribute to has no version of its own.
      const changes =
        since === undefined || hooks.has(rosterItems) ? undefined : await store.changedSince(account, since)
      const steps = changes && condense(changes.changed, changes.removed)
      if (!session || !steps || steps.length > limits.maxVersionedChanges) {
        return whole(account, await store.load(account), ver !== undefined)
      }
      // The empty result comes first, then the changes in the order they happened (RFC 6121 §2.6.3).
      deps.clock.after(0, () => {
        void queue.run(account.toString(), async () => {
          for (const { version, item } of steps) await pushes.toOne(session, version, item)
        })
      })
      return undefined
    },
    async set(from, account, { items }) {
      requireOwn(from, account)
      const [item, ...others] = items
      if (!item || others.length > 0) {
        throw new StanzaError('bad-request', { text: 'A roster set carries exactly one item.' })
      }
      const task = () =>
        item.subscription === 'remove' ? remove(account, item.jid.bare) : put(account, item)
      await queue.run(account.toString(), task)
    },
  }
}

/** A roster that holds as much as it may. */
export function rosterFull(limits: RosterLimits): StanzaError {
  return new StanzaError('resource-constraint', { text: `A roster has at most ${limits.maxItems} contacts.` })
}

function requireOwn(from: Jid, account: BareJid): void {
  if (!from.bare.equals(account)) throw new StanzaError('forbidden')
}

/** A version as we issue them: a decimal number. Anything else, the empty string too, asks for all. */
function parseVersion(ver: string): number | undefined {
  return /^\d{1,16}$/.test(ver) ? Number(ver) : undefined
}

interface VersionedChange {
  readonly version: number
  readonly item: RosterPayloadItem
}

function condense(
  changed: readonly RosterItem[],
  removed: readonly { readonly jid: BareJid; readonly version: number }[],
): VersionedChange[] {
  const gone = (jid: BareJid): RosterPayloadItem => ({ jid, subscription: 'remove', groups: [] })
  return [
    // An item that is no longer listed must go from the client's copy, whether or not it was in it.
    ...changed.map((item) => ({
      version: item.version,
      item: item.listed ? toPayload(item) : gone(item.jid),
    })),
    ...removed.map(({ jid, version }) => ({ version, item: gone(jid) })),
  ].sort((a, b) => a.version - b.version)
}
