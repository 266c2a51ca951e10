/** Settings of `createInbox`. */
export interface InboxOptions {
  /**
   * Conversations of a page when the client does not say how many it wants.
   *
   * @default 50
   */
  readonly pageSize?: number
  /**
   * Most conversations of a page, whatever the client wants.
   *
   * @default 250
   */
  readonly maxPageSize?: number
  /**
   * Conversations of one account that are looked at; an inbox with more is answered with `resource-constraint`, for its cost
   * grows with their number.
   *
   * @default 10_000
   */
  readonly maxConversations?: number
  /**
   * Messages of one conversation that are looked at, from the newest back, of whatever kind: what is unread before them is not
   * counted. So a count that comes near it may be higher.
   *
   * @default 500
   */
  readonly depth?: number
  /**
   * Inboxes looked through at one time, of all accounts together; each account has one at a time.
   *
   * @default 20
   */
  readonly maxQueries?: number
  /**
   * Requests of one account that may wait; one more is answered with `resource-constraint`. Keeps one account from
   * occupying the store.
   *
   * @default 5
   */
  readonly maxQueriesPerAccount?: number
  /**
   * Bytes of entries under way to a client at one time, so that a page does not overflow its outbox. A larger message goes
   * alone.
   *
   * @default 262_144
   */
  readonly resultBytes?: number
}

/** Defaults of {@link InboxOptions}. */
export const inboxDefaults: Readonly<Required<InboxOptions>> = Object.freeze({
  pageSize: 50,
  maxPageSize: 250,
  maxConversations: 10_000,
  depth: 500,
  maxQueries: 20,
  maxQueriesPerAccount: 5,
  resultBytes: 262_144,
})
