import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { OutboxEvent } from '@xmppkit/outbox'
import { createSqlStorage } from '@xmppkit/storage-sql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRandom } from '../fuzz/mutate.js'
import { type Mood, openReceiver, type Receiver } from './receiver.js'

const sender = fileURLToPath(new URL('sender.mjs', import.meta.url))
const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
const rounds = Number(process.env.XMPPKIT_CRASHES ?? 8)
const seed = Number(process.env.XMPPKIT_CRASH_SEED ?? Math.floor(performance.timeOrigin % 1_000_000))
const moods: readonly Mood[] = ['up', 'gone', 'up', 'failing', 'cutting', 'up']

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xmppkit-outbox-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function start(receiver: Receiver, run: number, sends: boolean) {
  const settings = { path: join(folder, 'server.sqlite'), url: receiver.url, secret, run, sends }
  return spawn(process.execPath, ['--no-warnings', sender, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

/** Lets a server send until it has said so many lines, then kills it; answers with all it has said. */
async function killAfter(receiver: Receiver, run: number, lines: number, changeMood: () => Promise<void>) {
  const child = start(receiver, run, true)
  const exited = once(child, 'exit')
  const said: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'open') continue
    said.push(line)
    if (said.length === Math.ceil(lines / 2)) void changeMood()
    if (said.length === lines) child.kill('SIGKILL')
  }
  expect((await exited)[1]).toBe('SIGKILL')
  return said
}

const openStorage = () => createSqlStorage({ path: join(folder, 'server.sqlite') })

/** The events that wait, while no server runs. */
async function waitingEvents(): Promise<readonly string[]> {
  await using storage = await openStorage()
  const { waiting } = await storage.outbox.count('hook')
  const entries = await storage.outbox.waiting('hook', waiting + 1, [])
  expect(entries.length).toBe(waiting)
  return entries.map(({ event }) => (JSON.parse(event) as OutboxEvent).id)
}

/** Which messages a conversation has; both directions of one are one, and nobody here answers. */
const keyOf = (line: string) => {
  const [from = '', to = '', run, number] = line.split(' ')
  const [one, other] = [`${from}@outbox.test`, `${to}@outbox.test`].sort()
  return `${one} ${other} ${run}-${number}`
}

/** What came out of order the first time it came; an event that comes twice must be one that was under way at a kill. */
function disorder(receiver: Receiver): string[] {
  const wrong: string[] = []
  const last = new Map<string, readonly [number, number]>()
  const known = new Set<string>()
  for (const { event, conversation, at } of receiver.taken) {
    if (known.has(event)) continue
    known.add(event)
    const [run, number] = last.get(conversation) ?? [-1, -1]
    if (at[0] < run || (at[0] === run && at[1] !== number + 1))
      wrong.push(`${conversation}: ${at} after ${run},${number}`)
    last.set(conversation, at)
  }
  return wrong
}

test('X-CONS M-7: events arrive at least once, in order per conversation, though processes are killed and the receiver is down', async () => {
  const random = createRandom(seed)
  await using receiver = await openReceiver(secret)
  const started = performance.now()
  const acknowledged = new Set<string>()
  for (let run = 0; run < rounds; run += 1) {
    // A mood for each half of the round, so that some processes never see the receiver.
    const mood = () => receiver.setMood(moods[random(moods.length)] ?? 'up')
    await mood()
    const said = await killAfter(receiver, run, 1 + random(run % 3 === 0 ? 60 : 600), mood)
    for (const line of said) acknowledged.add(keyOf(line))
  }
  const backlog = acknowledged.size - new Set(receiver.taken.map(({ event }) => event)).size

  // More may wait than was acknowledged: what was written down and not yet said when a process was killed.
  const owed = new Set(await waitingEvents())
  await receiver.setMood('up')
  const drainingFrom = performance.now()
  let seen = receiver.taken.length
  const child = start(receiver, rounds, false)
  const exited = once(child, 'exit')
  await receiver.until(() => {
    for (; seen < receiver.taken.length; seen += 1) owed.delete(receiver.taken[seen]!.event)
    return owed.size === 0
  })
  const drainedIn = performance.now() - drainingFrom
  child.stdin.end()
  expect(await exited).toEqual([0, null])

  const arrived = new Set(receiver.taken.map(({ conversation, at }) => `${conversation} ${at.join('-')}`))
  const different = new Set(receiver.taken.map(({ event }) => event)).size
  console.log({
    seed,
    kills: rounds,
    acknowledged: acknowledged.size,
    received: different,
    twice: receiver.taken.length - different,
    turnedAway: receiver.refused,
    backlog,
    drainedMs: Math.round(drainedIn),
    seconds: Math.round((performance.now() - started) / 1000),
  })
  expect([...acknowledged].filter((key) => !arrived.has(key))).toEqual([])
  await using storage = await openStorage()
  expect(await storage.outbox.count('hook')).toEqual({ waiting: 0, dead: 0 })
  expect(disorder(receiver)).toEqual([])
  // A killed process may have had 8 events under way and 32 whose arrival it did not live to write down.
  expect(receiver.taken.length - different).toBeLessThanOrEqual(rounds * 40)
  expect(acknowledged.size).toBeGreaterThan(rounds * 16)
}, 300_000)
