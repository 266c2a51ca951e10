import type { UserDataPage } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'

/** A token as it is stored: what it is made of beside the server's secret, not the token itself. */
export interface StoredToken {
  /** Unguessable and unique; the token is derived from it and a secret that is not in the store. */
  readonly id: string
  /** The only mechanism it may be used with (XEP-0484 §3.4). */
  readonly mechanism: string
  /** When it was issued, in milliseconds since 1970. */
  readonly issuedAt: number
  /** When it ends, in milliseconds since 1970. */
  readonly expiresAt: number
  /** The highest `count` a login with it had; 0 before the first. */
  readonly count: number
}

/** What a client says of itself. */
export interface ClientNames {
  /** Name of the software. */
  readonly software?: string
  /** Name of the device. */
  readonly device?: string
}

/** A client that has tokens. */
export interface FastClient extends ClientNames {
  /** Id of its installation, a UUID. */
  readonly client: string
  /** When it last got or used a token, in milliseconds since 1970. */
  readonly lastSeenAt: number
  /** When its last token ends, in milliseconds since 1970. */
  readonly expiresAt: number
}

/** The use of a token. */
export interface TokenUse {
  /** The id of the token. */
  readonly id: string
  /** The count the client gave, if it counts; must be higher than any before. */
  readonly count: number | undefined
  /** Now, in milliseconds since 1970. */
  readonly at: number
}

/**
 * Where tokens are kept, by account and installation of a client. Every method is atomic, and what it has answered is durable.
 * A rejected promise means that the store cannot say now.
 */
export interface FastTokenStore {
  /** The tokens of a client, newest first: at most one that was used and one that was not. Expired ones may be among them. */
  get(account: BareJid, client: string): Promise<readonly StoredToken[]>
  /**
   * Adds a token, in the place of one of this client that was never used. Of more than `maxClients` clients of the account
   * those that got or used a token longest ago lose theirs.
   */
  issue(
    account: BareJid,
    client: string,
    token: StoredToken,
    names: ClientNames,
    maxClients: number,
  ): Promise<void>
  /**
   * Notes the use of a token, and forgets those of this client that were issued before it. Which one that is, is known by
   * which has been used before, not by their times: clocks are set back.
   *
   * @returns false, having done nothing, if it is not there any more or the count is not higher than one before
   */
  use(account: BareJid, client: string, use: TokenUse): Promise<boolean>
  /** Forgets the tokens of a client, or of all clients of the account. @returns how many clients lost theirs */
  revoke(account: BareJid, client?: string): Promise<number>
  /** The clients of an account that have tokens, by id. */
  list(account: BareJid): Promise<readonly FastClient[]>
  /** Forgets up to so many tokens that ended before a moment. @returns how many */
  removeExpired(before: number, limit: number): Promise<number>
  /** Accounts of a domain that something is kept for, as text, in ascending order of their UTF-8 bytes. */
  accounts(domain: string, page: UserDataPage): Promise<readonly string[]>
}
