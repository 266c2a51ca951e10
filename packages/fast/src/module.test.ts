import { createMemoryAccountStore } from '@xmppkit/auth'
import { AccountStoreService, authModule, DecoySecretService } from '@xmppkit/auth/module'
import { C2sService, c2sModule } from '@xmppkit/c2s/module'
import { CommandsService, commandsModule } from '@xmppkit/commands/module'
import { createHost, provide, service, use } from '@xmppkit/module'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { sessionsModule } from '@xmppkit/sessions/module'
import type { StreamState } from '@xmppkit/stream'
import { expect, test } from 'vitest'
import { FastService, FastTokenStoreService, fastModule, memoryFastModule } from './module.js'

const router = service<{ route(): void }>('router/router')
const iq = service<{ dispatch(): void; handle(definition: { request: { name: string } }): Disposable }>(
  'iq/iq',
)

test('the module offers tokens to clients of its host, and its commands, until it ends', async () => {
  const store = createMemoryAccountStore()
  const handled: string[] = []
  const handle = ({ request: { name } }: { request: { name: string } }) => {
    handled.push(name)
    return { [Symbol.dispose]: () => void handled.splice(handled.indexOf(name), 1) }
  }
  const host = await createHost(
    { clock: createManualClock(), logger: silentLogger },
    {
      name: 'test',
      domains: ['example.com'],
      services: [
        provide(router, { route: () => {} }),
        provide(iq, { dispatch: () => {}, handle }),
        provide(AccountStoreService, store),
        provide(DecoySecretService, new Uint8Array(32)),
      ],
      modules: [
        use(commandsModule),
        use(authModule, { iterations: 4096 }),
        use(sessionsModule),
        use(c2sModule, {}),
        use(memoryFastModule),
        use(fastModule, { maxClients: 3 }),
      ],
    },
  )
  expect(host.get(FastService)).toBeDefined()
  expect(host.get(FastTokenStoreService)).toBeDefined()
  const account = 'juliet@example.com'
  expect(await host.get(CommandsService).call('get_login_clients', { account })).toEqual([])
  expect(await host.get(CommandsService).call('revoke_login_tokens', { account })).toBe(0)
  expect(host.get(C2sService).sessionOf({} as StreamState)).toBeUndefined()
  expect(handled).toEqual(['list', 'revoke'])
  await host.close()
  expect(handled).toEqual([])
})
