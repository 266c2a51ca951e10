import type { Bot, BotMessage } from '@xmppkit/in-process'
import { createManualClock, type ManualClock } from '@xmppkit/runtime'
import { createServer, type Server } from '@xmppkit/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startModeration } from './moderation.js'

const watch = 'watch@chat.example'
let clock: ManualClock
let server: Server

/** Somebody at a client: code that notes what it hears. */
async function join(name: string) {
  const heard: string[] = []
  const onMessage = ({ from, body }: BotMessage) => void heard.push(`${from.local}: ${body}`)
  const bot = await server.bot(`${name}@chat.example/app`, { onMessage })
  return { bot, heard }
}

async function say(who: Bot, to: string, body: string): Promise<string> {
  const outcome = await who.send({ to: `${to}@chat.example`, body })
  return outcome.status === 'rejected' ? `rejected: ${outcome.error.text}` : outcome.status
}

beforeEach(async () => {
  clock = createManualClock()
  server = await createServer({ domains: ['chat.example'] }, { clock })
  await startModeration(server, clock, {
    address: `${watch}/bot`,
    moderators: ['nurse@chat.example'],
    words: ['casino'],
    warnings: 2,
    muteMs: 60_000,
  })
})
afterEach(() => server.close())

test('an offender is warned, then muted for a while, and the moderator hears of it', async () => {
  const romeo = await join('romeo')
  const juliet = await join('juliet')
  const nurse = await join('nurse')
  expect(await say(romeo.bot, 'juliet', 'hello')).toBe('delivered')
  expect(await say(romeo.bot, 'juliet', 'Casino!')).toBe('rejected: Not here. 1 more and you are muted.')
  expect(await say(romeo.bot, 'juliet', 'casino')).toBe('rejected: You are muted.')
  expect(await say(romeo.bot, 'juliet', 'sorry')).toBe('rejected: You are muted.')
  expect(await say(juliet.bot, 'romeo', 'well')).toBe('delivered')
  await clock.advance(60_000)
  expect(await say(romeo.bot, 'juliet', 'sorry')).toBe('delivered')
  await expect.poll(() => juliet.heard).toEqual(['romeo: hello', 'romeo: sorry'])
  await expect
    .poll(() => nurse.heard)
    .toEqual([
      'watch: romeo@chat.example said casino to juliet@chat.example; 1 more and they are muted.',
      'watch: romeo@chat.example said casino to juliet@chat.example; 0 more and they are muted.',
    ])
})

test('a moderator sees who did what, and forgives', async () => {
  const romeo = await join('romeo')
  const nurse = await join('nurse')
  for (const _ of [1, 2]) await say(romeo.bot, 'nurse', 'casino')
  nurse.heard.splice(0)
  await say(nurse.bot, 'watch', 'list')
  await say(nurse.bot, 'watch', 'forgive romeo@chat.example')
  await say(nurse.bot, 'watch', 'forgive romeo@chat.example')
  await expect
    .poll(() => nurse.heard.slice(-3))
    .toEqual([
      'watch: romeo@chat.example: 2',
      'watch: romeo@chat.example is forgiven.',
      'watch: romeo@chat.example did nothing.',
    ])
  expect(await say(romeo.bot, 'nurse', 'thank you')).toBe('delivered')
})

test('nobody else gives it orders', async () => {
  const romeo = await join('romeo')
  await say(romeo.bot, 'watch', 'forgive romeo@chat.example')
  await expect.poll(() => romeo.heard).toEqual(['watch: I only talk to moderators.'])
})
