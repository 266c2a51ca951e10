/** A message, as an event tells of it. */
export interface MessageData {
  /** Its id, as its sender gave it; empty if it gave none. */
  readonly id: string
  /** Its type. */
  readonly type: string
  /** Who sent it: the full address of a client, or an account. */
  readonly from: string
  /** Whom it is for. */
  readonly to: string
  /** Its text, unless contents are left out. */
  readonly body?: string
  /** The whole stanza as XML, unless contents are left out. */
  readonly stanza?: string
  /** Its id in the archive: of its sender for what was sent, of its addressee otherwise (XEP-0359). */
  readonly archiveId?: string
}

/** A session, as an event tells of it. */
export interface SessionData {
  /** Its address. */
  readonly jid: string
  /** How it is connected, such as `tls` or `websocket`. */
  readonly transport?: string
}

/** What each kind of event tells. */
export interface EventData {
  /** A user's message has passed every policy of its sender, and is about to be routed. */
  readonly 'message.sent': MessageData
  /** A message waits for somebody who is away. */
  readonly 'message.stored': MessageData
  /** A message has reached a client: written, or acknowledged where stream management is on. */
  readonly 'message.delivered': MessageData & {
    /** The session that got it. */
    readonly by: string
  }
  /** A client has logged in. */
  readonly 'session.opened': SessionData
  /** A session has ended. */
  readonly 'session.closed': SessionData & {
    /** Why, in a few words. */
    readonly reason: string
  }
  /** A session is available, available in another way, or not available any more. */
  readonly 'presence.changed': {
    /** The session. */
    readonly jid: string
    /** Whether it is available. */
    readonly available: boolean
    /** How, such as `away`. */
    readonly show?: string
    /** What it says of itself. */
    readonly status?: string
    /** Its priority. */
    readonly priority?: number
  }
  /** An account was created. */
  readonly 'account.registered': {
    /** Its address. */
    readonly account: string
  }
  /** An account was removed. */
  readonly 'account.removed': {
    /** Its address. */
    readonly account: string
  }
}

/** A kind of event. */
export type EventType = keyof EventData

/** All kinds of events. */
export const eventTypes: readonly EventType[] = Object.freeze([
  'message.sent',
  'message.stored',
  'message.delivered',
  'session.opened',
  'session.closed',
  'presence.changed',
  'account.registered',
  'account.removed',
] as const)

/** Something that has happened, as receivers get it; `type` tells what `data` is. */
export type OutboxEvent = {
  [T in EventType]: {
    /** Unique: an event that comes twice has the same. */
    readonly id: string
    /** What has happened. */
    readonly type: T
    /** When, in ISO 8601. */
    readonly timestamp: string
    /** The domain it has happened on. */
    readonly domain: string
    /** The conversation, or account, it belongs to: events of one come in order. */
    readonly conversation: string
    /** What it tells. */
    readonly data: EventData[T]
  }
}[EventType]
