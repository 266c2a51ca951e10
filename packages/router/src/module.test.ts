import { createHooks } from '@xmppkit/hooks'
import {
  createHost,
  DomainsService,
  defineModule,
  forEachDomain,
  HooksService,
  provide,
  use,
} from '@xmppkit/module'
import { silentLogger } from '@xmppkit/runtime'
import { message, readStanzaError } from '@xmppkit/stanza'
import { expect, test, vi } from 'vitest'
import { createRouter, domainHandler, filterPacket, localSendToResource } from './index.js'
import { RouterService } from './module.js'

/** Keeps what arrives for the accounts of its host's domains. */
function inboxModule(inbox: string[]) {
  return defineModule({
    name: 'inbox',
    needs: { router: RouterService, hooks: HooksService, domains: DomainsService },
    async start({ router, hooks, domains }, _options: { version?: number }, scope) {
      const handler = domainHandler({
        account: (stanza) => void inbox.push(readStanzaError(stanza)?.condition ?? `${stanza.text('body')}`),
        server: () => {},
        hooks,
      })
      scope.use(
        await forEachDomain({ hooks, domains }, (domain) =>
          router.register(domain, handler, { exclusive: true }),
        ),
      )
    },
  })
}

async function twoHosts() {
  const hooks = createHooks({ onError() {} })
  const federation = vi.fn()
  const router = createRouter({ hooks, logger: silentLogger, federation })
  const services = [provide(RouterService, router)]
  const inboxes: [string[], string[]] = [[], []]
  const start = (name: string, inbox: string[], domains: string[]) =>
    createHost({}, { name, domains, services, modules: [use(inboxModule(inbox))] })
  const one = await start('one', inboxes[0], ['a.example', 'b.example'])
  const two = await start('two', inboxes[1], ['c.example'])
  const send = (from: string, to: string, body: string) =>
    router.route(message({ from: `u@${from}/r`, to: `u@${to}`, body }))
  return { hooks, federation, router, one, two, inboxes, send }
}

test('M-5: the domains of two hosts reach each other through one router, and nothing else', async () => {
  const { send, inboxes, federation } = await twoHosts()
  await send('a.example', 'b.example', 'same host')
  await send('a.example', 'c.example', 'other host')
  await send('c.example', 'a.example', 'and back')
  expect(inboxes).toEqual([['same host', 'and back'], ['other host']])
  expect(federation).not.toHaveBeenCalled()
})

test('domains come and go with their host, while the other goes on', async () => {
  const { router, one, two, send, inboxes } = await twoHosts()
  await two.addDomain('tenant-42.example')
  await send('a.example', 'tenant-42.example', 'hello')
  await two.removeDomain('tenant-42.example')
  expect(router.serves('tenant-42.example')).toBe(false)
  await two.close()
  expect(router.domains()).toEqual(['a.example', 'b.example'])
  await send('a.example', 'b.example', 'still here')
  expect(inboxes).toEqual([['still here'], ['hello']])
  await one.close()
  expect(router.domains()).toEqual([])
})

test('a domain another host serves is refused, and the host goes on without it', async () => {
  const { one, two, send, inboxes } = await twoHosts()
  await expect(two.addDomain('a.example')).rejects.toMatchObject({
    code: 'module/domain-failed',
    cause: expect.objectContaining({ code: 'router/domain-taken' }),
  })
  expect(two.domains.list()).toEqual(['c.example'])
  await send('c.example', 'a.example', 'to the first')
  expect(inboxes).toEqual([['to the first'], []])
  expect(one.domains.has('a.example')).toBe(true)
})

test('a module that is reloaded serves all domains again', async () => {
  const { router, one, inboxes } = await twoHosts()
  const module = inboxModule(inboxes[0])
  await one.reload([use(module, { version: 2 })])
  expect(router.domains().toSorted()).toEqual(['a.example', 'b.example', 'c.example'])
})

test('hooks of the router are the server’s, those of a domain are its host’s', async () => {
  const { hooks, one, two, router } = await twoHosts()
  const log: string[] = []
  hooks.on(filterPacket, (stanza) => {
    if (stanza.type !== 'error') log.push(`all: ${String(stanza.to)}`)
    return stanza
  })
  one.hooks.on(localSendToResource, (stanza) => {
    log.push(`one: ${String(stanza.to)}`)
    return stanza
  })
  for (const host of [one, two]) {
    for (const domain of host.domains.list().slice(0, 1)) {
      await router.route(message({ from: 'u@a.example/r', to: domain, body: 'x' }))
    }
  }
  expect(log).toEqual(['all: a.example', 'one: a.example', 'all: c.example'])
})
