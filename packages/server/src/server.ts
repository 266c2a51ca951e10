import { createLoginThrottle } from '@xmppkit/auth'
import { ExternalAccountsService } from '@xmppkit/auth/module'
import { type C2sPort, createC2sPort } from '@xmppkit/c2s'
import { C2sService, LoginThrottleService } from '@xmppkit/c2s/module'
import { type Commands, createCommands, createJobs } from '@xmppkit/commands'
import { createHooks, type Hooks } from '@xmppkit/hooks'
import { prepareDomain } from '@xmppkit/jid'
import { createHost, type Host, type ModuleUse, type Provided, provide } from '@xmppkit/module'
import { ExportStoreService } from '@xmppkit/personal-data/module'
import { createRouter, type Router } from '@xmppkit/router'
import { RouterService } from '@xmppkit/router/module'
import { createScope, randomIds, type Scope, silentLogger, systemClock } from '@xmppkit/runtime'
import type { Stanza } from '@xmppkit/stanza'
import type { ConnectionSink, Transport } from '@xmppkit/stream'
import { listenTcp, type TcpListener } from '@xmppkit/tcp'
import { FileStoreService } from '@xmppkit/upload/module'
import { createWeb, type HttpListener, listenHttp, type Web } from '@xmppkit/web'
import { readerLimits } from '@xmppkit/xml'
import { createServerApp, type ServerApp } from './app.js'
import { ServerError } from './errors.js'
import { createExportFolder } from './export-folder.js'
import { createServerCommands, speaks } from './server-commands.js'
import { type HostSettings, hostNameDefault, type ServerDeps, type ServerOptions } from './server-options.js'
import { servePersonalData } from './server-personal-data.js'
import { restoreTenants, type ServerTenants, serverTenants, tenantDirectory } from './server-tenants.js'
import { standardModules } from './standard-modules.js'
import { openStorage } from './storage.js'
import { openFiles, serveUploads } from './uploads.js'

/** A complete XMPP server. */
export interface Server extends ServerApp, AsyncDisposable {
  /** Its hosts, by name. */
  readonly hosts: ReadonlyMap<string, Host>
  /** The router all hosts share. */
  readonly router: Router
  /** Hooks of what all hosts share: the router's `filterPacket`. */
  readonly hooks: Hooks
  /** Sockets that are open. */
  readonly listeners: readonly (TcpListener | HttpListener)[]
  /** XMPP over HTTP, for a server you have: `server.web.attach(httpServer)`, `handleRequest`, `handleUpgrade`. */
  readonly web: Web
  /** Where things are kept, in words. */
  readonly storage: string
  /** The commands of the server and of all its hosts: `call('register', { ... })`. */
  readonly commands: Pick<Commands, 'call' | 'find' | 'list'>
  /**
   * A host by name.
   *
   * @throws ServerError `server/no-host`
   */
  host(name?: string): Host
  /** Domains that come and go, are kept over restarts, and have limits, a name and contacts of their own. */
  readonly tenants: ServerTenants
  /**
   * Serves one more domain, as long as the server runs; `tenants.add` keeps it.
   *
   * @param hostName - the host whose modules and options it gets; the first one when absent
   * @throws ServerError `server/no-host`, `server/domain-taken`
   */
  addDomain(domain: string, hostName?: string): Promise<void>
  /** Serves a domain no longer: its sessions end, its data stays. Does nothing if it is not served. */
  removeDomain(domain: string): Promise<void>
  /** Takes over a connection of a client, from a listener of your own. */
  accept(transport: Transport): ConnectionSink
  /**
   * Sends a stanza through the router, as if somebody on the server had: `from` is yours to set. It passes no hook of a sender;
   * what is said in a user's name goes by {@link ServerApp.as}.
   */
  route(stanza: Stanza): Promise<void>
  /**
   * Stops in order: no new connections, `system-shutdown` to every client, sessions settled, modules
   * stopped, everything durable. Idempotent.
   */
  close(): Promise<void>
}

/**
 * Builds a complete server of the blocks: storage, router, hosts with the standard modules, the front
 * door for clients, and the sockets asked for. It does nothing an embedder could not write.
 *
 * @example
 * ```ts
 * const server = await createServer({
 *   domains: ['chat.example'],
 *   storage: { path: './chat.sqlite' },
 *   certificates: await createCertificates({ load }),
 *   listeners: [{ port: 5222 }, { port: 5223, tls: 'direct' }],
 * })
 * await server.commands.call('register', { account: 'juliet@chat.example', password: 'r0m30' })
 * ```
 * @throws ServerError `server/options`, `server/domain-taken`; ModuleError when a module does not start;
 * TcpError when a socket cannot be opened; SqlError when the storage cannot.
 */
export async function createServer(options: ServerOptions, deps: ServerDeps = {}): Promise<Server> {
  const scope = createScope()
  try {
    return await build(options, deps, scope)
  } catch (error) {
    await scope.close()
    throw error
  }
}

async function build(options: ServerOptions, deps: ServerDeps, scope: Scope): Promise<Server> {
  const { logger = silentLogger, clock = systemClock, ids = randomIds } = deps
  const shared = { logger, clock, ids }
  const storage = scope.use(await openStorage(options.storage ?? 'memory', shared, options.sql ?? {}))
  const hooks = createHooks({
    clock,
    onError: (error, where) => logger.error('a listener failed', { ...where, cause: error }),
  })
  const hosts = new Map<string, Host>()
  const hostOf = (domain: string) => [...hosts.values()].find((host) => host.domains.has(domain))
  const router = createRouter({ hooks, logger, isLocal: (domain) => hostOf(domain) !== undefined })
  const { app, module, review } = createServerApp({ ...shared, hostOf })
  const exports = options.exports?.directory ? createExportFolder(options.exports.directory) : undefined
  const services = [
    provide(RouterService, router),
    provide(LoginThrottleService, createLoginThrottle(shared, options.throttle)),
    provide(FileStoreService, openFiles(options.files ?? 'memory')),
    ...storage.services,
    ...(exports ? [provide(ExportStoreService, exports)] : []),
  ]

  for (const settings of [options, ...(options.hosts ?? [])]) {
    checkHost(hosts, settings)
    const host = scope.use(await startHost(settings, services, shared, module))
    review(host, settings.inProcess ?? {})
    hosts.set(host.name, host)
  }
  await restoreTenants(hosts, logger)
  const directory = tenantDirectory(hosts)

  const last = scope.use(createScope())
  const port = scope.use(
    createC2sPort({ ...shared, find: (domain) => hostOf(domain)?.get(C2sService) }, streamOptions(options)),
  )
  const web = scope.use(createWeb({ ...shared, accept: (transport) => port.accept(transport) }, options.web))
  web.add(serveUploads({ ...shared, hostOf }, options.uploadHttp))
  const listeners = await openListeners(options, { port, web, last }, shared, scope)
  const startedAt = clock.monotonic()
  const own = createCommands(shared)
  const commands = createServerCommands(
    { ...shared, hosts, tenants: directory, startedAt, storage: storage.description, listeners },
    own,
  )
  const jobs = scope.use(createJobs(shared))
  servePersonalData({ logger, hosts, commands: own, jobs, exports }, scope)
  logger.info('server started', {
    domains: [...hosts.values()].flatMap((host) => host.domains.list()),
    storage: storage.description,
    listeners: listeners.map((one) => `${one.host}:${one.port} ${speaks(one)}`),
  })

  const host = (name = [...hosts.keys()][0]!) => {
    const found = hosts.get(name)
    if (found) return found
    throw new ServerError(
      'server/no-host',
      `there is no host ${name}; there are ${[...hosts.keys()].join(', ')}`,
    )
  }
  const close = () => scope.close()
  return {
    ...app,
    hosts,
    router,
    hooks,
    listeners,
    web,
    storage: storage.description,
    commands,
    tenants: serverTenants(directory),
    host,
    async addDomain(domain, hostName) {
      const target = host(hostName)
      const owner = hostOf(prepareDomain(domain))
      if (owner && owner !== target) throw domainTaken(domain, owner)
      await target.addDomain(domain)
    },
    async removeDomain(domain) {
      await hostOf(prepareDomain(domain))?.removeDomain(domain)
    },
    accept: (transport) => port.accept(transport),
    route: async (stanza) => router.route(stanza),
    close,
    [Symbol.asyncDispose]: close,
  }
}

type Shared = Required<ServerDeps>

function startHost(
  settings: HostSettings,
  services: readonly Provided[],
  shared: Shared,
  app: ModuleUse,
): Promise<Host> {
  const { users } = settings
  const own = [...(users ? [provide(ExternalAccountsService, users)] : []), ...(settings.services ?? [])]
  const replaced = new Set(own.map((one) => one.service.key))
  return createHost(shared, {
    name: settings.name ?? hostNameDefault,
    domains: settings.domains,
    services: [...services.filter((one) => !replaced.has(one.service.key)), ...own],
    modules: [...standardModules(settings), app],
  })
}

function checkHost(
  hosts: ReadonlyMap<string, Host>,
  { name = hostNameDefault, domains }: HostSettings,
): void {
  if (hosts.has(name)) {
    throw new ServerError('server/options', `two hosts are named ${name}; give one another name`)
  }
  for (const host of hosts.values()) {
    for (const domain of domains) if (host.domains.has(prepareDomain(domain))) throw domainTaken(domain, host)
  }
}

function domainTaken(domain: string, host: Host): ServerError {
  return new ServerError('server/domain-taken', `${domain} is served by host ${host.name} already`)
}

function streamOptions({ stream = {} }: ServerOptions) {
  return {
    ...stream,
    limits: { ...readerLimits.afterAuthentication, ...stream.limits },
    preAuthLimits: { ...readerLimits.beforeAuthentication, ...stream.preAuthLimits },
  }
}

interface Doors {
  readonly port: C2sPort
  readonly web: Web
  /** Ends when every stream has: what is on an HTTP connection until then is the goodbye. */
  readonly last: Scope
}

/** Closed first when the server stops: the scope ends in reverse, so nobody comes while others leave. */
async function openListeners(
  options: ServerOptions,
  { port, web, last }: Doors,
  shared: Shared,
  scope: Scope,
): Promise<(TcpListener | HttpListener)[]> {
  const certificates = options.certificates && { certificates: options.certificates }
  const listeners: (TcpListener | HttpListener)[] = []
  for (const listener of options.listeners ?? []) {
    if ('protocol' in listener) {
      const opened = await listenHttp({ ...shared, web, ...certificates }, { ...options.http, ...listener })
      last.defer(() => opened.destroy())
      listeners.push(scope.use(opened))
    } else {
      const accept = port.accept.bind(port)
      const opened = await listenTcp({ ...shared, accept, ...certificates }, { ...options.tcp, ...listener })
      listeners.push(scope.use(opened))
    }
  }
  return listeners
}
