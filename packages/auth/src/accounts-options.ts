import { type ScramHash, type ScramHasherOptions, scramHasherDefaults } from '@xmppkit/sasl'

/** Options of `createAccounts`. */
export interface AccountsOptions extends ScramHasherOptions {
  /**
   * Hash functions passwords are stored with, one verifier each. The first one also serves passwords sent in clear.
   * SHA-1 is what some clients are limited to; it only matters to who steals the store.
   * @default ['SHA-256', 'SHA-512', 'SHA-1']
   */
  readonly hashes?: readonly ScramHash[]
  /**
   * Hash functions that are not offered yet: new passwords are stored with them too, and clients may bring them to accounts
   * that have none (XEP-0480). Move one to `hashes` once enough accounts have it; who has not, could not log in with it.
   * @default []
   */
  readonly upgrades?: readonly ScramHash[]
}

/** The defaults of `createAccounts`. */
export const accountsDefaults: Required<AccountsOptions> = Object.freeze({
  ...scramHasherDefaults,
  hashes: Object.freeze(['SHA-256', 'SHA-512', 'SHA-1'] as const),
  upgrades: Object.freeze([]),
})
