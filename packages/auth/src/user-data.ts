import { filter, type Hooks } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { Element, RawElement } from '@xmppkit/xml'

/** Names an element. */
export interface UserDataName {
  /** Its local name. */
  readonly name: string
  /** Its namespace. */
  readonly ns: string
}

/** One piece of what is kept for an account. */
export interface UserDataPiece {
  /** The piece, in a form the part that wrote it can read again. */
  readonly element: Element | RawElement
  /** The element it is written into; pieces that follow one another share one. By default into `<user/>` itself. */
  readonly within?: UserDataName
}

/** What a part reads. */
export interface UserDataReading extends UserDataName {
  /** Whether its children are handed over one by one, as those of `within` were written. @default false */
  readonly each?: boolean
}

/** A page of accounts. */
export interface UserDataPage {
  /** Continue after this account; from the first when absent. */
  readonly after?: string
  /** How many at most. */
  readonly limit: number
}

/**
 * What a feature keeps for accounts, as far as those it is about are concerned: they may have it, take it elsewhere (in the
 * format of XEP-0227) and have it erased.
 */
export interface UserDataPart {
  /** Unique; for logs. */
  readonly name: string
  /** All that is kept for an account, piece by piece, so that nobody has to hold all of it. */
  export?(account: BareJid): AsyncIterable<UserDataPiece>
  /** What {@link import} is given. @default nothing */
  readonly reads?: readonly UserDataReading[]
  /**
   * Takes a piece of an export.
   *
   * @param within - the element it was in, if that is read `each`
   * @throws whatever tells that it cannot be read; it is reported and left out
   */
  import?(account: BareJid, element: RawElement, within: UserDataName | undefined): Awaitable<void>
  /**
   * Removes what is kept for an account, durably; called again as long as it answers `limit`. Where there is never much, all of
   * it at one time.
   *
   * @returns how many things there were
   */
  remove(account: BareJid, limit: number): Promise<number>
  /** Whether there may be so much that it is removed in batches, before everything else. @default false */
  readonly bulky?: boolean
  /** Accounts of a domain that something is kept for, as text, in ascending order of their UTF-8 bytes. */
  accounts?(domain: string, page: UserDataPage): Promise<readonly string[]>
  /**
   * Removes up to `limit` things kept for a domain and its accounts, when that is served no longer and its accounts are gone.
   *
   * @returns how many there were
   */
  removeDomain?(domain: string, limit: number): Promise<number>
}

/** All that is kept for accounts: whoever keeps something adds a part. Starts as none; asked when somebody exports or erases. */
export const userData = filter<readonly UserDataPart[]>('auth/user-data')

/**
 * Adds a part to {@link userData}, until disposed.
 *
 * @example
 * ```ts
 * scope.use(offerUserData(hooks, { name: 'notes', remove: (account) => store.removeAll(account) }))
 * ```
 */
export function offerUserData(hooks: Pick<Hooks, 'on'>, part: UserDataPart): Disposable {
  return hooks.on(userData, (parts) => [...parts, part], { label: part.name })
}

/**
 * A page of those keys that are accounts of a domain: for stores in memory.
 *
 * @param keys - bare addresses as text, in any order
 */
export function accountsAmong(
  keys: Iterable<string>,
  domain: string,
  { after = '', limit }: UserDataPage,
): string[] {
  const own = [...keys]
    .filter((key) => key.slice(key.indexOf('@') + 1) === domain)
    .map((key) => Buffer.from(key))
  const from = Buffer.from(after)
  return own
    .filter((key) => Buffer.compare(key, from) > 0)
    .sort(Buffer.compare)
    .slice(0, limit)
    .map(String)
}
