import type { FullJid } from '@xmppkit/jid'
import { type Stanza, StanzaError } from '@xmppkit/stanza'

/** What the decision needs to know of a session. */
export interface DeliveryTarget {
  /** Its address. */
  readonly jid: FullJid
  /** Its priority; undefined while it is not available. */
  readonly priority: number | undefined
}

/** Which resources get a chat or normal message sent to the bare address (RFC 6121 §8.5.2.1.1). */
export type BareMessagePolicy = 'highest-priority' | 'all-non-negative'

/** How to decide. */
export interface DeliveryRules {
  /** Which resources get a chat or normal message sent to the bare address. */
  readonly bareMessages: BareMessagePolicy
  /** The stanza was taken over for a resource that has gone since; a message then looks for another one, presence does not. */
  readonly rerouted?: boolean
}

/** What to do with a stanza for an account. */
export type Delivery<R> =
  /** Hand it to these sessions. */
  | { readonly action: 'deliver'; readonly sessions: readonly R[] }
  /** Nobody can take the message: ask the offline hook, otherwise do this. */
  | { readonly action: 'offline'; readonly otherwise: 'bounce' | 'discard' }
  /** The account answers the iq, not a resource. */
  | { readonly action: 'account' }
  /** Subscription presence: the roster decides. */
  | { readonly action: 'subscription' }
  /** A probe: whoever knows who may see what answers. */
  | { readonly action: 'probe' }
  /** The sender gets `service-unavailable`. */
  | { readonly action: 'bounce' }
  /** Nothing. */
  | { readonly action: 'discard' }

const offline = Object.freeze({ action: 'offline', otherwise: 'bounce' } as const)
const offlineHeadline = Object.freeze({ action: 'offline', otherwise: 'discard' } as const)
const account = Object.freeze({ action: 'account' } as const)
const subscription = Object.freeze({ action: 'subscription' } as const)
const probe = Object.freeze({ action: 'probe' } as const)
const bounce = Object.freeze({ action: 'bounce' } as const)
const discard = Object.freeze({ action: 'discard' } as const)

/**
 * Decides what happens to a stanza for a local account that exists: the tables of RFC 6121 §8.5.
 *
 * @param stanza - what is to be delivered; `to` names the account and perhaps a resource
 * @param resources - all sessions of the account, oldest first; of two with one address the later counts
 * @param rules - the policy for messages to the bare address
 *
 * @example
 * ```ts
 * const { action } = decideDelivery(message({ to: 'juliet@example.com', type: 'chat' }), [], { bareMessages: 'highest-priority' })
 * action // 'offline'
 * ```
 */
export function decideDelivery<R extends DeliveryTarget>(
  stanza: Pick<Stanza, 'kind' | 'type' | 'to'>,
  resources: readonly R[],
  rules: DeliveryRules,
): Delivery<R> {
  // Presence is about a moment that has passed: whoever else it was for has it, and may have been told of the end since.
  if (rules.rerouted && stanza.kind === 'presence') return discard
  const resource = stanza.to?.resource ?? ''
  if (resource !== '') {
    const session = sessionOf(resources, resource)
    return session === undefined
      ? toMissingResource(stanza, resources, rules)
      : toResource(stanza, resources, session)
  }
  switch (stanza.kind) {
    case 'message':
      return messageToAccount(stanza, resources, rules)
    case 'presence':
      return presenceToAccount(stanza, resources)
    case 'iq':
      return stanza.type === 'get' || stanza.type === 'set' ? account : discard
  }
}

function sessionOf<R extends DeliveryTarget>(resources: readonly R[], resource: string): R | undefined {
  for (let at = resources.length - 1; at >= 0; at -= 1) {
    const session = resources[at]
    if (session?.jid.resource === resource) return session
  }
  return undefined
}

// RFC 6121 §8.5.3.1, whatever the priority and before the first presence.
function toResource<R extends DeliveryTarget>(
  { kind, type }: Pick<Stanza, 'kind' | 'type'>,
  resources: readonly R[],
  session: R,
): Delivery<R> {
  if (kind === 'presence' && type === 'probe') return probe
  if (kind === 'presence' && isSubscription(type)) return subscription
  return { action: 'deliver', sessions: resources.length === 1 ? resources : [session] }
}

// RFC 6121 §8.5.3.2.
function toMissingResource<R extends DeliveryTarget>(
  stanza: Pick<Stanza, 'kind' | 'type'>,
  resources: readonly R[],
  rules: DeliveryRules,
): Delivery<R> {
  const { kind, type } = stanza
  if (kind === 'iq') return type === 'get' || type === 'set' ? bounce : discard
  if (kind === 'presence') {
    if (type === 'probe') return probe
    return type === 'subscribe' ? subscription : discard
  }
  if (type === 'chat') return messageToAccount(stanza, resources, rules)
  // The server has taken this one over for a resource that was there; losing it now would be the server's doing.
  if (type === 'normal') return rules.rerouted ? messageToAccount(stanza, resources, rules) : bounce
  return type === 'groupchat' ? bounce : discard
}

// RFC 6121 §8.5.2.1.1, §8.5.2.2.1.
function messageToAccount<R extends DeliveryTarget>(
  { type }: Pick<Stanza, 'type'>,
  resources: readonly R[],
  rules: DeliveryRules,
): Delivery<R> {
  if (type === 'groupchat') return bounce
  if (type === 'error') return discard
  // What was a headline for all who were there then is none for those who are there now.
  if (type === 'headline' && rules.rerouted) return discard
  const all = type === 'headline' || rules.bareMessages === 'all-non-negative'
  const sessions = nonNegative(resources, all)
  if (sessions.length > 0) return { action: 'deliver', sessions }
  return type === 'headline' ? offlineHeadline : offline
}

// The newest comes first: it is the one that gets the message, the others get copies.
function nonNegative<R extends DeliveryTarget>(resources: readonly R[], all: boolean): readonly R[] {
  const [only] = resources
  if (resources.length <= 1) return only?.priority !== undefined && only.priority >= 0 ? resources : []
  let lowest = 0
  const current = withoutSuperseded(resources)
  if (!all)
    for (const { priority } of current) if (priority !== undefined) lowest = Math.max(lowest, priority)
  const chosen = current.filter(({ priority }) => priority !== undefined && priority >= lowest)
  return chosen.reverse()
}

// RFC 6121 §8.5.2.1.2, §8.5.2.2.2.
function presenceToAccount<R extends DeliveryTarget>(
  { type }: Pick<Stanza, 'type'>,
  resources: readonly R[],
): Delivery<R> {
  if (type === 'probe') return probe
  if (isSubscription(type)) return subscription
  const sessions = availableOf(resources)
  return sessions.length > 0 ? { action: 'deliver', sessions } : discard
}

/** The sessions that are available, whatever their priority. */
export function availableOf<R extends DeliveryTarget>(resources: readonly R[]): readonly R[] {
  const current = withoutSuperseded(resources)
  return current.every(({ priority }) => priority !== undefined)
    ? current
    : current.filter(({ priority }) => priority !== undefined)
}

/** The sessions without those a later one with the same address has taken the place of. */
export function withoutSuperseded<R extends DeliveryTarget>(resources: readonly R[]): readonly R[] {
  if (resources.length <= 1) return resources
  const isSuperseded = (session: R, at: number) =>
    resources.some((later, index) => index > at && later.jid.resource === session.jid.resource)
  return resources.some(isSuperseded)
    ? resources.filter((session, at) => !isSuperseded(session, at))
    : resources
}

function isSubscription(type: string): boolean {
  return type === 'subscribe' || type === 'subscribed' || type === 'unsubscribe' || type === 'unsubscribed'
}

/**
 * What the sender of a stanza gets if the account does not exist, or must look so because it has blocked the sender:
 * `service-unavailable` for a message or an iq request, nothing for anything else.
 */
export function unreachableAnswer({ kind, type }: Pick<Stanza, 'kind' | 'type'>): StanzaError | undefined {
  if (kind === 'presence' || type === 'error' || type === 'result') return undefined
  return new StanzaError('service-unavailable')
}
