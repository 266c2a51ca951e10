import { type Hooks, isDrop } from '@xmppkit/hooks'
import { type BareJid, type FullJid, preparePassword } from '@xmppkit/jid'
import { type Awaitable, type Clock, createKeyedQueue, type Ids, isThenable } from '@xmppkit/runtime'
import {
  createDecoyVerifiers,
  createScramHasher,
  type DecoyVerifiers,
  maxPasswordBytes,
  passwordPreparation,
  type SaslCondition,
  type ScramHash,
  type ScramHasher,
  type ScramVerifier,
} from '@xmppkit/sasl'
import { type AccountsOptions, accountsDefaults } from './accounts-options.js'
import { AuthError } from './errors.js'
import { hashUpgrades } from './hash-upgrades.js'
import { createLoginRecords, type LoginRecords } from './login-records.js'
import type { LoginTask } from './login-tasks.js'
import type {
  AccountPage,
  AccountStore,
  CredentialSources,
  CredentialWait,
  HostedDomains,
  PasswordVerifier,
  ScramStore,
  StoredAccount,
  TokenVerifier,
} from './ports.js'
import { accountDisabled, checkRegisterUser, passwordChanged, registerUser, removeUser } from './tokens.js'

/** What {@link createAccounts} needs. */
export interface AccountsDeps {
  /** Where accounts are kept. */
  readonly store: AccountStore
  /** Fires `checkRegisterUser`, `registerUser`, `removeUser`, `passwordChanged` and `accountDisabled`. */
  readonly hooks: Pick<Hooks, 'run' | 'fold'>
  /** Says when an account was created. */
  readonly clock: Pick<Clock, 'now'>
  /** Makes the stable ids of accounts. */
  readonly ids: Ids
  /** Whether a domain is ours; accounts are registered in no other. All are, if absent. */
  readonly domains?: HostedDomains
  /** How many accounts a domain may have. @default as many as it likes */
  readonly maxAccountsOf?: (domain: string) => number | undefined
  /** Lets clients log in to these accounts with tokens somebody else issued. @default nobody */
  readonly tokens?: TokenVerifier
  /** Hashes passwords; share one among hosts to bound them together. Made from the options if absent. */
  readonly hasher?: ScramHasher
  /**
   * Key of the salts shown for accounts that do not exist. Keep one next to the store: salts that change with a
   * restart tell which accounts do not exist. Random if absent.
   */
  readonly decoySecret?: Uint8Array
}

/** What is known of an account, without its credentials. */
export type AccountInfo = Pick<StoredAccount, 'id' | 'createdAt' | 'disabled'>

/** The accounts of a host. Methods reject with the store's error if it cannot answer. */
export interface Accounts extends PasswordVerifier, ScramStore {
  /** What {@link saslFeature} checks logins with. */
  readonly credentials: CredentialSources
  /** What clients may bring with their logins: hashes their accounts have not (XEP-0480). @default nothing */
  readonly loginTasks?: readonly LoginTask[]
  /**
   * Creates an account.
   *
   * @param account - the name wanted; a client's text becomes one with `makeJid` or `parseJid`
   * @param password - as typed
   * @param from - where the wish comes from, for rules about registration
   * @throws {@link AuthError} `auth/invalid-account`, `auth/invalid-password`, `auth/refused`, `auth/full`, `auth/exists`,
   * `auth/read-only`; whatever a handler of `checkRegisterUser` throws
   */
  register(account: BareJid, password: string, from?: { readonly remoteAddress?: string }): Promise<void>
  /**
   * Removes an account and, by way of `removeUser`, what belongs to it. `false` if there is none.
   * @throws {@link AuthError} `auth/read-only`
   */
  remove(account: BareJid): Promise<boolean>
  /**
   * Gives an account another password.
   *
   * @param by - the session that asks for it, which may go on
   * @throws {@link AuthError} `auth/unknown-account`, `auth/invalid-password`, `auth/read-only`
   */
  changePassword(account: BareJid, password: string, by?: FullJid): Promise<void>
  /** Whether the password, as typed, is the account's. Takes as long for an unknown account. */
  verifyPassword(account: BareJid, password: string, wait?: CredentialWait): Promise<boolean>
  /** The account's verifier of this hash. */
  scramVerifier(account: BareJid, hash: ScramHash, wait?: CredentialWait): Promise<ScramVerifier | undefined>
  /** Whether there is such an account; a disabled one counts. */
  exists(account: BareJid): Promise<boolean>
  /**
   * Whether it is known without looking that there is such an account; `false` says nothing. Not for questions whose answer
   * is to hide whether there is: it comes sooner for accounts that were asked about lately.
   */
  isKnown?(account: BareJid): boolean
  /** What is known of an account. */
  get(account: BareJid): Promise<AccountInfo | undefined>
  /**
   * Disables an account, or enables it again with `undefined`. `false` if there is none.
   * @throws {@link AuthError} `auth/read-only`
   */
  setDisabled(account: BareJid, reason: string | undefined): Promise<boolean>
  /**
   * For users somebody else keeps: they have removed this one. What is kept for it here goes, and its sessions end, by way of
   * `removeUser`. Absent where accounts are removed here.
   */
  removed?(account: BareJid): Promise<void>
  /** Localparts of the accounts of a domain, in order. */
  list(domain: string, page: AccountPage): Promise<readonly string[]>
  /** Number of accounts of a domain. */
  count(domain: string): Promise<number>
}

/**
 * Creates the accounts of a host over a store. Passwords are prepared one way wherever they come in, and hashed off
 * the event loop; they are never stored.
 *
 * @throws SaslError `sasl/invalid-parameters` for options below the floors
 * @example
 * ```ts
 * const accounts = createAccounts({ store: createMemoryAccountStore(), hooks, clock: systemClock, ids: randomIds })
 * await accounts.register(parseJid('juliet@example.org').bare, 'r0m30myr0m30')
 * ```
 */
export function createAccounts(deps: AccountsDeps, options: AccountsOptions = {}): Accounts {
  const settings = Object.freeze({ ...accountsDefaults, ...options })
  return new StoredAccounts(deps, settings, deps.hasher ?? createScramHasher(settings))
}

const prepare = passwordPreparation(preparePassword)

function preparedOrUndefined(password: string): string | undefined {
  if (Buffer.byteLength(password) > maxPasswordBytes) return undefined
  try {
    return prepare(password)
  } catch {
    return undefined
  }
}

function admission(stored: StoredAccount | undefined): SaslCondition | undefined {
  if (stored === undefined) return 'not-authorized'
  return stored.disabled === undefined ? undefined : 'account-disabled'
}

class StoredAccounts implements Accounts {
  readonly credentials: CredentialSources
  readonly loginTasks: readonly LoginTask[]
  readonly #deps: AccountsDeps
  readonly #hashes: readonly ScramHash[]
  readonly #hasher: ScramHasher
  readonly #decoys: DecoyVerifiers
  readonly #removing = new Map<string, Promise<boolean>>()
  /** Registrations of domains with a limit, so that two at once do not both find the last place. */
  readonly #places = createKeyedQueue()
  readonly #logins: LoginRecords

  constructor(
    deps: AccountsDeps,
    { hashes, upgrades }: Pick<Required<AccountsOptions>, 'hashes' | 'upgrades'>,
    hasher: ScramHasher,
  ) {
    const { iterations, saltBytes } = hasher
    const wanted = [...new Set([...hashes, ...upgrades])]
    const { decoySecret: secret } = deps
    this.#deps = deps
    this.#hashes = wanted
    this.loginTasks = hashUpgrades({ store: deps.store, hasher }, wanted)
    this.#hasher = hasher
    this.#logins = createLoginRecords(deps.clock, (account) => this.#find(account))
    this.#decoys = createDecoyVerifiers({ iterations, saltBytes, ...(secret !== undefined && { secret }) })
    this.credentials = {
      passwords: this,
      scram: this,
      scramHashes: hashes,
      ...(deps.tokens !== undefined && { tokens: deps.tokens }),
      admit: (account, wait) => this.#admit(account, wait),
      decoyVerifier: (name, hash) => this.#decoys.verifier(name, hash),
    }
  }

  async register(
    account: BareJid,
    password: string,
    from: { readonly remoteAddress?: string } = {},
  ): Promise<void> {
    const { store, hooks, clock, ids, domains } = this.#deps
    if (account.local === '' || domains?.has(account.domain) === false) {
      throw new AuthError('auth/invalid-account', `${account} cannot be an account of this server`)
    }
    const prepared = this.#prepared(password)
    const allowed = await hooks.fold(checkRegisterUser, true, { account, password, ...from })
    if (isDrop(allowed) || allowed !== true)
      throw new AuthError('auth/refused', `${account} may not be registered`)
    const exists = new AuthError('auth/exists', `${account} exists already`)
    // Hashing is the expensive part: not for a name that is taken.
    if (this.#removing.has(account.toString()) || (await store.get(account)) !== undefined) throw exists
    await this.#refuseFull(account.domain)
    const scram = await this.#derive(prepared)
    const id = ids.next()
    if (!(await this.#create(account, { id, createdAt: clock.now(), scram }))) throw exists
    await hooks.run(registerUser, { account, id })
  }

  remove(account: BareJid): Promise<boolean> {
    const key = account.toString()
    const running = this.#removing.get(key)
    if (running !== undefined) return running
    this.#logins.outdated()
    const removal = this.#remove(account).finally(() => this.#removing.delete(key))
    this.#removing.set(key, removal)
    return removal
  }

  async changePassword(account: BareJid, password: string, by?: FullJid): Promise<void> {
    const prepared = this.#prepared(password)
    const unknown = new AuthError('auth/unknown-account', `there is no account ${account}`)
    if ((await this.#find(account)) === undefined) throw unknown
    const scram = await this.#derive(prepared)
    if (!(await this.#deps.store.setCredentials(account, { scram }))) throw unknown
    await this.#deps.hooks.run(passwordChanged, { account, by })
  }

  async verifyPassword(account: BareJid, password: string, wait: CredentialWait = {}): Promise<boolean> {
    const prepared = preparedOrUndefined(password)
    if (prepared === undefined) return false
    const stored = this.#best((await this.#logins.read(account, wait))?.scram)
    // the same computation for an account that does not exist.
    const verifier = stored ?? this.#decoys.verifier(account.toString(), this.#hashes[0] ?? 'SHA-256')
    const matches = await this.#hasher.matches(prepared, verifier, wait)
    return matches && stored !== undefined
  }

  async scramVerifier(
    account: BareJid,
    hash: ScramHash,
    wait: CredentialWait = {},
  ): Promise<ScramVerifier | undefined> {
    const stored = await this.#logins.read(account, wait)
    return stored?.scram.find((verifier) => verifier.hash === hash)
  }

  async exists(account: BareJid): Promise<boolean> {
    return (await this.#find(account)) !== undefined
  }

  isKnown(account: BareJid): boolean {
    return !this.#removing.has(account.toString()) && this.#deps.store.isKnown?.(account) === true
  }

  async get(account: BareJid): Promise<AccountInfo | undefined> {
    const stored = await this.#find(account)
    if (stored === undefined) return undefined
    const { id, createdAt, disabled } = stored
    return disabled === undefined ? { id, createdAt } : { id, createdAt, disabled }
  }

  async setDisabled(account: BareJid, reason: string | undefined): Promise<boolean> {
    if (this.#removing.has(account.toString())) return false
    // A login under way may have read the account before the write, or while it is being written.
    this.#logins.outdated()
    const found = await this.#deps.store.setDisabled(account, reason).finally(() => this.#logins.outdated())
    if (found) await this.#deps.hooks.run(accountDisabled, { account, reason })
    return found
  }

  list(domain: string, page: AccountPage): Promise<readonly string[]> {
    return this.#deps.store.list(domain, page)
  }

  count(domain: string): Promise<number> {
    return this.#deps.store.count(domain)
  }

  async #create(account: BareJid, stored: StoredAccount): Promise<boolean> {
    const { store, maxAccountsOf } = this.#deps
    if (maxAccountsOf?.(account.domain) === undefined) return store.create(account, stored)
    return this.#places.run(account.domain, async () => {
      await this.#refuseFull(account.domain)
      return store.create(account, stored)
    })
  }

  async #refuseFull(domain: string): Promise<void> {
    const most = this.#deps.maxAccountsOf?.(domain)
    if (most !== undefined && (await this.#deps.store.count(domain)) >= most) {
      throw new AuthError('auth/full', `${domain} has as many accounts as it may`)
    }
  }

  // The store forgets the account last: until everything that belonged to it is gone, nobody gets its name (SEC-25).
  async #remove(account: BareJid): Promise<boolean> {
    const { store, hooks } = this.#deps
    const stored = await store.get(account)
    if (stored === undefined) return false
    // Should the process die in between, nobody can log in to what is left, and removing again ends the work.
    await store.setDisabled(account, 'the account is being removed')
    await hooks.run(removeUser, { account, id: stored.id })
    return store.remove(account)
  }

  async #find(account: BareJid): Promise<StoredAccount | undefined> {
    return this.#removing.has(account.toString()) ? undefined : this.#deps.store.get(account)
  }

  #admit(account: BareJid, wait: CredentialWait = {}): Awaitable<SaslCondition | undefined> {
    const stored = this.#logins.take(account, wait)
    return isThenable(stored) ? stored.then(admission) : admission(stored)
  }

  #prepared(password: string): string {
    const prepared = preparedOrUndefined(password)
    if (prepared !== undefined) return prepared
    throw new AuthError(
      'auth/invalid-password',
      'the password is empty, too long, or has unusable characters',
    )
  }

  #derive(prepared: string): Promise<ScramVerifier[]> {
    return Promise.all(this.#hashes.map((hash) => this.#hasher.derive(prepared, { hash })))
  }

  #best(scram: readonly ScramVerifier[] = []): ScramVerifier | undefined {
    const preferred = this.#hashes.map((hash) => scram.find((verifier) => verifier.hash === hash))
    return preferred.find((verifier) => verifier !== undefined) ?? scram[0]
  }
}
