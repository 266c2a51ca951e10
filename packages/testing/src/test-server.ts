import { archiveModule, memoryArchiveModule } from '@xmppkit/archive/module'
import { createMemoryAccountStore } from '@xmppkit/auth'
import { AccountStoreService, AccountsService, authModule } from '@xmppkit/auth/module'
import {
  entityTimeModule,
  lastActivityModule,
  memoryLastActivityModule,
  pingModule,
  versionModule,
} from '@xmppkit/basics/module'
import { blockingModule, memoryBlockingModule } from '@xmppkit/blocking/module'
import { type C2sPort, createC2sPort } from '@xmppkit/c2s'
import { C2sService, c2sModule, localRouteModule } from '@xmppkit/c2s/module'
import { carbonsModule } from '@xmppkit/carbons/module'
import { clientStateModule } from '@xmppkit/client-state/module'
import { commandsModule } from '@xmppkit/commands/module'
import { discoModule } from '@xmppkit/disco/module'
import { fastModule, memoryFastModule } from '@xmppkit/fast/module'
import { createHooks } from '@xmppkit/hooks'
import { inProcessModule } from '@xmppkit/in-process/module'
import { inboxModule, memoryInboxModule } from '@xmppkit/inbox/module'
import { iqModule } from '@xmppkit/iq/module'
import { type BareJid, type Jid, parseJid } from '@xmppkit/jid'
import { createHost, type Host, type ModuleUse, type Provided, provide, use } from '@xmppkit/module'
import { memoryOfflineModule, offlineModule } from '@xmppkit/offline/module'
import { privateModule } from '@xmppkit/private/module'
import { memoryPushModule, pushModule } from '@xmppkit/push/module'
import { registrationModule } from '@xmppkit/registration/module'
import { reportingModule } from '@xmppkit/reporting/module'
import { memoryRosterModule, rosterModule } from '@xmppkit/roster/module'
import { createRouter, type Router } from '@xmppkit/router'
import { RouterService } from '@xmppkit/router/module'
import { type Clock, createScope, type Logger, randomIds, silentLogger, systemClock } from '@xmppkit/runtime'
import { sessionsModule } from '@xmppkit/sessions/module'
import type { Stanza } from '@xmppkit/stanza'
import { createMemoryStorage } from '@xmppkit/storage'
import { StorageService } from '@xmppkit/storage/module'
import { streamManagementModule } from '@xmppkit/stream-management/module'
import { vcardModule } from '@xmppkit/vcard/module'
import { createPipe, type PipeOptions } from './pipe.js'
import { createWireClient, type WireClient } from './wire-client.js'

/** Settings of {@link createTestServer}. */
export interface TestServerOptions {
  /**
   * Domains it serves.
   *
   * @default ['example.org']
   */
  readonly domains?: readonly string[]
  /**
   * Your modules, started after those of a usual server.
   *
   * @default none
   */
  readonly modules?: readonly ModuleUse[]
  /**
   * Your services, such as stores of your own or your users (`ExternalAccountsService`).
   *
   * @default everything in memory
   */
  readonly services?: readonly Provided[]
  /**
   * Measures time; a manual clock lets a test turn the hands.
   *
   * @default the system's clock
   */
  readonly clock?: Clock
  /**
   * Told what happens.
   *
   * @default nobody
   */
  readonly logger?: Logger
}

/** A whole server in memory, and clients that talk to it. */
export interface TestServer extends AsyncDisposable {
  /** Its host: hooks, services, domains. */
  readonly host: Host
  /** Its router. */
  readonly router: Router
  /** Creates an account; its password is its address unless given. */
  register(account: string, password?: string): Promise<BareJid>
  /**
   * Connects somebody and logs them in; the account is created if there is none. A resource in the
   * address is asked for.
   */
  connect(address: string, options?: PipeOptions): Promise<WireClient>
  /** Connects without a word, for tests of what comes before a login. */
  dial(domain?: string, options?: PipeOptions): WireClient
  /** Sends a stanza as if somebody on the server had. */
  route(stanza: Stanza): Promise<void>
  /** Ends every session and stops. */
  close(): Promise<void>
}

/**
 * Starts a complete server in this process's memory: no sockets, no files, cheap password hashes. For an
 * app's own unit tests.
 *
 * @example
 * ```ts
 * await using server = await createTestServer()
 * const juliet = await server.connect('juliet@example.org/balcony')
 * const romeo = await server.connect('romeo@example.org/garden')
 * juliet.send('<presence/>')
 * romeo.send("<message to='juliet@example.org' type='chat'><body>hi</body></message>")
 * await juliet.find("<message from='romeo@example.org/garden'><body>hi</body></message>")
 * ```
 */
export async function createTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { clock = systemClock, logger = silentLogger, domains = ['example.org'] } = options
  const scope = createScope()
  const hooks = createHooks({
    onError: (cause, where) => logger.error('a listener failed', { ...where, cause }),
  })
  const router = createRouter({ hooks, logger })
  const own = options.services ?? []
  const provided = [
    provide(RouterService, router),
    provide(AccountStoreService, createMemoryAccountStore()),
    provide(StorageService, createMemoryStorage()),
  ]
  const host = scope.use(
    await createHost(
      { clock, logger },
      {
        domains,
        services: [
          ...provided.filter((one) => !own.some((mine) => mine.service.key === one.service.key)),
          ...own,
        ],
        modules: [...usualModules, ...(options.modules ?? [])],
      },
    ),
  )
  const port: C2sPort = scope.use(
    createC2sPort({
      find: (domain) => (host.domains.has(domain) ? host.get(C2sService) : undefined),
      ids: randomIds,
      clock,
      logger,
    }),
  )

  const dial = (domain = domains[0]!, pipe: PipeOptions = {}) => {
    const { client, server } = createPipe(pipe)
    server.attach(port.accept(server))
    return createWireClient({ transport: client }, { domain })
  }
  const register = async (account: string, password = account) => {
    const { bare } = parseJid(account)
    await host.get(AccountsService).register(bare, password)
    return bare
  }
  const connect = async (address: string, pipe: PipeOptions = {}) => {
    const jid: Jid = parseJid(address)
    const password = jid.bare.toString()
    if (!(await host.get(AccountsService).exists(jid.bare))) await register(password)
    const client = dial(jid.domain, pipe)
    const resource = jid.resource === '' ? {} : { resource: jid.resource }
    await client.login({ username: jid.local, password, ...resource })
    return client
  }
  const close = () => scope.close()
  return {
    host,
    router,
    register,
    connect,
    dial,
    route: async (stanza) => router.route(stanza),
    close,
    [Symbol.asyncDispose]: close,
  }
}

const usualModules: readonly ModuleUse[] = [
  use(commandsModule),
  use(iqModule, {}),
  // Hashing a password takes milliseconds by design; a test needs none of that strength.
  use(authModule, { hashes: ['SHA-1'], iterations: 4096 }),
  use(sessionsModule, {}),
  use(localRouteModule),
  use(discoModule, {}),
  use(c2sModule, {}),
  use(memoryRosterModule),
  use(rosterModule, {}),
  use(memoryArchiveModule, {}),
  use(archiveModule, {}),
  use(memoryInboxModule, {}),
  use(inboxModule, {}),
  use(memoryOfflineModule),
  use(offlineModule, {}),
  use(vcardModule, {}),
  use(privateModule, {}),
  use(memoryPushModule),
  use(pushModule, {}),
  use(memoryBlockingModule),
  use(blockingModule, {}),
  use(reportingModule, {}),
  use(carbonsModule, {}),
  use(clientStateModule, {}),
  use(memoryFastModule),
  use(fastModule, {}),
  use(inProcessModule, {}),
  use(streamManagementModule, {}),
  use(registrationModule, { allowRegistration: true }),
  use(memoryLastActivityModule, {}),
  use(lastActivityModule, {}),
  use(pingModule, {}),
  use(versionModule, { version: '' }),
  use(entityTimeModule, {}),
]
