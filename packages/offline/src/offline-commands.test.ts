import { createCommands, createJobs } from '@xmppkit/commands'
import { parseJid } from '@xmppkit/jid'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { createMemoryOfflineStore } from './memory-store.js'
import { registerOfflineCommands } from './offline-commands.js'

const dayMs = 86_400_000
const juliet = parseJid('juliet@example.com').bare
const romeo = parseJid('romeo@example.net').bare

async function rig(withJobs = true) {
  const clock = createManualClock(100 * dayMs)
  const logger = silentLogger
  const commands = createCommands({ logger, clock })
  const jobs = createJobs({ clock, logger })
  const store = createMemoryOfflineStore()
  const registration = registerOfflineCommands({ commands, store, clock, ...(withJobs && { jobs }) })
  for (const account of [juliet, romeo]) {
    await store.append(account, { stanza: 'old', receivedAt: 10 * dayMs }, 10)
    await store.append(account, { stanza: 'expired', receivedAt: 99 * dayMs, expiresAt: 99.5 * dayMs }, 10)
    await store.append(account, { stanza: 'new', receivedAt: 99 * dayMs }, 10)
  }
  return { clock, commands, store, registration }
}

test('messages of an account are counted', async () => {
  const { commands } = await rig()
  expect(await commands.call('get_offline_count', { account: 'Juliet@example.com' })).toBe(2)
  expect(await commands.call('get_offline_count', { account: 'nobody@example.com' })).toBe(0)
  expect(commands.find('get_offline_count')).toMatchObject({ policy: 'user', destructive: false })
})

test('expired ones are removed, of all accounts', async () => {
  const { commands, store } = await rig()
  expect(await commands.call('delete_expired_messages', {})).toBe(2)
  expect(await commands.call('delete_expired_messages', {})).toBe(0)
  expect(await store.count(juliet, 0)).toBe(2)
})

test('old ones of a domain are removed by a job', async () => {
  const { commands, store, clock } = await rig()
  const args = { host: 'example.com', days: 30 }
  expect(await commands.call('delete_old_messages_batch', args)).toMatchObject({ state: 'running' })
  await clock.advance(60_000)
  expect(await commands.call('delete_old_messages_status', args)).toMatchObject({
    state: 'finished',
    done: 1,
  })
  expect(await store.count(juliet, clock.now())).toBe(1)
  expect(await store.count(romeo, clock.now())).toBe(2)
  await expect(
    commands.call('delete_old_messages_batch', { host: 'example.com', days: -1 }),
  ).rejects.toMatchObject({
    code: 'commands/bad-argument',
  })
})

test('without jobs there is no command for old ones; all go with their registration', async () => {
  const { commands, registration } = await rig(false)
  expect(
    commands
      .list({ tag: 'offline' })
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['delete_expired_messages', 'get_offline_count'])
  registration[Symbol.dispose]()
  expect(commands.list()).toEqual([])
})
