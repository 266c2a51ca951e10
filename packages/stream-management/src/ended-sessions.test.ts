import { parseJid } from '@xmppkit/jid'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { createMemoryKeyValue } from '@xmppkit/storage'
import { expect, test } from 'vitest'
import { createEndedSessions } from './ended-sessions.js'
import type { Keeper } from './keeper.js'
import { streamManagementDefaults } from './stream-management-options.js'

const juliet = parseJid('juliet@example.com').bare
const romeo = parseJid('romeo@example.com').bare

function open() {
  const ended = createEndedSessions({
    store: createMemoryKeyValue(),
    clock: createManualClock(),
    logger: silentLogger,
    settings: streamManagementDefaults,
  })
  const remember = (account: typeof juliet, id: string, count: number, idle?: Promise<void>) =>
    ended.remember({
      count,
      resumable: { id, timeoutMs: 1 },
      session: { account, idle: () => idle },
    } as unknown as Keeper)
  return { ended, remember }
}

const never = new Promise<void>(() => {})

test('SM-5: nobody waits for what somebody else’s session is still about', async () => {
  const { ended, remember } = open()
  remember(juliet, 'a', 1, never)
  remember(romeo, 'b', 2)
  expect(await ended.handled(romeo, 'b')).toBe(2)
  expect(await ended.handled(juliet, 'c')).toBeUndefined()
})

test('SM-5: a number is known as soon as it is certain, and not before', async () => {
  const { ended, remember } = open()
  let done = () => {}
  const idle = new Promise<void>((resolve) => {
    done = resolve
  })
  remember(juliet, 'a', 1, idle)
  const handled = ended.handled(juliet, 'a')
  done()
  expect(await handled).toBe(1)
})

test('SEC-25: an account is forgotten also while a session that has ended is about its removal', async () => {
  const { ended, remember } = open()
  let removed = () => {}
  const idle = new Promise<void>((resolve) => {
    removed = resolve
  })
  remember(juliet, 'a', 1, idle)
  await ended.forget(juliet)
  removed()
  await ended[Symbol.asyncDispose]()
  expect(await ended.handled(juliet, 'a')).toBeUndefined()
})
