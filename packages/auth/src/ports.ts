import type { BareJid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { SaslCondition, ScramHash, ScramVerifier } from '@xmppkit/sasl'

/** What proves a login. Passwords are never among it. */
export interface StoredCredentials {
  /** One verifier for each hash function; at most one of a kind. */
  readonly scram: readonly ScramVerifier[]
}

/** An account as it is stored. */
export interface StoredAccount extends StoredCredentials {
  /** Stable and never used again: rights given to an account must not pass to the next one of its name (SEC-25). */
  readonly id: string
  /** When it was created, in milliseconds since 1970. */
  readonly createdAt: number
  /** Why nobody may log in; absent while somebody may. */
  readonly disabled?: string
}

/** A page of a list. */
export interface AccountPage {
  /** The last localpart of the page before; absent for the first page. */
  readonly after?: string
  /** The most entries wanted. */
  readonly limit: number
}

/**
 * Where accounts are kept. Every method is atomic, and what it has answered is durable. A rejected promise means that
 * the store cannot say now; the client is then told to try again, never that its password is wrong.
 */
export interface AccountStore {
  /** Creates an account; `false` if there is one of that name. */
  create(account: BareJid, stored: StoredAccount): Promise<boolean>
  /** The account, or `undefined` if there is none. */
  get(account: BareJid): Promise<StoredAccount | undefined>
  /**
   * Replaces the credentials; `false` if there is no such account.
   *
   * @param before - replaces only these; `false` if they are others by now, so that what is added to old credentials does not
   * undo a new password
   */
  setCredentials(
    account: BareJid,
    credentials: StoredCredentials,
    before?: StoredCredentials,
  ): Promise<boolean>
  /** Disables an account for a reason, or enables it again with `undefined`; `false` if there is no such account. */
  setDisabled(account: BareJid, reason: string | undefined): Promise<boolean>
  /** Removes an account; `false` if there is none. */
  remove(account: BareJid): Promise<boolean>
  /** Localparts of the accounts of a domain, in ascending order of their UTF-8 bytes. */
  list(domain: string, page: AccountPage): Promise<readonly string[]>
  /** Number of accounts of a domain. */
  count(domain: string): Promise<number>
  /**
   * Whether it is known without looking that there is such an account; `false` says nothing. Absent where others may remove
   * accounts. Never asked for somebody who is logging in: how soon an answer comes must not tell who was here lately.
   */
  isKnown?(account: BareJid): boolean
}

/** A wait that ends with the stream or with its time limit. */
export interface CredentialWait {
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal
  /** The same object for all that is asked during one login: what was read for one question may serve for the next. */
  readonly login?: object
}

/** Checks passwords: an embedder's own users, LDAP, an HTTP service. */
export interface PasswordVerifier {
  /**
   * Whether the password, as the client sent it, is the account's. Take as long for an unknown account as for a wrong
   * password. Rejecting means "cannot say now".
   */
  verifyPassword(account: BareJid, password: string, wait?: CredentialWait): Awaitable<boolean>
}

/** Knows SCRAM verifiers: accounts whose passwords are hashed the way SCRAM does. */
export interface ScramStore {
  /** The account's verifier of this hash, `undefined` if it has none. Rejecting means "cannot say now". */
  scramVerifier(
    account: BareJid,
    hash: ScramHash,
    wait?: CredentialWait,
  ): Awaitable<ScramVerifier | undefined>
}

/** Knows tokens somebody else issued, such as an OAuth server: for OAUTHBEARER (RFC 7628). */
export interface TokenVerifier {
  /**
   * The account a token was issued for, `undefined` if it is not valid, or not valid here. Check who issued it, for whom
   * (`aud`) and until when (SEC-32). Rejecting means "cannot say now".
   *
   * @param token - as the client sent it
   * @param domain - the domain of the stream; an account of another one is refused
   */
  verifyToken(token: string, domain: string, wait?: CredentialWait): Awaitable<BareJid | undefined>
}

/** Where logins are checked; what is absent is not offered. */
export interface CredentialSources {
  /** Checks passwords; without it no PLAIN. */
  readonly passwords?: PasswordVerifier
  /** Knows verifiers; without it no SCRAM. */
  readonly scram?: ScramStore
  /** Knows tokens; without it no OAUTHBEARER. */
  readonly tokens?: TokenVerifier
  /**
   * The hash functions accounts have verifiers of; SCRAM with another one would fail for everybody and is not offered.
   * All, if absent.
   */
  readonly scramHashes?: readonly ScramHash[]
  /** Asked once credentials were proven; a condition, such as `account-disabled`, still refuses the login. */
  admit?(account: BareJid, wait?: CredentialWait): Awaitable<SaslCondition | undefined>
  /**
   * What an account that does not exist looks like to SCRAM; invented with a secret of this process if absent.
   * The name is a username and a domain joined by `@`, and need not be an address anybody could have.
   */
  decoyVerifier?(name: string, hash: ScramHash): ScramVerifier
}

/** The domains of a host, as far as accounts are concerned. */
export interface HostedDomains {
  /** Whether a prepared domain is one of them. */
  has(domain: string): boolean
}
