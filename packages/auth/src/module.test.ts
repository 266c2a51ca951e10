import { CommandsService, commandsModule } from '@xmppkit/commands/module'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { createHost, provide, use } from '@xmppkit/module'
import { createScramHasher } from '@xmppkit/sasl'
import { expect, test } from 'vitest'
import {
  AccountsService,
  authModule,
  DecoySecretService,
  ExternalAccountsService,
  memoryAccountsModule,
  ScramHasherService,
} from './module.js'

const juliet = parseJid('juliet@example.org') as BareJid

test('a host has accounts over the store it has, in its domains, with commands', async () => {
  await using host = await createHost(
    {},
    {
      name: 'test',
      domains: ['example.org'],
      modules: [use(authModule, { iterations: 4096 }), use(memoryAccountsModule), use(commandsModule)],
    },
  )
  const accounts = host.get(AccountsService)
  await accounts.register(juliet, 'pencil')
  expect(await accounts.verifyPassword(juliet, 'pencil')).toBe(true)
  expect(await host.get(CommandsService).call('registered_users', { host: 'example.org' })).toEqual([
    'juliet',
  ])
  const elsewhere = parseJid('juliet@example.net') as BareJid
  await expect(accounts.register(elsewhere, 'pencil')).rejects.toMatchObject({ code: 'auth/invalid-account' })
  await host.addDomain('example.net')
  await accounts.register(elsewhere, 'pencil')
})

test("the embedder's own users come first, without commands where there are none", async () => {
  const external = { passwords: { verifyPassword: () => true } }
  await using host = await createHost(
    {},
    { name: 'test', services: [provide(ExternalAccountsService, external)], modules: [use(authModule)] },
  )
  expect(host.get(AccountsService).credentials).toEqual(external)
  expect(host.has(CommandsService)).toBe(false)
})

test('hasher and decoy secret may be shared', async () => {
  const services = [
    provide(ScramHasherService, createScramHasher({ iterations: 5000 })),
    provide(DecoySecretService, new Uint8Array(32)),
  ]
  const modules = [use(memoryAccountsModule), use(authModule)]
  await using one = await createHost({}, { name: 'one', services, modules })
  await using two = await createHost({}, { name: 'two', services, modules })
  const shown = one.get(AccountsService).credentials.decoyVerifier?.('nobody@example.org', 'SHA-1')
  expect(shown?.iterations).toBe(5000)
  expect(two.get(AccountsService).credentials.decoyVerifier?.('nobody@example.org', 'SHA-1')?.salt).toEqual(
    shown?.salt,
  )
})

test('without a store and without users of its own a host does not start', async () => {
  await expect(createHost({}, { name: 'test', modules: [use(authModule)] })).rejects.toMatchObject({
    code: 'module/start-failed',
    cause: { code: 'auth/no-source' },
  })
})
