import { createServer } from '@xmppkit/server'
import { createTestServer } from '@xmppkit/testing'
import { expect, test } from 'vitest'

// What needs a program around it, or is of use to others only.
const ofServersOnly = ['caps-cache', 'in-process', 'inbox', 'outbox', 'upload', 'app']

test('E-16: the server in memory for tests has the modules of the standard server', async () => {
  await using real = await createServer({ domains: ['example.org'] })
  await using kit = await createTestServer()
  const names = (status: readonly { readonly name: string }[]) => status.map(({ name }) => name)
  const standard = names(real.host().status())
  // In memory everything has a module of its own; the cache of capabilities is only of use to others.
  const own = names(kit.host.status()).filter(
    (name) => !name.endsWith('-memory') && !ofServersOnly.includes(name),
  )
  expect(own.sort()).toEqual(standard.filter((name) => !ofServersOnly.includes(name)).sort())
})
