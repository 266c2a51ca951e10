import { AccountsService } from '@xmppkit/auth/module'
import {
  CommandError,
  type CommandInfo,
  type Commands,
  choice,
  defineCommand,
  domain,
  integer,
  list,
  optional,
  record,
  text,
} from '@xmppkit/commands'
import { CommandsService } from '@xmppkit/commands/module'
import { prepareDomain } from '@xmppkit/jid'
import type { Host } from '@xmppkit/module'
import type { Clock, Logger } from '@xmppkit/runtime'
import { SessionsService } from '@xmppkit/sessions/module'
import type { TcpListener } from '@xmppkit/tcp'
import { registerTenantCommands, type TenantDirectory } from '@xmppkit/tenants'
import type { HttpListener } from '@xmppkit/web'

/** What the commands of a server need. */
export interface ServerCommandsDeps {
  readonly hosts: ReadonlyMap<string, Host>
  readonly tenants: TenantDirectory
  readonly listeners: readonly (TcpListener | HttpListener)[]
  readonly storage: string
  readonly startedAt: number
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The commands of the server itself (`status`, `stats`, `registered_vhosts`, `commands`) and, by the domain they are
 * about, those of its hosts. A command about no domain runs on every host: lists are put together, numbers
 * added up.
 */
export function createServerCommands(
  deps: ServerCommandsDeps,
  own: Commands,
): Pick<Commands, 'call' | 'find' | 'list'> {
  own.register(statusCommand(deps))
  own.register(statsCommand(deps))
  own.register(vhostsCommand(deps))
  own.register(commandsCommand(() => listAll()))
  registerTenantCommands({ commands: own, tenants: deps.tenants })
  const hosts = () => [...deps.hosts.values()]
  const find = (name: string, version?: number): CommandInfo | undefined =>
    own.find(name, version) ?? firstOf(hosts(), (host) => host.get(CommandsService).find(name, version))

  const listAll: Commands['list'] = (filter) => {
    const all = [own, ...hosts().map((host) => host.get(CommandsService))].flatMap((one) => one.list(filter))
    const byName = new Map(all.map((command) => [command.name, command]))
    return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  return {
    find,
    list: listAll,
    async call(name, args, options) {
      if (own.find(name)) return own.call(name, args, options)
      const owners = ownersOf(deps, find(name), args)
      const results = []
      for (const host of owners) results.push(await host.get(CommandsService).call(name, args, options))
      return combined(results)
    },
  }
}

/** The hosts a call concerns: that of the domain it is about, or all. */
function ownersOf({ hosts }: ServerCommandsDeps, command: CommandInfo | undefined, args: unknown): Host[] {
  const all = [...hosts.values()]
  const about = command && domainIn(command, args)
  if (about === undefined) return all
  const owner = all.find((host) => host.domains.has(about))
  if (owner) return [owner]
  throw new CommandError('commands/not-found', `${about} is not served here`)
}

/** The domain a call is about, as far as it can be told before its arguments are checked. */
function domainIn(command: CommandInfo, args: unknown): string | undefined {
  if (typeof args !== 'object' || args === null) return undefined
  for (const [name, { kind }] of Object.entries(command.args)) {
    if (kind !== 'account' && kind !== 'address' && kind !== 'domain') continue
    const value: unknown = Reflect.get(args, name)
    if (typeof value !== 'string') continue
    return preparedOr(value.slice(value.indexOf('@') + 1).split('/')[0]!)
  }
  return undefined
}

function preparedOr(text: string): string | undefined {
  try {
    return prepareDomain(text)
  } catch {
    return undefined // the host that is asked says what is wrong with it
  }
}

function combined(results: readonly unknown[]): unknown {
  if (results.length > 1 && results.every(Array.isArray)) return results.flat()
  if (results.length > 1 && results.every((one) => typeof one === 'number')) {
    return results.reduce((sum, one) => sum + one, 0)
  }
  return results[0]
}

function statusCommand({ hosts, listeners, storage, startedAt, clock }: ServerCommandsDeps) {
  return defineCommand({
    name: 'status',
    tags: ['server'],
    description: 'Tells whether and how the server runs',
    args: {},
    result: record({
      uptimeSeconds: integer(),
      domains: list(text()),
      storage: text(),
      listeners: list(text()),
      modules: integer(),
      crashed: integer(),
    }),
    run: () => {
      const modules = [...hosts.values()].flatMap((host) => host.status())
      return {
        uptimeSeconds: Math.floor((clock.monotonic() - startedAt) / 1000),
        domains: [...hosts.values()].flatMap((host) => host.domains.list()),
        storage,
        listeners: listeners.map((one) => `${one.host}:${one.port} (${speaks(one)})`),
        modules: modules.length,
        crashed: modules.filter((one) => one.state !== 'running').length,
      }
    },
  })
}

/** What a listener speaks, in a word. */
export function speaks(listener: TcpListener | HttpListener): string {
  return 'protocol' in listener ? listener.protocol : listener.tls
}

function statsCommand({ hosts, startedAt, clock }: ServerCommandsDeps) {
  const onlineUsers = (host: Host, about: string | undefined) => host.get(SessionsService).count(about)
  const registered = async (host: Host, about: string | undefined) => {
    const domains = about === undefined ? host.domains.list() : [about]
    const counts = await Promise.all(domains.map((one) => host.get(AccountsService).count(one)))
    return counts.reduce((sum, one) => sum + one, 0)
  }
  const total = async (
    about: string | undefined,
    count: (host: Host, about?: string) => number | Promise<number>,
  ) => {
    let sum = 0
    for (const host of hosts.values()) if (!about || host.domains.has(about)) sum += await count(host, about)
    return sum
  }
  return defineCommand({
    name: 'stats',
    tags: ['statistics'],
    description: 'Tells one number about the server, or about one of its domains',
    args: {
      name: choice(['registeredusers', 'onlineusers', 'uptimeseconds', 'processes']),
      host: optional(domain()),
    },
    result: integer(),
    run: ({ name, host }) => {
      if (name === 'registeredusers') return total(host, registered)
      if (name === 'onlineusers') return total(host, onlineUsers)
      if (name === 'uptimeseconds') return Math.floor((clock.monotonic() - startedAt) / 1000)
      return 1
    },
  })
}

function vhostsCommand({ hosts }: ServerCommandsDeps) {
  return defineCommand({
    name: 'registered_vhosts',
    tags: ['server'],
    description: 'Lists the domains that are served',
    args: {},
    result: list(domain()),
    run: () => [...hosts.values()].flatMap((host) => host.domains.list()),
  })
}

function commandsCommand(listAll: () => readonly CommandInfo[]) {
  return defineCommand({
    name: 'commands',
    tags: ['server'],
    description: 'Lists every command with its arguments',
    args: { tag: optional(text({ description: 'only those of this topic' })) },
    result: list(record({ name: text(), args: text(), description: text() })),
    run: ({ tag }) =>
      listAll()
        .filter((command) => tag === undefined || command.tags.includes(tag))
        .map(({ name, args, description }) => ({ name, args: Object.keys(args).join(' '), description })),
  })
}

function firstOf<T, R>(items: readonly T[], pick: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = pick(item)
    if (found !== undefined) return found
  }
  return undefined
}
