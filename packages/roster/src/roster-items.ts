import type { BareJid } from '@xmppkit/jid'
import { StanzaError } from '@xmppkit/stanza'
import type { RosterItem, RosterItemChange } from './ports.js'
import type { RosterLimits } from './roster-options.js'
import type { RosterPayloadItem } from './roster-payload.js'
import { noSubscription, type SubscriptionState } from './subscription.js'

/** An item that exists only because of a subscription stanza. */
export function newItem(jid: BareJid, listed: boolean): RosterItemChange {
  return { ...noSubscription, jid, groups: [], listed }
}

/** Whether an item says nothing any more: nobody listed it and no subscription is left of it. */
export function isEmpty(item: RosterItemChange): boolean {
  return !item.listed && item.subscription === 'none' && !item.pendingOut && !item.pendingIn && !item.approved
}

/** The item with another subscription state; the stored request goes when nothing is pending any more. */
export function withState(
  item: RosterItemChange,
  state: SubscriptionState,
  request?: string,
): RosterItemChange {
  const { request: stored, ...rest } = item
  const kept = state.pendingIn ? (request ?? stored) : undefined
  return { ...rest, ...state, ...(kept === undefined ? {} : { request: kept }) }
}

/** What the owner's clients are shown of an item (RFC 6121 §2.1.2). */
export function toPayload(item: RosterItemChange): RosterPayloadItem {
  return {
    jid: item.jid,
    groups: item.groups,
    subscription: item.subscription,
    ...(item.name === undefined ? {} : { name: item.name }),
    ...(item.pendingOut ? { ask: 'subscribe' } : {}),
    ...(item.approved ? { approved: 'true' } : {}),
  }
}

/** Whether clients would see a difference between two states of an item. */
export function looksDifferent(before: RosterItem | undefined, after: RosterItem | undefined): boolean {
  const was = before?.listed ? before : undefined
  const is = after?.listed ? after : undefined
  if (!was || !is) return was !== is
  return (
    was.name !== is.name ||
    was.subscription !== is.subscription ||
    was.pendingOut !== is.pendingOut ||
    was.approved !== is.approved ||
    was.groups.length !== is.groups.length ||
    was.groups.some((group, i) => group !== is.groups[i])
  )
}

/**
 * Checks what a client wants an item to be called and grouped (RFC 6121 §2.3.3).
 *
 * @throws StanzaError `bad-request` for a duplicate group, `not-acceptable` for an empty or over-long text.
 */
export function checkNaming(item: RosterPayloadItem, limits: RosterLimits): void {
  const { name, groups } = item
  if (new Set(groups).size !== groups.length) {
    throw new StanzaError('bad-request', { text: 'A contact is in each group once.' })
  }
  if (groups.length > limits.maxGroupsPerItem) {
    throw new StanzaError('not-acceptable', {
      text: `A contact has at most ${limits.maxGroupsPerItem} groups.`,
    })
  }
  for (const group of groups) {
    if (group === '') throw new StanzaError('not-acceptable', { text: 'A group has a name.' })
  }
  for (const text of [name ?? '', ...groups]) {
    if (Buffer.byteLength(text) > limits.maxNameBytes) {
      throw new StanzaError('not-acceptable', {
        text: `A name or group is at most ${limits.maxNameBytes} bytes long.`,
      })
    }
  }
}
