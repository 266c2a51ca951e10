import {
  CommandError,
  type CommandErrorCode,
  type Commands,
  choice,
  defineCommand,
  domain,
  type InferShape,
  integer,
  list,
  nothing,
  optional,
  record,
  text,
  time,
} from '@xmppkit/commands'
import { disposable, isXmppkitError } from '@xmppkit/runtime'
import type { StoredTenant, TenantPage, TenantSettings } from './ports.js'
import { contactRoles } from './settings.js'
import type { Tenants } from './tenants.js'

/** Where the domains of one host, or of several, are found. */
export interface TenantDirectory {
  /**
   * The domains a domain is among, or is to be among.
   *
   * @param host - the host it is to be served by, if somebody said so
   * @throws CommandError `commands/not-found` where there is no such host; `commands/conflict` if another one serves the domain
   */
  of(domain: string, host?: string): Pick<Tenants, 'add' | 'set' | 'remove' | 'settings'>
  /** Domains that are kept, by name, page by page. */
  list(page: Omit<TenantPage, 'host'>): Promise<readonly StoredTenant[]>
  /** Whether a domain is served now. */
  serves(domain: string): boolean
}

/** What {@link registerTenantCommands} needs. */
export interface TenantCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** What they act on. */
  readonly tenants: TenantDirectory
}

const tags = ['domains']
const limit = (description: string, min = 0) => optional(integer({ min, description }))
const settings = {
  name: optional(text({ maxLength: 256, description: 'of the server, as clients show it' })),
  contacts: optional(
    list(record({ role: choice(contactRoles), uri: text({ maxLength: 1024 }) }), {
      max: 140,
      description: 'whom to write to',
    }),
  ),
  maxAccounts: limit('accounts of the domain'),
  maxSessions: limit('connected sessions of the domain'),
  maxSessionsPerAccount: limit('connected sessions of an account'),
  maxStanzasPerSecond: limit('what all its clients may send together', 1),
  maxOfflineMessagesPerAccount: limit('messages that may wait for an account'),
  maxArchivedMessagesPerAccount: limit('messages kept for an account'),
  maxArchiveDays: limit('days messages are kept'),
}
const maxDomains = 1000

/**
 * Registers the commands about domains: `add_domain`, `set_domain`, `get_domain`, `remove_domain`, `list_domains`.
 *
 * @example
 * ```ts
 * scope.use(registerTenantCommands({ commands, tenants: directory }))
 * ```
 */
export function registerTenantCommands({ commands, tenants }: TenantCommandsDeps): Disposable {
  const registered = [
    commands.register(addCommand(tenants)),
    commands.register(setCommand(tenants)),
    commands.register(getCommand(tenants)),
    commands.register(removeCommand(tenants)),
    commands.register(listCommand(tenants)),
  ]
  return disposable(() => {
    for (const one of registered) one[Symbol.dispose]()
  })
}

const addCommand = (tenants: TenantDirectory) =>
  defineCommand({
    name: 'add_domain',
    tags,
    description: 'Serves one more domain, also after a restart',
    args: {
      domain: domain(),
      ...settings,
      host: optional(text({ description: 'name of the host; the first one if not given' })),
    },
    result: nothing(),
    run: ({ domain, host, ...given }) =>
      explained(() => tenants.of(domain, host).add(domain, toSettings(given))),
  })

const setCommand = (tenants: TenantDirectory) =>
  defineCommand({
    name: 'set_domain',
    tags,
    description:
      'Gives a domain a name, contacts and limits of its own; what is not given is as on other domains',
    args: { domain: domain(), ...settings },
    result: nothing(),
    run: ({ domain, ...given }) => explained(() => tenants.of(domain).set(domain, toSettings(given))),
  })

const getCommand = (tenants: TenantDirectory) =>
  defineCommand({
    name: 'get_domain',
    tags,
    description: 'Tells what a domain has of its own',
    args: { domain: domain() },
    result: record(settings),
    run: ({ domain }) => {
      if (!tenants.serves(domain))
        throw new CommandError('commands/not-found', `${domain} is not served here`)
      return toRecord(tenants.of(domain).settings(domain))
    },
  })

const removeCommand = (tenants: TenantDirectory) =>
  defineCommand({
    name: 'remove_domain',
    tags,
    description: 'Serves a domain no longer: its sessions end, the data of its accounts stays',
    args: { domain: domain() },
    result: nothing(),
    run: async ({ domain }) => {
      if (await tenants.of(domain).remove(domain)) return
      throw new CommandError('commands/not-found', `${domain} is not served here`)
    },
  })

const listCommand = (tenants: TenantDirectory) =>
  defineCommand({
    name: 'list_domains',
    tags,
    description:
      'Lists the domains that were added at run time or have settings of their own, by name, page by page',
    args: {
      after: optional(domain({ description: 'the last one of the page before' })),
      limit: optional(
        integer({ min: 1, max: maxDomains, description: `at most and by default ${maxDomains}` }),
      ),
    },
    result: list(record({ domain: domain(), host: text(), createdAt: time() }), { max: maxDomains }),
    run: async ({ after, limit = maxDomains }) => {
      const page = await tenants.list(after === undefined ? { limit } : { after, limit })
      return page.map(({ domain, host, createdAt }) => ({ domain, host, createdAt }))
    },
  })

type Given = InferShape<typeof settings>

function toSettings({ contacts, ...given }: Given): TenantSettings {
  if (contacts === undefined) return given as TenantSettings
  const byRole: Record<string, readonly string[]> = {}
  for (const { role, uri } of contacts) byRole[role] = [...(byRole[role] ?? []), uri]
  return { ...(given as TenantSettings), contacts: byRole }
}

function toRecord({ contacts, ...own }: TenantSettings): Given {
  if (contacts === undefined) return own
  const flat = Object.entries(contacts).flatMap(([role, uris]) => uris.map((uri) => ({ role, uri })))
  return { ...own, contacts: flat }
}

const answers: Readonly<Record<string, CommandErrorCode>> = {
  'tenants/exists': 'commands/conflict',
  'tenants/unknown': 'commands/not-found',
  'tenants/invalid': 'commands/bad-argument',
  'module/domain-limit': 'commands/conflict',
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = isXmppkitError(error) ? answers[error.code] : undefined
    if (code === undefined) throw error
    throw new CommandError(code, (error as Error).message, { cause: error })
  }
}
