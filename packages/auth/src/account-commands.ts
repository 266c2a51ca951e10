import {
  account,
  boolean,
  CommandError,
  type CommandErrorCode,
  type Commands,
  defineCommand,
  domain,
  integer,
  list,
  nothing,
  optional,
  secret,
  text,
} from '@xmppkit/commands'
import type { BareJid } from '@xmppkit/jid'
import { type Awaitable, disposable, isXmppkitError } from '@xmppkit/runtime'
import type { Accounts } from './accounts.js'
import type { AuthErrorCode } from './errors.js'
import type { HostedDomains } from './ports.js'

/** What {@link registerAccountCommands} needs. */
export interface AccountCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** What they act on. */
  readonly accounts: Accounts
  /** The domains there are; commands about others answer `commands/not-found`. All are, if absent. */
  readonly domains?: HostedDomains
}

const tags = ['accounts']
const password = secret(text({ maxLength: 1024, description: 'as typed' }))

/**
 * Registers the commands about accounts, under ejabberd's names: `register`, `unregister`, `change_password`,
 * `check_account`, `check_password`, `ban_account`, `unban_account`, `registered_users`, `registered_users_number`.
 *
 * @example
 * ```ts
 * scope.use(registerAccountCommands({ commands, accounts, domains }))
 * ```
 */
export function registerAccountCommands(deps: AccountCommandsDeps): Disposable {
  const { commands, domains } = deps
  const hosted = (host: string): string => {
    if (domains?.has(host) === false)
      throw new CommandError('commands/not-found', `${host} is not served here`)
    return host
  }
  const accounts = servedAccounts(deps.accounts, hosted)
  const registered = [
    commands.register(registerCommand(accounts)),
    commands.register(unregisterCommand(accounts)),
    commands.register(changePasswordCommand(accounts)),
    commands.register(checkAccountCommand(accounts)),
    commands.register(checkPasswordCommand(accounts)),
    commands.register(banCommand(accounts)),
    commands.register(unbanCommand(accounts)),
    commands.register(registeredUsersCommand(accounts)),
    commands.register(registeredUsersNumberCommand(accounts)),
  ]
  return disposable(() => {
    for (const registration of registered) registration[Symbol.dispose]()
  })
}

type Served = Pick<
  Accounts,
  'register' | 'remove' | 'changePassword' | 'exists' | 'verifyPassword' | 'setDisabled' | 'list' | 'count'
>

/** The accounts of the domains of this host: those of others may be in the same store. */
function servedAccounts(accounts: Accounts, hosted: (host: string) => string): Served {
  const own = (account: BareJid) => {
    hosted(account.domain)
    return account
  }
  return {
    register: (account, ...rest) => accounts.register(own(account), ...rest),
    remove: (account) => accounts.remove(own(account)),
    changePassword: (account, ...rest) => accounts.changePassword(own(account), ...rest),
    exists: (account) => accounts.exists(own(account)),
    verifyPassword: (account, ...rest) => accounts.verifyPassword(own(account), ...rest),
    setDisabled: (account, reason) => accounts.setDisabled(own(account), reason),
    list: (host, page) => accounts.list(hosted(host), page),
    count: (host) => accounts.count(hosted(host)),
  }
}

const registerCommand = (accounts: Served) =>
  defineCommand({
    name: 'register',
    tags,
    description: 'Registers an account',
    args: { account: account(), password },
    result: nothing(),
    run: (args) => explained(() => accounts.register(args.account, args.password)),
  })

const unregisterCommand = (accounts: Served) =>
  defineCommand({
    name: 'unregister',
    tags,
    description: 'Removes an account and everything that belongs to it',
    destructive: true,
    args: { account: account() },
    result: nothing(),
    run: async (args) => found(await explained(() => accounts.remove(args.account)), args.account),
    dryRun: async (args) => found(await explained(() => accounts.exists(args.account)), args.account),
  })

const changePasswordCommand = (accounts: Served) =>
  defineCommand({
    name: 'change_password',
    tags,
    description: 'Changes the password of an account, which ends its sessions',
    policy: 'user',
    args: { account: account(), password },
    result: nothing(),
    run: (args) => explained(() => accounts.changePassword(args.account, args.password)),
  })

const checkAccountCommand = (accounts: Served) =>
  defineCommand({
    name: 'check_account',
    tags,
    description: 'Tells whether there is such an account',
    args: { account: account() },
    result: boolean(),
    run: (args) => explained(() => accounts.exists(args.account)),
  })

const checkPasswordCommand = (accounts: Served) =>
  defineCommand({
    name: 'check_password',
    tags,
    description: 'Tells whether this is the password of the account',
    args: { account: account(), password },
    result: boolean(),
    run: (args, { signal }) =>
      explained(() => accounts.verifyPassword(args.account, args.password, { signal })),
  })

const banCommand = (accounts: Served) =>
  defineCommand({
    name: 'ban_account',
    tags,
    description: 'Keeps an account from logging in, without removing anything',
    args: { account: account(), reason: text({ maxLength: 1024, description: 'for the operator' }) },
    result: nothing(),
    run: async (args) =>
      found(await explained(() => accounts.setDisabled(args.account, args.reason)), args.account),
  })

const unbanCommand = (accounts: Served) =>
  defineCommand({
    name: 'unban_account',
    tags,
    description: 'Lets a banned account log in again',
    args: { account: account() },
    result: nothing(),
    run: async (args) =>
      found(await explained(() => accounts.setDisabled(args.account, undefined)), args.account),
  })

const maxUsers = 1000

const registeredUsersCommand = (accounts: Served) =>
  defineCommand({
    name: 'registered_users',
    tags,
    description: 'Lists the localparts of the accounts of a domain, in order, page by page',
    args: {
      host: domain(),
      after: optional(text({ maxLength: 1023, description: 'the last one of the page before' })),
      limit: optional(integer({ min: 1, max: maxUsers, description: `at most and by default ${maxUsers}` })),
    },
    result: list(text(), { max: maxUsers }),
    run: ({ host, after, limit = maxUsers }) => {
      const page = after === undefined ? { limit } : { after, limit }
      return explained(() => accounts.list(host, page))
    },
  })

const registeredUsersNumberCommand = (accounts: Served) =>
  defineCommand({
    name: 'registered_users_number',
    tags: [...tags, 'statistics'],
    description: 'Counts the accounts of a domain',
    args: { host: domain() },
    result: integer(),
    run: ({ host }) => explained(() => accounts.count(host)),
  })

function found(was: boolean, which: BareJid): void {
  if (!was) throw new CommandError('commands/not-found', `there is no account ${which}`)
}

const answers: Readonly<Partial<Record<AuthErrorCode, CommandErrorCode>>> = {
  'auth/exists': 'commands/conflict',
  'auth/refused': 'commands/conflict',
  'auth/full': 'commands/conflict',
  'auth/read-only': 'commands/conflict',
  'auth/unknown-account': 'commands/not-found',
  'auth/invalid-account': 'commands/bad-argument',
  'auth/invalid-password': 'commands/bad-argument',
}

async function explained<T>(work: () => Awaitable<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = isXmppkitError(error) ? answers[error.code as AuthErrorCode] : undefined
    if (code === undefined) throw error
    throw new CommandError(code, (error as Error).message, { cause: error })
  }
}
