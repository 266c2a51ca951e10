import { expect, test } from 'vitest'
import { createKeyedMutex } from './keyed-mutex.js'

test('tasks of one key run one after another, those of others meanwhile', async () => {
  const mutex = createKeyedMutex()
  const events: string[] = []
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const task = (name: string, wait?: Promise<void>) => async () => {
    events.push(`${name} begins`)
    await wait
    events.push(`${name} ends`)
    return name
  }
  const first = mutex.run('a', task('first', gate))
  const second = mutex.run('a', task('second'))
  expect(await mutex.run('b', task('other'))).toBe('other')
  expect(events).toEqual(['first begins', 'other begins', 'other ends'])
  release()
  expect(await Promise.all([first, second])).toEqual(['first', 'second'])
  expect(events.slice(3)).toEqual(['first ends', 'second begins', 'second ends'])
})

test('a task that fails does not keep the next from running', async () => {
  const mutex = createKeyedMutex()
  const failing = mutex.run('a', () => Promise.reject(new Error('no')))
  const next = mutex.run('a', async () => 'yes')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('yes')
})
