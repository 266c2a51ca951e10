import type { BareJid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { isStanzaError, presence, type Stanza } from '@xmppkit/stanza'
import { textFromWire } from '@xmppkit/xml'
import type { RosterItem, RosterItemChange, RosterUpdate } from './ports.js'
import { isEmpty, newItem, withState } from './roster-items.js'
import type { RosterLimits } from './roster-options.js'
import type { RosterPushes } from './roster-pushes.js'
import type { RosterWriter } from './roster-writer.js'
import {
  inbound,
  isSubscriptionType,
  noSubscription,
  outbound,
  type SubscriptionStep,
  type SubscriptionType,
  seenByContact,
  seesContact,
} from './subscription.js'

/** What the subscription handling of a host needs. */
export interface SubscriptionsDeps {
  /** Changes rosters. */
  readonly writer: RosterWriter
  /** Shows the account's clients what came. */
  readonly pushes: Pick<RosterPushes, 'send'>
  /** Whose presence a contact gets or loses. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** The way out. */
  readonly route: (stanza: Stanza) => Awaitable<void>
}

/** Carries out the subscription stanzas of RFC 6121 §3 on the roster of one side. */
export interface Subscriptions {
  /**
   * A client of the account sends one: changes the roster, routes it, pushes the change, in this order.
   *
   * @throws StanzaError `resource-constraint` if the roster is full
   */
  send(stanza: Stanza): Promise<void>
  /** One arrives for the account. Answers whether its available resources are still to see it. */
  receive(stanza: Stanza): Promise<boolean>
  /**
   * The item was removed from the roster: tells the contact what it loses (RFC 6121 §2.5.2).
   *
   * @param resources - the sessions whose presence ends for it; those the account has now if absent
   */
  cancel(account: BareJid, item: RosterItem, resources?: readonly SessionRecord[]): Promise<void>
}

/** Makes the subscription handling of one host. */
export function createSubscriptions(deps: SubscriptionsDeps, limits: RosterLimits): Subscriptions {
  const { writer, pushes, sessions, route } = deps

  const answer = (type: SubscriptionType, from: BareJid, to: BareJid) => route(presence({ type, from, to }))

  const showPresence = async (account: BareJid, contact: BareJid) => {
    for (const { presence: current } of sessions.resources(account)) {
      if (current) await route(current.with({ to: contact }))
    }
  }

  const hidePresence = async (contact: BareJid, resources: readonly SessionRecord[]) => {
    for (const { jid, presence: current } of resources) {
      if (current) await route(presence({ type: 'unavailable', from: jid, to: contact }))
    }
  }

  const send = async (stanza: Stanza, account: BareJid, contact: BareJid, type: SubscriptionType) => {
    let step: SubscriptionStep | undefined
    const sendOn = async (update: RosterUpdate) => {
      // While it is still subscribed, the contact hears that the resources are gone (RFC 6121 §3.2.2).
      if (losesSight(update)) await hidePresence(contact, sessions.resources(account))
      if (step?.pass) await route(stanza.with({ from: account, to: contact }))
      if (gainsSight(update)) await showPresence(account, contact)
    }
    await writer.change(
      account,
      contact,
      (current) => {
        step = outbound(current ?? noSubscription, type)
        return applied(current, contact, step, true)
      },
      { first: sendOn },
    )
  }

  const receive = async (stanza: Stanza, account: BareJid, contact: BareJid, type: SubscriptionType) => {
    let step: SubscriptionStep | undefined
    // Before the push, so that clients know why the item changes (RFC 6121 §3.1.6, §3.2.3, §3.3.3).
    const show = () => (step?.pass && type !== 'subscribe' ? pushes.send(account, stanza) : undefined)
    const update = await writer.change(
      account,
      contact,
      (current) => {
        step = inbound(current ?? noSubscription, type)
        // Nobody gets into a roster by asking.
        return applied(current, contact, step, false, type === 'subscribe' ? keep(stanza, limits) : undefined)
      },
      { first: show },
    )
    if (losesSight(update)) await hidePresence(contact, sessions.resources(account))
    if (step?.autoApprove) {
      await answer('subscribed', account, contact)
      await showPresence(account, contact)
    }
    return step?.pass === true && type === 'subscribe'
  }

  return {
    async send(stanza) {
      const { from, to, type } = stanza
      if (!from || !to || !isSubscriptionType(type) || from.bare.equals(to.bare)) return
      await send(stanza, from.bare, to.bare, type)
    },
    async receive(stanza) {
      const { from, to, type } = stanza
      if (!from || !to || !isSubscriptionType(type) || from.bare.equals(to.bare)) return false
      try {
        return await receive(stanza, to.bare, from.bare, type)
      } catch (error) {
        // A roster that takes nothing more is nobody else's business.
        if (isStanzaError(error)) return false
        throw error
      }
    },
    async cancel(account, item, resources = sessions.resources(account)) {
      if (seesContact(item) || item.pendingOut) await answer('unsubscribe', account, item.jid)
      if (seenByContact(item)) await hidePresence(item.jid, resources)
      if (seenByContact(item) || item.pendingIn) await answer('unsubscribed', account, item.jid)
    },
  }
}

/** What a step makes of an item. */
function applied(
  current: RosterItem | undefined,
  contact: BareJid,
  { next }: SubscriptionStep,
  list: boolean,
  request?: string,
): RosterItemChange | undefined | 'unchanged' {
  if (next === (current ?? noSubscription)) return 'unchanged'
  const item = withState(current ?? newItem(contact, false), next, request)
  const hasState = next.subscription !== 'none' || next.pendingOut || next.approved
  const listed = item.listed || (list && hasState)
  return isEmpty({ ...item, listed }) ? undefined : { ...item, listed }
}

const gainsSight = ({ previous, item }: RosterUpdate) => !seenBy(previous) && seenBy(item)
const losesSight = ({ previous, item }: RosterUpdate) => seenBy(previous) && !seenBy(item)
const seenBy = (item: RosterItem | undefined) => item !== undefined && seenByContact(item)

/** The request as text, without its extensions when they are too much to keep (rule P-7). */
function keep(stanza: Stanza, limits: RosterLimits): string {
  const wire = stanza.with({ to: stanza.to?.bare, from: stanza.from?.bare }).toWire()
  if (wire.length <= limits.maxRequestBytes) return textFromWire(wire)
  return textFromWire(presence({ type: 'subscribe', to: stanza.to?.bare, from: stanza.from?.bare }).toWire())
}
