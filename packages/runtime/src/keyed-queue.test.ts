import { expect, test } from 'vitest'
import { createKeyedQueue } from './keyed-queue.js'

test('tasks of one key run one after another, also after one that failed; other keys do not wait', async () => {
  const queue = createKeyedQueue()
  const log: string[] = []
  let release = () => {}
  const first = queue.run('a', async () => {
    log.push('first')
    await new Promise<void>((resolve) => {
      release = resolve
    })
    log.push('first ended')
    throw new Error('failed')
  })
  const second = queue.run('a', async () => {
    log.push('second')
    return 2
  })
  await queue.run('b', async () => void log.push('other'))
  expect(log).toEqual(['first', 'other'])
  release()
  await expect(first).rejects.toThrow('failed')
  expect(await second).toBe(2)
  expect(log).toEqual(['first', 'other', 'first ended', 'second'])
})
