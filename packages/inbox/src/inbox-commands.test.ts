import { createCommands } from '@xmppkit/commands'
import { silentLogger } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { registerInboxCommands } from './inbox-commands.js'
import { inboxScene } from './inbox-scene.js'

const account = 'alice@example.com'

function setup() {
  const scene = inboxScene()
  const commands = createCommands({ logger: silentLogger, clock: scene.clock })
  const registered = registerInboxCommands({ commands, inbox: scene.inbox })
  scene.archives('m1')
  scene.archives('m2', { with: 'carol' })
  scene.archives('receipt', { instant: false })
  scene.archives('m3')
  return { ...scene, commands, registered }
}

test('an inbox is listed page by page, and counted', async () => {
  const { commands, clock } = setup()
  const bob = { jid: 'bob@example.net', unread: 2, id: 'm3', at: clock.now() }
  const carol = { jid: 'carol@example.net', unread: 1, id: 'm2', at: clock.now() }
  expect(await commands.call('get_inbox', { account })).toEqual([bob, carol])
  expect(await commands.call('get_inbox', { account, max: 1 })).toEqual([bob])
  expect(await commands.call('get_inbox', { account, after: 'm3' })).toEqual([carol])
  expect(await commands.call('get_unread_count', { account })).toEqual({
    conversations: 2,
    unread_conversations: 2,
    unread_messages: 3,
  })
})

test('a conversation is marked as read, up to a message or to its end', async () => {
  const { commands } = setup()
  const about = { account, with: 'bob@example.net/garden' }
  expect(await commands.call('mark_conversation_read', { ...about, id: 'm1' })).toBe(true)
  expect(await commands.call('get_inbox', { account, unread_only: true })).toMatchObject([
    { jid: 'bob@example.net', unread: 1 },
    { jid: 'carol@example.net', unread: 1 },
  ])
  expect(await commands.call('mark_conversation_read', about)).toBe(true)
  expect(await commands.call('mark_conversation_read', about)).toBe(false)
  expect(await commands.call('get_inbox', { account, unread_only: true })).toHaveLength(1)
})

test('what was read is forgotten, and the commands go with their registration', async () => {
  const { commands, registered } = setup()
  await commands.call('mark_conversation_read', { account, with: 'bob@example.net' })
  expect(await commands.call('remove_inbox_for_user', { account })).toBe(1)
  expect(await commands.call('get_unread_count', { account })).toMatchObject({ unread_messages: 3 })
  registered[Symbol.dispose]()
  expect(commands.list()).toEqual([])
})
