import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseJid } from '@xmppkit/jid'
import { createSqlStorage, type SqlStorageDeps, type SqlStorageOptions } from '@xmppkit/storage-sql'
import { afterAll, describe, expect, test } from 'vitest'
import { freshSchema, postgresOrReason } from './postgres.js'
import { temporaryFolder } from './sqlite.js'

const writer = fileURLToPath(new URL('writer.mjs', import.meta.url))

/** Runs the writer, kills it after it has said so many lines, and answers with what it had said by then. */
async function killAfter(lines: number, deps: SqlStorageDeps, run: string): Promise<string[]> {
  const child = spawn(process.execPath, ['--no-warnings', writer, JSON.stringify(deps), run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const said: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'open') said.push(line)
    if (said.length === lines) child.kill('SIGKILL')
  }
  const [, signal] = await exited
  expect(signal).toBe('SIGKILL')
  return said
}

/** Every message there is, as the writer says them, oldest first for each account. */
async function stored(deps: SqlStorageDeps, options: SqlStorageOptions = {}): Promise<string[]> {
  await using storage = await createSqlStorage(deps, options)
  const found: string[] = []
  for (let n = 0; n < 8; n += 1) {
    const account = parseJid(`user${n}@example.org`).bare
    const messages = await storage.offline.list(account, { limit: 1e6, now: 0 })
    for (const { stanza } of messages) found.push(`${account} ${/id="([^"]*)"/.exec(stanza)?.[1]}`)
  }
  return found
}

/** Kills a few times at different moments and audits what is there each time. */
async function audit(deps: SqlStorageDeps): Promise<void> {
  const said = new Set<string>()
  for (const [run, lines] of [1, 37, 500].entries()) {
    for (const line of await killAfter(lines, deps, `run${run}`)) said.add(line)
    const found = await stored(deps)
    const there = new Set(found)
    expect(there.size).toBe(found.length)
    expect([...said].filter((line) => !there.has(line))).toEqual([])
    // Each writer waits for one message before the next, so its own are in order.
    const numbers = new Map<string, number>()
    for (const line of found) {
      const [, of, number] = /^(.*)-(\d+)$/.exec(line) as unknown as [string, string, string]
      expect(Number(number)).toBe((numbers.get(of) ?? -1) + 1)
      numbers.set(of, Number(number))
    }
  }
}

describe('what was acknowledged before a kill -9 is there afterwards, once and in order', () => {
  test('SQLite', async () => {
    await using folder = await temporaryFolder()
    await audit({ path: join(folder.path, 'test.sqlite') })
  })
})

const cluster = await postgresOrReason()
afterAll(async () => {
  if (typeof cluster !== 'string') await cluster[Symbol.asyncDispose]()
})

test('what was acknowledged before PostgreSQL crashes is there afterwards', async ({ skip }) => {
  if (typeof cluster === 'string') return skip(cluster)
  const { crash } = cluster
  if (!crash) return skip('the server given is not ours to stop')
  const schema = freshSchema()
  const deps = { url: cluster.url }
  const options = { schema }
  const account = parseJid('user0@example.org').bare
  await using storage = await createSqlStorage(deps, options)
  const append = (n: number) =>
    storage.offline.append(
      account,
      { stanza: `<message id="a-${n}"/>`, receivedAt: 0 },
      Number.POSITIVE_INFINITY,
    )
  const outcomes: Promise<unknown>[] = []
  for (let n = 0; n < 20; n += 1) await append(n)
  const writing = (async () => {
    for (let n = 20; n < 2_000; n += 1) {
      const outcome = append(n)
      outcomes.push(outcome)
      await outcome.catch(() => {})
    }
  })()
  await crash()
  await writing
  const settled = await Promise.allSettled(outcomes)
  const lost = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
  expect(lost.length).toBeGreaterThan(0)
  for (const { reason } of lost)
    expect(reason).toMatchObject({
      code: expect.stringMatching(/^storage-sql\/(connection-lost|cannot-open)$/),
    })
  // The calls after the crash went through on new connections.
  expect(settled.at(-1)?.status).toBe('fulfilled')
  const there = new Set(await stored(deps, options))
  const acknowledged = settled.flatMap(({ status }, index) => (status === 'fulfilled' ? [index + 20] : []))
  expect(acknowledged.filter((n) => !there.has(`${account} a-${n}`))).toEqual([])
})
