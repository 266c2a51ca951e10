import { authModule, ExternalAccountsService } from '@xmppkit/auth/module'
import { CommandsService, commandsModule } from '@xmppkit/commands/module'
import { createHooks } from '@xmppkit/hooks'
import { iqModule } from '@xmppkit/iq/module'
import { createHost, type Host, provide, use } from '@xmppkit/module'
import { createRouter, type Router } from '@xmppkit/router'
import { RouterService } from '@xmppkit/router/module'
import { createCountingIds, createManualClock, silentLogger } from '@xmppkit/runtime'
import { SessionsService, sessionsModule } from '@xmppkit/sessions/module'
import { message } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import type { C2sOptions } from './c2s-options.js'
import { type C2sPort, createC2sPort } from './c2s-port.js'
import { bindRequest, connect, type FakeClient, hello, logIn } from './fake-client.js'
import { C2sService, c2sModule, localRouteModule } from './module.js'

interface Server {
  readonly router: Router
  readonly host: Host
  readonly port: C2sPort
  client(user: string, resource: string): Promise<FakeClient>
  reload(options: C2sOptions): ReturnType<Host['reload']>
}

const modules = (options: C2sOptions) => [
  use(commandsModule),
  use(iqModule),
  use(authModule),
  use(sessionsModule),
  use(localRouteModule),
  use(c2sModule, options),
]

async function start(options: C2sOptions = {}): Promise<Server> {
  const deps = { clock: createManualClock(), ids: createCountingIds('id'), logger: silentLogger }
  const router = createRouter({ hooks: createHooks({ onError: () => {} }), logger: silentLogger })
  const passwords = { verifyPassword: (_account: unknown, password: string) => password === 'secret' }
  const host = await createHost(deps, {
    name: 'main',
    domains: ['example.com'],
    services: [provide(RouterService, router), provide(ExternalAccountsService, { passwords })],
    modules: modules(options),
  })
  const find = (domain: string) => (host.domains.has(domain) ? host.get(C2sService) : undefined)
  const port = createC2sPort({ ...deps, find })
  return {
    router,
    host,
    port,
    async client(user, resource) {
      const client = connect(port)
      await logIn(client, user)
      client.feed(bindRequest(resource))
      await client.heard()
      return client
    },
    reload: (next) => host.reload(modules(next)),
  }
}

test('two clients of a host write to each other, and a message has one outcome', async () => {
  const { client, router, host } = await start()
  expect(router.serves('example.com')).toBe(true)
  const ann = await client('ann', 'r')
  const bob = await client('bob', 'r')
  bob.feed('<presence/>')
  ann.feed("<message type='chat' to='bob@example.com'><body>Hi</body></message>")
  expect(await bob.heard()).toBe(
    '<message from="ann@example.com/r" to="bob@example.com" type="chat"><body>Hi</body></message>',
  )
  ann.feed("<message type='chat' id='1' to='bob@example.com/gone'><body>Hi</body></message>")
  expect(await bob.heard()).toContain('<body>Hi</body>')
  expect(await ann.heard()).toBe('')
  await host.close()
})

test('D-3 D-6 Q-4: requests to the account and to the server are answered in their names', async () => {
  const { client, host } = await start()
  const ann = await client('ann', 'r')
  ann.feed("<iq type='get' id='1'><q xmlns='urn:q'/></iq>")
  expect(await ann.heard()).toMatch(/^<iq from="ann@example.com" id="1" .*<service-unavailable/)
  ann.feed("<iq type='get' id='2' to='example.com'><q xmlns='urn:q'/></iq>")
  expect(await ann.heard()).toMatch(/^<iq from="example.com" id="2" .*<service-unavailable/)
  await host.close()
})

test('D-9: what is for a domain nobody serves is answered', async () => {
  const { client, host } = await start()
  const ann = await client('ann', 'r')
  ann.feed("<message id='1' to='bob@nowhere.example'><body>Hi</body></message>")
  expect(await ann.heard()).toContain('<remote-server-not-found')
  await host.close()
})

test('the sessions of a host are there for commands', async () => {
  const { client, host } = await start()
  await client('ann', 'r')
  expect(await host.get(CommandsService).call('connected_users_number', {})).toBe(1)
  await host.close()
})

test("S-15: when the host closes its clients are told, and its domain is nobody's any more", async () => {
  const { client, host, router, port } = await start()
  const ann = await client('ann', 'r')
  await host.close()
  expect(await ann.heard()).toContain('<system-shutdown')
  expect(router.serves('example.com')).toBe(false)
  expect(port.connections).toBe(0)
})

test('a domain that is removed takes its clients with it, those that have not logged in too', async () => {
  const { client, host, port } = await start()
  await host.addDomain('other.example')
  const ann = await client('ann', 'r')
  const strangers = [connect(port), connect(port)]
  strangers[0]!.feed(hello('example.com'))
  strangers[1]!.feed(hello('other.example'))
  await host.removeDomain('example.com')
  expect(await ann.heard()).toContain('</stream:stream>')
  expect(await strangers[0]!.heard()).toContain('<host-gone')
  expect(await strangers[1]!.heard()).not.toContain('<stream:error')
  await host.close()
})

test('options change without anybody being disconnected', async () => {
  const { client, host, reload } = await start()
  const ann = await client('ann', 'r')
  await reload({ maxRecipients: 1 })
  const bob = await client('bob', 'r')
  for (const who of [ann, bob]) {
    who.feed("<message to='a@nowhere.example'/><message to='b@nowhere.example'/>")
  }
  expect(await ann.heard()).not.toContain('<resource-constraint')
  expect(await bob.heard()).toContain('<resource-constraint')
  expect(host.get(SessionsService).count()).toBe(2)
  await host.close()
})

test('M-5: the program itself may write to a client', async () => {
  const { client, host, router } = await start()
  const ann = await client('ann', 'r')
  await router.route(message({ from: 'example.com', to: 'ann@example.com/r', body: 'welcome' }))
  expect(await ann.heard()).toContain('<body>welcome</body>')
  await host.close()
})
