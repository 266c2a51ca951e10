/** What a message is, as far as it matters for where it may be kept. */
export type Nature =
  /** Kept everywhere. */
  | 'chat'
  /** May wait, but is not archived: its sender forbids it (XEP-0334). */
  | 'unarchived'

/** How somebody receives messages. */
export interface Recipient {
  readonly account: string
  /** Whether its clients manage their streams (XEP-0198). */
  readonly managed: boolean
  /**
   * `steady`: there as long as the server is; `wandering`: comes and goes, with a goodbye or without; `absent`: comes now and
   * then only, so that much waits for it.
   */
  readonly habit: 'steady' | 'wandering' | 'absent'
  /** Whether a second client gets copies (XEP-0280). */
  readonly second: boolean
  /** Whether it lets archives keep what is said with it (XEP-0441). */
  readonly archived: boolean
}

const recipient = (
  account: string,
  habit: Recipient['habit'],
  more: Partial<Omit<Recipient, 'account' | 'habit'>> = {},
): Recipient => ({ account, habit, managed: true, second: false, archived: true, ...more })

/** Everybody who is written to. */
export const recipients: readonly Recipient[] = [
  recipient('eve', 'steady'),
  recipient('fay', 'steady', { second: true }),
  recipient('gil', 'wandering'),
  recipient('han', 'wandering', { second: true }),
  recipient('ida', 'wandering', { archived: false }),
  recipient('jon', 'wandering', { archived: false, second: true }),
  recipient('kim', 'wandering', { managed: false }),
  recipient('lea', 'wandering', { managed: false, archived: false }),
  recipient('max', 'absent'),
  recipient('nia', 'absent', { archived: false }),
]

/** Everybody who writes; each has a second client that gets copies of what it sends. */
export const senders = ['ann', 'bob', 'cem', 'dov'] as const

/** The client that is written to by its address. */
export const mainResource = 'a'
/** The one that gets copies. */
export const secondResource = 'b'

export const domain = 'crash.test'
export const password = 'a password of many words'
