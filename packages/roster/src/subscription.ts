/** What the two sides of a contact have granted each other (RFC 6121 §2.1.2.5, §3, Appendix A). */
export interface SubscriptionState {
  /** Granted so far: `to` = the account sees the contact, `from` = the contact sees the account. */
  readonly subscription: Subscription
  /** The account asked and the contact has not answered ("pending out", on the wire `ask='subscribe'`). */
  readonly pendingOut: boolean
  /** The contact asked and the account has not answered ("pending in", never on the wire). */
  readonly pendingIn: boolean
  /** The account approved a request that has not come yet (RFC 6121 §3.4). */
  readonly approved: boolean
}

/** The `subscription` attribute of a roster item. */
export type Subscription = 'none' | 'to' | 'from' | 'both'

/** The four presence types that change a subscription. */
export type SubscriptionType = 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed'

/** The outcome of one subscription stanza on one side. */
export interface SubscriptionStep {
  /** The state afterwards; the same object when nothing changed. */
  readonly next: SubscriptionState
  /** Outbound: route the stanza to the contact. Inbound: deliver it to the account's resources. */
  readonly pass: boolean
  /** Inbound only: the server answers `subscribed` on the account's behalf. */
  readonly autoApprove: boolean
}

/** The state of two parties who never met. */
export const noSubscription: SubscriptionState = Object.freeze({
  subscription: 'none',
  pendingOut: false,
  pendingIn: false,
  approved: false,
})

/** Whether `presenceType` is one of the four subscription types. */
export function isSubscriptionType(presenceType: string): presenceType is SubscriptionType {
  return (
    presenceType === 'subscribe' ||
    presenceType === 'subscribed' ||
    presenceType === 'unsubscribe' ||
    presenceType === 'unsubscribed'
  )
}

/** Whether the account is entitled to see the contact's presence. */
export function seesContact(state: SubscriptionState): boolean {
  return state.subscription === 'to' || state.subscription === 'both'
}

/** Whether the contact is entitled to see the account's presence. */
export function seenByContact(state: SubscriptionState): boolean {
  return state.subscription === 'from' || state.subscription === 'both'
}

/**
 * What happens when the account sends a subscription stanza to a contact (RFC 6121 Appendix A.2).
 *
 * A `subscribed` nobody asked for becomes a pre-approval (§3.4) instead of being routed, and an
 * `unsubscribed` takes such a pre-approval back.
 */
export function outbound(state: SubscriptionState, type: SubscriptionType): SubscriptionStep {
  switch (type) {
    case 'subscribe':
      return step(state, seesContact(state) ? {} : { pendingOut: true }, true)
    case 'unsubscribe':
      return step(state, { pendingOut: false, subscription: withoutTo(state.subscription) }, true)
    case 'subscribed':
      if (state.pendingIn) {
        return step(
          state,
          { pendingIn: false, approved: false, subscription: withFrom(state.subscription) },
          true,
        )
      }
      return step(state, seenByContact(state) ? {} : { approved: true }, false)
    case 'unsubscribed': {
      const granted = state.pendingIn || seenByContact(state)
      return step(
        state,
        { pendingIn: false, approved: false, subscription: withoutFrom(state.subscription) },
        granted,
      )
    }
  }
}

/**
 * What happens when a subscription stanza of a contact reaches the account (RFC 6121 Appendix A.3).
 *
 * A `subscribed` that answers no request changes nothing and is not delivered: it must never grant
 * anything by itself.
 */
export function inbound(state: SubscriptionState, type: SubscriptionType): SubscriptionStep {
  switch (type) {
    case 'subscribe':
      if (seenByContact(state)) return step(state, {}, false, true)
      if (state.approved) {
        const granted = { approved: false, pendingIn: false, subscription: withFrom(state.subscription) }
        return step(state, granted, false, true)
      }
      return step(state, { pendingIn: true }, !state.pendingIn)
    case 'subscribed':
      if (!state.pendingOut) return step(state, {}, false)
      return step(state, { pendingOut: false, subscription: withTo(state.subscription) }, true)
    case 'unsubscribe': {
      const next = { pendingIn: false, subscription: withoutFrom(state.subscription) }
      return step(state, next, state.pendingIn || seenByContact(state))
    }
    case 'unsubscribed': {
      const next = { pendingOut: false, subscription: withoutTo(state.subscription) }
      return step(state, next, state.pendingOut || seesContact(state))
    }
  }
}

// Four fields and no more: what is asked may be a whole roster item, whose other fields are not this state's.
function step(
  state: SubscriptionState,
  change: Partial<SubscriptionState>,
  pass: boolean,
  autoApprove = false,
): SubscriptionStep {
  const { subscription, pendingOut, pendingIn, approved } = state
  const next = { subscription, pendingOut, pendingIn, approved, ...change }
  return { next: sameState(state, next) ? state : next, pass, autoApprove }
}

function sameState(a: SubscriptionState, b: SubscriptionState): boolean {
  return (
    a.subscription === b.subscription &&
    a.pendingOut === b.pendingOut &&
    a.pendingIn === b.pendingIn &&
    a.approved === b.approved
  )
}

function withTo(s: Subscription): Subscription {
  return s === 'none' ? 'to' : s === 'from' ? 'both' : s
}

function withFrom(s: Subscription): Subscription {
  return s === 'none' ? 'from' : s === 'to' ? 'both' : s
}

function withoutTo(s: Subscription): Subscription {
  return s === 'to' ? 'none' : s === 'both' ? 'from' : s
}

function withoutFrom(s: Subscription): Subscription {
  return s === 'from' ? 'none' : s === 'both' ? 'to' : s
}
