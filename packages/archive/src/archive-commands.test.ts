import { createCommands, createJobs } from '@xmppkit/commands'
import { silentLogger } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { registerArchiveCommands } from './archive-commands.js'
import { fakeHost } from './fake-host.js'

const romeo = 'romeo@example.com/orchard'
const day = 24 * 60 * 60 * 1000

describe('commands', () => {
  const setup = async () => {
    const host = fakeHost()
    const { clock } = host
    const commands = createCommands({ logger: silentLogger, clock })
    const jobs = createJobs({ clock, logger: silentLogger })
    registerArchiveCommands({ ...host, commands, jobs })
    const from = await host.connect(romeo)
    for (const to of ['nurse@example.net/x', 'eve@example.net', 'nurse@example.net'])
      await from.says(to, 'hi')
    return { host, commands }
  }
  const account = 'romeo@example.com'

  test('count and remove, under the names of ejabberd', async () => {
    const { commands } = await setup()
    expect(await commands.call('get_mam_count', { account })).toBe(3)
    const about = { account, with: 'nurse@example.net' }
    expect(await commands.call('remove_mam_for_user_with_peer', about, { dryRun: true })).toBe(2)
    expect(await commands.call('remove_mam_for_user_with_peer', about)).toBe(2)
    expect(await commands.call('remove_mam_for_user', { account }, { dryRun: true })).toBe(1)
    expect(await commands.call('remove_mam_for_user', { account })).toBe(1)
    expect(await commands.call('get_mam_count', { account })).toBe(0)
  })

  test('old messages go in batches, with a dry run, status and abort', async () => {
    const { host, commands } = await setup()
    const about = { host: 'example.com', type: 'all', days: 1 }
    expect(await commands.call('delete_old_mam_messages_batch', about, { dryRun: true })).toMatchObject({
      done: 0,
    })
    await host.clock.advance(day + 1)
    expect(await commands.call('delete_old_mam_messages_batch', about, { dryRun: true })).toMatchObject({
      done: 3,
    })
    const groupchat = { ...about, type: 'groupchat' }
    expect(await commands.call('delete_old_mam_messages_batch', groupchat, { dryRun: true })).toMatchObject({
      done: 0,
    })
    await commands.call('delete_old_mam_messages_batch', { ...about, batchSize: 2, ratePerMinute: 2 })
    await host.clock.advance(0)
    expect(await commands.call('get_mam_count', { account })).toBe(1)
    expect(await commands.call('delete_old_mam_messages_status', about)).toMatchObject({
      state: 'running',
      done: 2,
    })
    expect(await commands.call('abort_delete_old_mam_messages', about)).toMatchObject({ done: 2 })
  })
})
