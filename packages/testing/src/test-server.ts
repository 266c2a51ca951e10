import { archiveModule, memoryArchiveModule } from '@xmppkit/archive/module'
import { createMemoryAccountStore } from '@xmppkit/auth'
import { AccountStoreService, AccountsService, authModule } from '@xmppkit/auth/module'
import {
  contactAddressesModule,
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
import { commandsModule, jobsModule } from '@xmppkit/commands/module'
import { discoModule } from '@xmppkit/disco/module'
import { fastModule, memoryFastModule } from '@xmppkit/fast/module'
import { createHooks } from '@xmppkit/hooks'
import { inProcessModule } from '@xmppkit/in-process/module'
import { inboxModule, memoryInboxModule } from '@xmppkit/inbox/module'
import { iqModule } from '@xmppkit/iq/module'
import { type BareJid, type Jid, parseJid } from '@xmppkit/jid'
import { createHost, type Host, type ModuleUse, type Provided, provide, use } from '@xmppkit/module'
import { memoryOfflineModule, offlineModule } from '@xmppkit/offline/module'
import { personalDataModule } from '@xmppkit/personal-data/module'
import { privateModule } from '@xmppkit/private/module'
import { memoryPushModule, pushModule } from '@xmppkit/push/module'
import { registrationModule } from '@xmppkit/registration/module'
import { reportingModule } from '@xmppkit/reporting/module'
import { memoryRosterModule, rosterModule } from '@xmppkit/roster/module'
import { createRouter, type Router } from '@xmppkit/router'
import { RouterService } from '@xmppkit/router/module'
import {
  type Clock,
  createManualClock,
  createScope,
  type Logger,
  type ManualClock,
  randomIds,
  silentLogger,
  systemClock,
} from '@xmppkit/runtime'
import { sessionsModule } from '@xmppkit/sessions/module'
import type { Stanza } from '@xmppkit/stanza'
import { createMemoryStorage } from '@xmppkit/storage'
import { StorageService } from '@xmppkit/storage/module'
import { streamManagementModule } from '@xmppkit/stream-management/module'
import { memoryTenantsModule, tenantRulesModule, tenantsModule } from '@xmppkit/tenants/module'
import { vcardModule } from '@xmppkit/vcard/module'
import { TestingError } from './errors.js'
import { createPipe, type PipeOptions } from './pipe.js'
import { createTestClient, type TestClient, type TestClientOptions } from './test-client.js'
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
   * Measures time. `'manual'` makes a clock that stands still until {@link TestServer.advance} turns it; pass one of your own to
   * share it with the app.
   *
   * @default the system's clock
   */
  readonly clock?: Clock | 'manual'
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
  /** Its clock. */
  readonly clock: Clock
  /** Creates an account; its password is its address unless given. */
  register(account: string, password?: string): Promise<BareJid>
  /**
   * Somebody's client, logged in: it keeps what it receives, and the test asks for it in any order. Without a domain it is one of
   * the first domain; the account is created if there is none. A resource in the address is asked for.
   */
  client(address: string, options?: TestClientOptions): Promise<TestClient>
  /**
   * Connects somebody and logs them in, to see every element as it comes; the account is created if there is none. A resource in the
   * address is asked for.
   */
  connect(address: string, options?: PipeOptions): Promise<WireClient>
  /** Connects without a word, for tests of what comes before a login. */
  dial(domain?: string, options?: PipeOptions): WireClient
  /**
   * Turns the clock: what is due happens, in order.
   *
   * @throws TestingError `testing/clock` if the clock is not one that can be turned
   */
  advance(ms: number): Promise<void>
  /** Waits until the server has handled what all clients made with {@link TestServer.client} sent so far. */
  settle(): Promise<void>
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
 * const [juliet, romeo] = [await server.client('juliet'), await server.client('romeo')]
 * await juliet.online()
 * romeo.say(juliet.jid.bare, 'hi')
 * await juliet.received((message) => message.text('body') === 'hi')
 * ```
 */
export async function createTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { logger = silentLogger, domains = ['example.org'] } = options
  const clock = options.clock === 'manual' ? createManualClock() : (options.clock ?? systemClock)
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
  const clients = new Set<TestClient>()
  const settle = async () => {
    for (const one of clients) await one.settle()
  }
  const begunAt = clock.monotonic()
  const standsAt = () =>
    `the server's clock stands at ${clock.monotonic() - begunAt} ms, and moves when it is turned (advance)`
  const client = async (address: string, settings: TestClientOptions = {}) => {
    const wire = await connect(withDomain(address, domains[0]!))
    const made = createTestClient({ wire, settle, ...(isManual(clock) && { standsAt }) }, settings)
    clients.add(made)
    void wire.ended.then(() => clients.delete(made))
    return made
  }
  const advance = async (ms: number) => {
    if (!isManual(clock)) {
      throw new TestingError(
        'testing/clock',
        "the clock cannot be turned; make the server with { clock: 'manual' }",
      )
    }
    // In steps, so that clients can answer before they are given up, and what they say is heard in its time.
    const step = Math.max(stepMs, ms / maxSteps)
    for (let left = ms; left > 0; left -= step) {
      await clock.advance(Math.min(step, left))
      for (let turn = 0; turn < turnsPerStep; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const close = () => scope.close()
  return {
    host,
    router,
    clock,
    client,
    advance,
    settle,
    register,
    connect,
    dial,
    route: async (stanza) => router.route(stanza),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Time turned at once, and how often that may be. */
const [stepMs, maxSteps] = [500, 5_000]
/** Turns of the event loop from a timer of the server to the answer of a client. */
const turnsPerStep = 6

function isManual(clock: Clock): clock is ManualClock {
  return 'advance' in clock
}

/** `romeo/garden` as one of a domain; what has one is left as it is. */
function withDomain(address: string, domain: string): string {
  if (address.includes('@')) return address
  const [local, ...resource] = address.split('/')
  return [`${local}@${domain}`, ...resource].join('/')
}

const usualModules: readonly ModuleUse[] = [
  use(commandsModule),
  use(jobsModule),
  use(memoryTenantsModule),
  use(tenantsModule),
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
  use(contactAddressesModule, { addresses: {} }),
  use(tenantRulesModule),
  use(personalDataModule, {}),
]
