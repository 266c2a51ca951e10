/** An event for one target, to be kept until it has arrived. */
export interface NewOutboxEntry {
  /** Whom it is for. */
  readonly target: string
  /** What it belongs to: entries of one conversation are given out in order. */
  readonly conversation: string
  /** The account it is about. */
  readonly account: string
  /** What has happened, for people who look. */
  readonly type: string
  /** The event, as text. */
  readonly event: string
  /** When it happened, in milliseconds since 1970. */
  readonly at: number
}

/** An event that waits for one target. */
export interface OutboxEntry extends NewOutboxEntry {
  /** Its id in the store; ids sort in the order in which entries of a conversation were appended. */
  readonly id: string
  /** How often its target has refused it. */
  readonly refusals: number
}

/** An event that was given up. */
export interface DeadEntry extends OutboxEntry {
  /** When it was given up, in milliseconds since 1970. */
  readonly deadAt: number
  /** Why, in a few words. */
  readonly error: string
}

/** Which dead entries. */
export interface DeadPage {
  /** Of this target only. */
  readonly target?: string
  /** The last id of the page before. */
  readonly after?: string
  /** At most so many. */
  readonly limit: number
}

/** How many events a target has. */
export interface OutboxCounts {
  /** Those that wait. */
  readonly waiting: number
  /** Those that were given up. */
  readonly dead: number
}

/**
 * Keeps events until they have arrived. Every method is atomic, and what it has answered is durable. Keep it in the database
 * where accounts and messages are: then events survive whatever those survive.
 */
export interface OutboxStore {
  /** Keeps entries, all or none. Those of one conversation are in the order of the calls. */
  append(entries: readonly NewOutboxEntry[]): Promise<void>
  /**
   * Entries of a target that wait, oldest first.
   * @param except - conversations to leave out
   */
  waiting(target: string, limit: number, except: readonly string[]): Promise<readonly OutboxEntry[]>
  /** Entries have arrived: they go. Unknown ids are ignored. */
  ack(target: string, ids: readonly string[]): Promise<void>
  /** A target has refused an entry once more. */
  refused(target: string, id: string): Promise<void>
  /** An entry is given up: it waits no longer, and stays until somebody looks. */
  bury(target: string, id: string, why: { readonly error: string; readonly at: number }): Promise<void>
  /** Entries that were given up, by id. */
  dead(page: DeadPage): Promise<readonly DeadEntry[]>
  /**
   * Dead entries wait again, refused by nobody; at most so many, oldest first.
   * @returns how many
   */
  revive(target: string, limit: number): Promise<number>
  /**
   * Removes dead entries given up before a moment; at most so many.
   * @returns how many
   */
  purge(target: string, before: number, limit: number): Promise<number>
  /**
   * Removes the dead entries about an account.
   * @returns how many
   */
  forget(account: string): Promise<number>
  /** How many entries a target has. */
  count(target: string): Promise<OutboxCounts>
  /**
   * Asks to be the only one who delivers to a target until a moment; who has it already keeps it longer.
   *
   * @returns false while somebody else has it
   */
  lease(target: string, holder: string, now: number, until: number): Promise<boolean>
  /** Gives that up, if it is the holder's. */
  release(target: string, holder: string): Promise<void>
}
