import type { BareJid, Jid } from '@xmppkit/jid'
import type { PushKind } from './push-kind.js'

/** One place notifications of an account go to; an account has one for each service and node (XEP-0357 §5). */
export interface PushRegistration {
  /** Address of the push service, as text. */
  readonly service: string
  /** What names the device there; `''` if the client gave nothing. */
  readonly node: string
  /** Who registered: the resource of the session, or what else names a client. */
  readonly client: string
  /** The form the service wants with every notification, as XML; may hold secrets. */
  readonly options?: string
  /** When it was registered last, in milliseconds since 1970. */
  readonly enabledAt: number
}

/** Which accounts to list. */
export interface PushPage {
  /** Continue after this account; from the first when absent. */
  readonly after?: string
  /** How many at most. */
  readonly limit: number
}

/**
 * Where registrations are kept. `@xmppkit/conformance/push-store` tests an implementation.
 *
 * All methods reject when the store cannot be reached, with nothing half done; those that write resolve when what they
 * wrote is durable.
 */
export interface PushStore {
  /**
   * Keeps a registration in place of the one of its service and node. Of more than `limit` of an account the ones that
   * were registered longest ago go: they are of devices that never said goodbye.
   */
  enable(account: BareJid, registration: PushRegistration, limit: number): Promise<void>
  /** Removes those of a service, or the one of a service and node; answers with how many. */
  disable(account: BareJid, service: string, node?: string): Promise<number>
  /** Those of an account, the one registered longest ago first. */
  list(account: BareJid): Promise<readonly PushRegistration[]>
  /** Removes all of an account; answers with how many. */
  removeAll(account: BareJid): Promise<number>
  /** Accounts of a domain that have any, as text, in an order of the store's own that never changes. */
  accounts(domain: string, page: PushPage): Promise<readonly string[]>
  /** How many registrations the accounts of a domain have. */
  count(domain: string): Promise<number>
  /** Removes up to `limit` of a domain that were registered before `before`; answers with how many. */
  removeOlder(domain: string, before: number, limit: number): Promise<number>
}

/** What a notification may tell; how much is up to the options. */
export interface PushSummary {
  /** What it is about, of several the most urgent. */
  readonly kind: PushKind
  /** How many messages wait; absent unless it is to be told. */
  readonly messageCount?: number
  /** Who sent the last one; absent unless it is to be told. */
  readonly sender?: Jid
  /** The text of the last one; absent unless it is to be told, and when it has none. */
  readonly body?: string
}

/** One notification for one device. */
export interface PushNotification {
  /** Whose device. */
  readonly account: BareJid
  /** Where to. */
  readonly registration: PushRegistration
  /** What to say. */
  readonly summary: PushSummary
  /** Aborted when it takes too long or the server stops; nobody waits for the outcome then. */
  readonly signal: AbortSignal
}

/** `gone`: the device is not known any more and the registration is removed. */
export type PushOutcome = 'sent' | 'gone'

/** Sends notifications: to FCM or APNs, to a service of your own, or to an XMPP push service. */
export interface PushSender {
  /** Whether it is the one for this registration. @default all */
  accepts?(registration: PushRegistration): boolean
  /**
   * Sends one. What it throws or rejects with is a failure that may pass; after too many in a row the registration is
   * removed.
   */
  send(notification: PushNotification): Promise<PushOutcome>
}
