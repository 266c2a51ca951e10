/**
 * Accounts as a service of a host.
 *
 * @packageDocumentation
 */
import { CommandsService } from '@xmppkit/commands/module'
import {
  ClockService,
  DomainLimitsService,
  DomainsService,
  defineModule,
  HooksService,
  IdsService,
  maybe,
  service,
} from '@xmppkit/module'
import type { ScramHasher } from '@xmppkit/sasl'
import { registerAccountCommands } from './account-commands.js'
import { accountData } from './account-data.js'
import { type Accounts, createAccounts } from './accounts.js'
import type { AccountsOptions } from './accounts-options.js'
import { AuthError } from './errors.js'
import {
  createExternalAccounts,
  type ExternalAccountsDeps,
  type ExternalAccountsOptions,
} from './external-accounts.js'
import { createMemoryAccountStore } from './memory-store.js'
import type { AccountStore, TokenVerifier } from './ports.js'
import { offerUserData } from './user-data.js'

/** The accounts of a host. */
export const AccountsService = service<Accounts>('auth/accounts', { providedBy: ['auth'] })

/** Where accounts are kept. */
export const AccountStoreService = service<AccountStore>('auth/account-store', {
  providedBy: ['accounts-memory'],
})

/** The embedder's own users: provide it instead of {@link AccountStoreService}. */
export const ExternalAccountsService = service<ExternalAccountsDeps>('auth/external-accounts')

/** Hashes passwords; provide one to bound the hashing of several hosts together. */
export const ScramHasherService = service<ScramHasher>('auth/scram-hasher')

/** Lets clients log in with tokens somebody else issued. */
export const TokenVerifierService = service<TokenVerifier>('auth/token-verifier')

/** Key of the salts shown for accounts that do not exist; keep it next to the store. */
export const DecoySecretService = service<Uint8Array>('auth/decoy-secret')

/** Provides {@link AccountStoreService} in memory: accounts end with the host. */
export const memoryAccountsModule = defineModule({
  name: 'accounts-memory',
  needs: {},
  provides: AccountStoreService,
  start: () => ({ service: createMemoryAccountStore() }),
})

/**
 * Provides {@link AccountsService} over {@link ExternalAccountsService} if there is one, else over
 * {@link AccountStoreService}, and registers the commands about accounts where commands are.
 */
export const authModule = defineModule({
  name: 'auth',
  needs: {
    hooks: HooksService,
    clock: ClockService,
    ids: IdsService,
    domains: DomainsService,
    store: maybe(AccountStoreService),
    external: maybe(ExternalAccountsService),
    hasher: maybe(ScramHasherService),
    decoySecret: maybe(DecoySecretService),
    tokens: maybe(TokenVerifierService),
    limits: maybe(DomainLimitsService),
    commands: maybe(CommandsService),
  },
  provides: AccountsService,
  start(
    { store, external, hasher, decoySecret, tokens, limits, commands, ...deps },
    options: AccountsOptions & ExternalAccountsOptions,
    scope,
  ) {
    const optional = {
      ...(hasher && { hasher }),
      ...(decoySecret && { decoySecret }),
      ...(tokens && { tokens }),
      ...(limits && { maxAccountsOf: (domain: string) => limits.limit(domain, 'auth/maxAccounts') }),
    }
    const accounts = external
      ? createExternalAccounts(
          { ...(tokens && { tokens }), ...external, hooks: deps.hooks, clock: deps.clock },
          options,
        )
      : createAccounts({ ...deps, ...optional, store: store ?? missingStore() }, options)
    if (store && !external) scope.use(offerUserData(deps.hooks, accountData({ ...deps, store })))
    if (commands) scope.use(registerAccountCommands({ commands, accounts, domains: deps.domains }))
    return { service: accounts }
  },
})

function missingStore(): never {
  throw new AuthError(
    'auth/no-source',
    'provide AccountStoreService, or ExternalAccountsService for users of your own',
  )
}
