import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { defineBatchCommands } from './batch-commands.js'
import type { Command } from './command.js'
import { createCommands } from './commands.js'
import { createJobs, type Job } from './jobs.js'
import { domain } from './values.js'

function setup() {
  const clock = createManualClock(0)
  return { clock, jobs: createJobs({ clock, logger: silentLogger }, { maxRunning: 2, maxEnded: 2 }) }
}

function counting(key: string, total: number, more: Partial<Job> = {}): Job & { left: () => number } {
  let left = total
  return {
    key,
    ratePerMinute: 600,
    batchSize: 10,
    step(limit) {
      const count = Math.min(limit, left)
      left -= count
      return count
    },
    left: () => left,
    ...more,
  }
}

describe('jobs', () => {
  test('a job works in batches at its rate, until a batch is not full', async () => {
    const { clock, jobs } = setup()
    const job = counting('a', 25)
    expect(jobs.start(job)).toEqual({ key: 'a', state: 'running', done: 0, startedAt: 0 })
    await clock.advance(0)
    expect(jobs.status('a')).toMatchObject({ state: 'running', done: 10 })
    await clock.advance(999)
    expect(job.left()).toBe(15)
    await clock.advance(1)
    expect(job.left()).toBe(5)
    await clock.advance(1_000)
    expect(jobs.status('a')).toEqual({ key: 'a', state: 'finished', done: 25, startedAt: 0, endedAt: 2_000 })
    expect(clock.timers).toBe(0)
  })

  test('a job can be aborted between batches', async () => {
    const { clock, jobs } = setup()
    const job = counting('a', 100)
    jobs.start(job)
    await clock.advance(1_500)
    expect(jobs.abort('a')).toBe(true)
    expect(await jobs.ended('a')).toMatchObject({ state: 'aborted', done: 20 })
    expect(jobs.abort('a')).toBe(false)
    expect(clock.timers).toBe(0)
    await clock.advance(60_000)
    expect(job.left()).toBe(80)
  })

  test('a job that fails says so, and the next may start', async () => {
    const { jobs } = setup()
    jobs.start(counting('a', 5, { step: () => Promise.reject(new Error('disk full')) }))
    expect(await jobs.ended('a')).toMatchObject({ state: 'failed', done: 0 })
    jobs.start(counting('a', 5))
    expect(await jobs.ended('a')).toMatchObject({ state: 'finished', done: 5 })
  })

  test('there is one job for a key and a limit for all', async () => {
    const { jobs } = setup()
    jobs.start(counting('a', 100))
    expect(() => jobs.start(counting('a', 1))).toThrow(
      expect.objectContaining({ code: 'commands/job-running' }),
    )
    jobs.start(counting('b', 100))
    expect(() => jobs.start(counting('c', 1))).toThrow(
      expect.objectContaining({ code: 'commands/too-many-jobs' }),
    )
    await jobs.close()
    expect(jobs.list().map(({ key, state }) => `${key} ${state}`)).toEqual(['b aborted', 'a aborted'])
  })

  test('only the latest ended jobs are remembered', async () => {
    const { jobs } = setup()
    for (const key of ['a', 'b', 'c']) {
      jobs.start(counting(key, 1))
      await jobs.ended(key)
    }
    expect(jobs.list().map(({ key }) => key)).toEqual(['c', 'b'])
    expect(jobs.status('a')).toBeUndefined()
    expect(await jobs.ended('a')).toBeUndefined()
  })

  test('without a limit of rate nothing waits', async () => {
    const { jobs } = setup()
    jobs.start(counting('a', 95, { ratePerMinute: Number.POSITIVE_INFINITY }))
    expect(await jobs.ended('a')).toMatchObject({ state: 'finished', done: 95 })
  })

  test('closing tells the step under way', async () => {
    const { clock, jobs } = setup()
    const step = (_: number, signal: AbortSignal) =>
      new Promise<number>((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new Error('stopped'))),
      )
    jobs.start(counting('a', 1, { step }))
    await clock.advance(0)
    await jobs[Symbol.asyncDispose]()
    expect(jobs.status('a')).toMatchObject({ state: 'aborted' })
  })
})

describe('batch commands', () => {
  function purge() {
    const { clock, jobs } = setup()
    const removed: [string, number][] = []
    let left = 15
    const defined = defineBatchCommands(
      { jobs },
      {
        name: 'delete_old_messages',
        tags: ['offline', 'purge'],
        description: 'Removes old messages',
        args: { host: domain() },
        key: ({ host }) => host,
        count: () => left,
        step({ host }, limit) {
          const count = Math.min(limit, left)
          left -= count
          removed.push([host, count])
          return count
        },
      },
    )
    const commands = createCommands({ logger: silentLogger, clock })
    for (const command of defined) commands.register(command)
    return { clock, commands, defined, removed }
  }

  test('are three: start, status, abort', async () => {
    const { clock, commands, defined, removed } = purge()
    expect(defined.map((command: Command) => command.name)).toEqual([
      'delete_old_messages_batch',
      'delete_old_messages_status',
      'abort_delete_old_messages',
    ])
    const host = 'example.org'
    const started = await commands.call('delete_old_messages_batch', {
      host,
      batchSize: 10,
      ratePerMinute: 600,
    })
    expect(started).toMatchObject({ key: 'delete_old_messages:example.org', state: 'running' })
    await clock.advance(0)
    expect(await commands.call('delete_old_messages_status', { host })).toMatchObject({
      state: 'running',
      done: 10,
    })
    expect(await commands.call('abort_delete_old_messages', { host })).toMatchObject({ done: 10 })
    await clock.advance(0)
    expect(await commands.call('delete_old_messages_status', { host })).toMatchObject({
      state: 'aborted',
      done: 10,
    })
    expect(removed).toEqual([[host, 10]])
  })

  test('know what they would do', async () => {
    const { commands, removed } = purge()
    expect(
      await commands.call('delete_old_messages_batch', { host: 'example.org' }, { dryRun: true }),
    ).toEqual({
      key: 'delete_old_messages:example.org',
      state: 'planned',
      done: 15,
    })
    expect(removed).toEqual([])
  })

  test('say when there is nothing to say', async () => {
    const { commands } = purge()
    await expect(commands.call('delete_old_messages_status', { host: 'example.org' })).rejects.toMatchObject({
      code: 'commands/not-found',
    })
  })

  test('their results can be written', async () => {
    const { commands, defined } = purge()
    const result = await commands.call('delete_old_messages_batch', { host: 'example.org' })
    expect(defined[0]?.result.write(result)).toMatchObject({
      state: 'running',
      startedAt: '1970-01-01T00:00:00.000Z',
    })
  })
})
