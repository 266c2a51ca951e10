import type { BareJid } from '@xmppkit/jid'
import type { Accounts } from './accounts.js'
import { AuthError } from './errors.js'
import type { CredentialSources, PasswordVerifier, ScramStore, TokenVerifier } from './ports.js'

/** What {@link createExternalAccounts} needs: what the embedder has of its own users. At least one of the first three. */
export interface ExternalAccountsDeps {
  /** Checks passwords. */
  readonly passwords?: PasswordVerifier
  /** Knows SCRAM verifiers. */
  readonly scram?: ScramStore
  /** Knows tokens. */
  readonly tokens?: TokenVerifier
  /** Refuses logins although credentials were right. */
  readonly admit?: NonNullable<CredentialSources['admit']>
  /** What an account that does not exist looks like to SCRAM; should resemble those that do. */
  readonly decoyVerifier?: NonNullable<CredentialSources['decoyVerifier']>
  /** Whether there is such an account. Every address of the host's domains counts as one if absent. */
  exists?(account: BareJid): Promise<boolean>
}

/**
 * Makes accounts of users somebody else keeps: logins work, everything that changes an account is refused with
 * `auth/read-only`.
 *
 * @example
 * ```ts
 * const accounts = createExternalAccounts({
 *   passwords: { verifyPassword: async (account, password) => users.check(account.local, password) },
 *   exists: (account) => users.has(account.local),
 * })
 * ```
 */
export function createExternalAccounts(deps: ExternalAccountsDeps): Accounts {
  const refuse = async (): Promise<never> => {
    throw new AuthError('auth/read-only', 'the accounts are kept elsewhere and cannot be changed here')
  }
  const exists = async (account: BareJid): Promise<boolean> => (await deps.exists?.(account)) ?? true
  return {
    credentials: {
      ...(deps.passwords !== undefined && { passwords: deps.passwords }),
      ...(deps.scram !== undefined && { scram: deps.scram }),
      ...(deps.tokens !== undefined && { tokens: deps.tokens }),
      ...(deps.admit !== undefined && { admit: deps.admit }),
      ...(deps.decoyVerifier !== undefined && { decoyVerifier: deps.decoyVerifier }),
    },
    verifyPassword: async (account, password, wait) =>
      (await deps.passwords?.verifyPassword(account, password, wait)) ?? false,
    scramVerifier: async (account, hash, wait) => deps.scram?.scramVerifier(account, hash, wait),
    exists,
    // Nobody here knows more than that the account is there; its name is the only stable id there is.
    get: async (account) => ((await exists(account)) ? { id: account.toString(), createdAt: 0 } : undefined),
    register: refuse,
    remove: refuse,
    changePassword: refuse,
    setDisabled: refuse,
    list: refuse,
    count: refuse,
  }
}
