import type { Hooks } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import { presence, type Stanza, StanzaError } from '@xmppkit/stanza'
import { textFromWire } from '@xmppkit/xml'
import type { KeyedQueue } from './keyed-queue.js'
import type { RosterItem, RosterItemChange, RosterStore, RosterUpdate } from './ports.js'
import { isEmpty, looksDifferent, newItem, toPayload, withState } from './roster-items.js'
import type { RosterLimits } from './roster-options.js'
import type { RosterPushes } from './roster-pushes.js'
import { rosterFull } from './roster-requests.js'
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
import { rosterChanged } from './tokens.js'

/** What the subscription handling of a host needs. */
export interface SubscriptionsDeps {
  readonly store: RosterStore
  readonly hooks: Hooks
  readonly sessions: Pick<Sessions, 'resources'>
  readonly route: (stanza: Stanza) => Awaitable<void>
  readonly pushes: RosterPushes
  readonly queue: KeyedQueue
}

/** Carries out the subscription stanzas of RFC 6121 §3 on the roster of one side. */
export interface Subscriptions {
  /** A client of the account sends one: changes the roster, routes it, pushes the change, in this order. */
  send(stanza: Stanza): Promise<void>
  /** One arrives for the account. Answers whether its resources are to see it. */
  receive(stanza: Stanza): Promise<boolean>
  /** The item was removed from the roster: tells the contact what it loses (RFC 6121 §2.5.2). */
  cancel(account: BareJid, item: RosterItem): Promise<void>
}

interface AppliedStep {
  readonly step: SubscriptionStep
  readonly update: RosterUpdate
}

/** Makes the subscription handling of one host. */
export function createSubscriptions(deps: SubscriptionsDeps, limits: RosterLimits): Subscriptions {
  const { store, route, pushes, queue } = deps

  const apply = async (
    account: BareJid,
    contact: BareJid,
    decide: (current: RosterItem | undefined) => SubscriptionStep,
    change: (item: RosterItemChange, step: SubscriptionStep) => RosterItemChange,
    listNew: (step: SubscriptionStep) => boolean,
  ): Promise<AppliedStep> => {
    let step: SubscriptionStep = { next: noSubscription, pass: false, autoApprove: false }
    const update = await store.update(account, contact, (current, count) => {
      step = decide(current)
      if (step.next === (current ?? noSubscription)) return 'unchanged'
      if (!current && count >= limits.maxItems) throw rosterFull(limits)
      const base = current ?? newItem(contact, listNew(step))
      const next = change({ ...base, listed: base.listed || listNew(step) }, step)
      return isEmpty(next) ? undefined : next
    })
    return { step, update }
  }

  const settle = async (
    account: BareJid,
    contact: BareJid,
    { previous, item, version, changed }: RosterUpdate,
  ) => {
    if (!changed) return
    if (looksDifferent(previous, item)) {
      const shown = item?.listed ? toPayload(item) : { jid: contact, subscription: 'remove', groups: [] }
      await pushes.toAll(account, version, shown)
    }
    await deps.hooks.run(rosterChanged, { account, previous, item })
  }

  // What the contact may see changed: it gets every resource's presence, or their farewell (rule P-8).
  const showPresence = async (account: BareJid, contact: BareJid, visible: boolean) => {
    for (const { jid, presence: current } of deps.sessions.resources(account)) {
      if (!current) continue
      await route(
        visible ? current.with({ to: contact }) : presence({ type: 'unavailable', from: jid, to: contact }),
      )
    }
  }

  const visibilityChange = ({ previous, item }: RosterUpdate): boolean | undefined => {
    const before = previous !== undefined && seenByContact(previous)
    const after = item !== undefined && seenByContact(item)
    return before === after ? undefined : after
  }

  const answer = (type: SubscriptionType, from: BareJid, to: BareJid) => route(presence({ type, from, to }))

  const send = async (stanza: Stanza, account: BareJid, contact: BareJid, type: SubscriptionType) => {
    const { step, update } = await apply(
      account,
      contact,
      (current) => outbound(current ?? noSubscription, type),
      (item, { next }) => withState(item, next),
      ({ next }) => next.pendingOut || next.approved || next.subscription !== 'none',
    )
    const visible = visibilityChange(update)
    if (visible === false) await showPresence(account, contact, false)
    if (step.pass) await route(stanza.with({ from: account, to: contact }))
    // The contact may have answered already: what is pushed last must be what holds.
    const item = await store.get(account, contact)
    await settle(account, contact, item ? { ...update, item, version: item.version } : update)
    if (visible === true) await showPresence(account, contact, true)
  }

  const receive = async (stanza: Stanza, account: BareJid, contact: BareJid, type: SubscriptionType) => {
    const { step, update } = await apply(
      account,
      contact,
      (current) => inbound(current ?? noSubscription, type),
      (item, { next }) => withState(item, next, type === 'subscribe' ? keep(stanza, limits) : undefined),
      () => false, // nobody gets into a roster by asking
    )
    if (step.autoApprove) await answer('subscribed', account, contact)
    const visible = visibilityChange(update)
    await settle(account, contact, update)
    if (visible !== undefined) await showPresence(account, contact, visible)
    return step.pass
  }

  return {
    async send(stanza) {
      const { from, to, type } = stanza
      if (!from || !to || !isSubscriptionType(type) || from.bare.equals(to.bare)) return
      await queue.run(from.bare.toString(), () => send(stanza, from.bare, to.bare, type))
    },
    async receive(stanza) {
      const { from, to, type } = stanza
      if (!from || !to || !isSubscriptionType(type)) return false
      // No queue: the sender's own step may be waiting for this one, also when both are local.
      try {
        return await receive(stanza, to.bare, from.bare, type)
      } catch (error) {
        if (error instanceof StanzaError) return false // a full roster; presence gets no error (rule Q-7)
        throw error
      }
    },
    async cancel(account, item) {
      if (seesContact(item) || item.pendingOut) await answer('unsubscribe', account, item.jid)
      if (seenByContact(item) || item.pendingIn) {
        if (seenByContact(item)) await showPresence(account, item.jid, false)
        await answer('unsubscribed', account, item.jid)
      }
    },
  }
}

/** The request as text, without its extensions when they are too much to keep (rule P-7). */
function keep(stanza: Stanza, limits: RosterLimits): string {
  const wire = stanza.with({ to: stanza.to?.bare, from: stanza.from?.bare }).toWire()
  if (wire.length <= limits.maxRequestBytes) return textFromWire(wire)
  return textFromWire(presence({ type: 'subscribe', to: stanza.to?.bare, from: stanza.from?.bare }).toWire())
}
