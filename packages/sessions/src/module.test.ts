import { createHost, hostDown, provide, service, use } from '@xmppkit/module'
import type { Stanza } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import { type FakeSession, fakeSession, read } from './fake-session.js'
import { createMemoryRegistry } from './memory-registry.js'
import { AccountDirectoryService, SessionRegistryService, SessionsService, sessionsModule } from './module.js'

const router = service<{ route(stanza: Stanza): void }>('router/router')
const iq = service<{ dispatch(stanza: Stanza, target: string): void }>('iq/iq')

function services(routed: Stanza[], asked: unknown[]) {
  return [
    provide(AccountDirectoryService, { exists: (account) => account.local === 'juliet' }),
    provide(router, { route: (stanza) => void routed.push(stanza) }),
    provide(iq, { dispatch: (stanza, target) => void asked.push([stanza, target]) }),
  ]
}

test('the module serves the domains of its host, and their sessions end with them', async () => {
  const routed: Stanza[] = []
  const asked: unknown[] = []
  await using host = await createHost(
    {},
    {
      name: 'test',
      domains: ['example.com', 'other.example'],
      services: services(routed, asked),
      modules: [use(sessionsModule, { maxPerAccount: 2 })],
    },
  )
  const sessions = host.get(SessionsService)
  const open = (address: string): FakeSession => {
    const session: FakeSession = fakeSession(address, { close: () => sessions.close(session) ?? undefined })
    void sessions.open(session)
    return session
  }
  const [here, there] = [open('juliet@example.com/desk'), open('juliet@other.example/desk')]
  expect(() => {
    open('juliet@example.com/a')
    open('juliet@example.com/b')
  }).toThrow(/sessions/)
  await sessions.deliver(
    read('<iq type="get" id="1" from="a@b.c/r" to="juliet@example.com"><q xmlns="u:q"/></iq>'),
  )
  await sessions.deliver(read('<message type="chat" from="a@b.c/r" to="nobody@example.com"/>'))
  expect(asked).toEqual([[expect.objectContaining({ kind: 'iq' }), 'account']])
  expect(routed.map((stanza) => stanza.type)).toEqual(['error'])
  await host.hooks.run(hostDown, { domain: 'other.example' })
  expect(there.errors.map((error) => error.condition)).toEqual(['system-shutdown'])
  expect(here.errors).toEqual([])
})

test('a registry of the embedder is used', async () => {
  const registry = createMemoryRegistry()
  await using host = await createHost(
    {},
    {
      name: 'test',
      services: [...services([], []), provide(SessionRegistryService, registry)],
      modules: [use(sessionsModule)],
    },
  )
  await host.get(SessionsService).open(fakeSession('juliet@example.com/desk', {}, 'here'))
  expect(registry.get('here')?.jid.toString()).toBe('juliet@example.com/desk')
  registry.remove('here')
})
