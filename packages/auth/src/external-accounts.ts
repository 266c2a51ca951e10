import type { Hooks } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import { type Clock, systemClock } from '@xmppkit/runtime'
import type { Accounts } from './accounts.js'
import { AuthError } from './errors.js'
import { createKnownExistence } from './known-existence.js'
import type { AccountPage, CredentialSources, PasswordVerifier, ScramStore, TokenVerifier } from './ports.js'
import { removeUser } from './tokens.js'

/**
 * What {@link createExternalAccounts} needs: what the embedder has of its own users. At least one of the first three. All may be
 * async; rejecting, or taking too long, means "cannot say now" and is never taken for a wrong password.
 */
export interface ExternalAccountsDeps {
  /** Checks passwords. */
  readonly passwords?: PasswordVerifier
  /** Knows SCRAM verifiers. */
  readonly scram?: ScramStore
  /** Knows tokens. */
  readonly tokens?: TokenVerifier
  /** The hash functions there are SCRAM verifiers of; the others are not offered. @default all */
  readonly scramHashes?: NonNullable<CredentialSources['scramHashes']>
  /** Refuses logins although credentials were right. */
  readonly admit?: NonNullable<CredentialSources['admit']>
  /** What an account that does not exist looks like to SCRAM; should resemble those that do. */
  readonly decoyVerifier?: NonNullable<CredentialSources['decoyVerifier']>
  /** Whether there is such an account. Every address of the host's domains counts as one if absent. */
  exists?(account: BareJid): Promise<boolean>
  /** Localparts of the accounts of a domain, in order, for commands that list them. */
  list?(domain: string, page: AccountPage): Promise<readonly string[]>
  /** Number of accounts of a domain, for commands that count them. */
  count?(domain: string): Promise<number>
}

/** What a host has besides. */
export interface ExternalAccountsHost {
  /** Told by `removed` that an account is gone. @default nobody is told */
  readonly hooks?: Pick<Hooks, 'run'>
  /** Limits waits. @default systemClock */
  readonly clock?: Pick<Clock, 'after' | 'monotonic'>
}

/** Options of {@link createExternalAccounts}. */
export interface ExternalAccountsOptions {
  /** How long it is remembered whether there is an account of yours. @default 60_000 */
  readonly existsCacheMs?: number
  /**
   * The longest wait to hear whether there is an account of yours. Then, and when the answer is an error, what was heard last
   * holds; without that, senders are told to try again.
   * @default 5_000
   */
  readonly existsTimeoutMs?: number
  /** Accounts of yours about which an answer is remembered. @default 10_000 */
  readonly maxKnownAccounts?: number
}

/** The defaults of {@link createExternalAccounts}. */
export const externalAccountsDefaults: Required<ExternalAccountsOptions> = Object.freeze({
  existsCacheMs: 60_000,
  existsTimeoutMs: 5_000,
  maxKnownAccounts: 10_000,
})

/**
 * Makes accounts of users somebody else keeps: logins work, everything that changes an account is refused with
 * `auth/read-only`. An outage over there keeps nobody from what they do here: who is logged in stays, and who was known to be
 * there still is.
 *
 * @example
 * ```ts
 * const accounts = createExternalAccounts({
 *   passwords: { verifyPassword: async (account, password) => users.check(account.local, password) },
 *   exists: (account) => users.has(account.local),
 * })
 * ```
 */
export function createExternalAccounts(
  deps: ExternalAccountsDeps & ExternalAccountsHost,
  options: ExternalAccountsOptions = {},
): Accounts {
  const { passwords, scram, tokens, scramHashes, admit, decoyVerifier, clock = systemClock } = deps
  const refuse = async (): Promise<never> => {
    throw new AuthError('auth/read-only', 'the accounts are kept elsewhere and cannot be changed here')
  }
  const known = createKnownExistence(
    { clock, ask: async (account) => (await deps.exists?.(account)) ?? true },
    { ...externalAccountsDefaults, ...options },
  )
  const exists = async (account: BareJid) => deps.exists === undefined || (await known.exists(account))
  return {
    credentials: {
      ...(passwords !== undefined && { passwords }),
      ...(scram !== undefined && { scram }),
      ...(tokens !== undefined && { tokens }),
      ...(scramHashes !== undefined && { scramHashes }),
      ...(admit !== undefined && { admit }),
      ...(decoyVerifier !== undefined && { decoyVerifier }),
    },
    verifyPassword: async (account, password, wait) =>
      (await passwords?.verifyPassword(account, password, wait)) ?? false,
    scramVerifier: async (account, hash, wait) => scram?.scramVerifier(account, hash, wait),
    exists,
    isKnown: (account) => known.isKnown(account),
    // Nobody here knows more than that the account is there; its name is the only stable id there is.
    get: async (account) => ((await exists(account)) ? { id: account.toString(), createdAt: 0 } : undefined),
    async removed(account) {
      known.gone(account)
      await deps.hooks?.run(removeUser, { account, id: account.toString() })
    },
    register: refuse,
    remove: refuse,
    changePassword: refuse,
    setDisabled: refuse,
    list: async (domain, page) => (deps.list === undefined ? refuse() : deps.list(domain, page)),
    count: async (domain) => (deps.count === undefined ? refuse() : deps.count(domain)),
  }
}
