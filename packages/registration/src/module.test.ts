import { AccountStoreService, AccountsService, authModule, memoryAccountsModule } from '@xmppkit/auth/module'
import { createC2sPort } from '@xmppkit/c2s'
import { C2sService, c2sModule } from '@xmppkit/c2s/module'
import { createHooks } from '@xmppkit/hooks'
import { IqService, iqModule } from '@xmppkit/iq/module'
import { createHost, provide, use } from '@xmppkit/module'
import { createRouter } from '@xmppkit/router'
import { RouterService } from '@xmppkit/router/module'
import { createManualClock, randomIds, silentLogger } from '@xmppkit/runtime'
import { sessionsModule } from '@xmppkit/sessions/module'
import { NS } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import { account, connectClient } from './fake-host.js'
import { registrationModule } from './module.js'

test('the module offers the form on the streams of its host, and takes it back', async () => {
  const deps = { clock: createManualClock(), ids: randomIds, logger: silentLogger }
  const router = createRouter({ hooks: createHooks({ onError: () => {} }), logger: silentLogger })
  const modules = [
    use(iqModule),
    use(memoryAccountsModule),
    use(authModule, { iterations: 4096, hashes: ['SHA-1'] }),
    use(sessionsModule),
    use(c2sModule),
  ]
  const host = await createHost(deps, {
    name: 'main',
    domains: ['example.com'],
    services: [provide(RouterService, router)],
    modules: [...modules, use(registrationModule, { allowRegistration: true, instructions: 'Welcome.' })],
  })
  const port = createC2sPort({ ...deps, find: () => host.get(C2sService) })
  const client = connectClient(port)
  expect(await client.open()).toContain(NS.registerFeature)
  expect(await client.say(`<iq type='get' id='1'><query xmlns='${NS.register}'/></iq>`)).toContain('Welcome.')
  const content = '<username>bill</username><password>Calliope</password>'
  await client.say(`<iq type='set' id='2'><query xmlns='${NS.register}'>${content}</query></iq>`)
  expect(await host.get(AccountsService).exists(account('bill'))).toBe(true)
  expect(await host.get(AccountStoreService).count('example.com')).toBe(1)
  expect(host.xeps().map((xep) => xep.number)).toContain('0077')

  await host.reload(modules)
  expect(await connectClient(port).open()).not.toContain(NS.registerFeature)
  expect(host.get(IqService).namespaces('server')).not.toContain(NS.register)
  await host.close()
})
