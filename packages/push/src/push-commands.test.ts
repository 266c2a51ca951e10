import { createCommands, createJobs } from '@xmppkit/commands'
import { parseJid } from '@xmppkit/jid'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { createMemoryPushStore } from './memory-store.js'
import { registerPushCommands } from './push-commands.js'

const dayMs = 86_400_000
const juliet = parseJid('juliet@example.com').bare
const romeo = parseJid('romeo@example.net').bare
const stats = { sent: 1, failed: 2, coalesced: 3, dropped: 4, removed: 5, waiting: 6 }

async function rig(withJobs = true) {
  const clock = createManualClock(100 * dayMs)
  const commands = createCommands({ logger: silentLogger, clock })
  const jobs = createJobs({ clock, logger: silentLogger })
  const store = createMemoryPushStore()
  const registration = registerPushCommands({
    commands,
    store,
    clock,
    push: { stats: () => stats },
    ...(withJobs && { jobs }),
  })
  for (const account of [juliet, romeo]) {
    const kept = { service: 'push.example', client: 'phone', options: '<x>secret</x>' }
    await store.enable(account, { ...kept, node: 'old', enabledAt: 10 * dayMs }, 10)
    await store.enable(account, { ...kept, node: 'new', enabledAt: 99 * dayMs }, 10)
  }
  return { clock, commands, store, registration }
}

test('registrations are listed without what the service is sent, and counted', async () => {
  const { commands } = await rig()
  const listed = await commands.call('get_push_registrations', { account: 'Juliet@example.com' })
  expect(listed).toMatchObject([
    { service: 'push.example', node: 'old', client: 'phone' },
    { service: 'push.example', node: 'new', client: 'phone' },
  ])
  expect(JSON.stringify(listed)).not.toContain('secret')
  expect(await commands.call('get_push_count', { host: 'example.com' })).toBe(2)
  expect(await commands.call('get_push_stats', {})).toEqual(stats)
})

test('old ones of a domain are removed by a job', async () => {
  const { commands, store, clock } = await rig()
  const args = { host: 'example.com', days: 30 }
  expect(await commands.call('delete_old_push_sessions_batch', args)).toMatchObject({ state: 'running' })
  await clock.advance(60_000)
  expect(await commands.call('delete_old_push_sessions_status', args)).toMatchObject({
    state: 'finished',
    done: 1,
  })
  expect((await store.list(juliet)).map(({ node }) => node)).toEqual(['new'])
  expect(await store.list(romeo)).toHaveLength(2)
})

test('without jobs there is no command for old ones; all go with their registration', async () => {
  const { commands, registration } = await rig(false)
  expect(commands.list({ tag: 'push' })).toHaveLength(3)
  registration[Symbol.dispose]()
  expect(commands.list()).toEqual([])
})
