import { describe, expect, test } from 'vitest'
import { jsonKeyValue } from './json-key-value.js'
import { createMemoryKeyValue } from './memory-key-value.js'
import { createMemoryLog } from './memory-log.js'
import { createMemoryStorage } from './storage.js'

// The behaviour all implementations share is tested by @xmppkit/conformance; here is what only these have.

describe('limits', () => {
  test('a key-value store is bounded over all owners, but what is there can be changed', async () => {
    const store = createMemoryKeyValue({ maxEntries: 2, maxValueBytes: 4 })
    await store.set('a@x.example', 'k', '1')
    await store.set('b@x.example', 'k', '2')
    await expect(store.set('c@x.example', 'k', '3')).rejects.toMatchObject({ code: 'storage/full' })
    await expect(store.update('c@x.example', 'k', () => '3')).rejects.toMatchObject({ code: 'storage/full' })
    await store.set('a@x.example', 'k', 'more')
    await expect(store.set('a@x.example', 'k', 'much more')).rejects.toMatchObject({
      code: 'storage/bad-text',
    })
    expect(await store.get('a@x.example', 'k')).toBe('more')
    await store.delete('a@x.example', 'k')
    await store.set('c@x.example', 'k', '3')
    await store.removeOwner('c@x.example')
    await store.removeDomain('x.example', 10)
    await store.set('d@x.example', 'k', '4')
    await store.set('d@x.example', 'l', '5')
    await expect(store.set('d@x.example', 'm', '6')).rejects.toMatchObject({ code: 'storage/full' })
  })

  test('a log is bounded over all owners', async () => {
    const log = createMemoryLog({ maxEntries: 2, maxValueBytes: 4 })
    const { id } = (await log.append('a@x.example', { value: '1', at: 1 })) as { id: string }
    await log.append('b@x.example', { value: '2', at: 2 })
    await expect(log.append('c@x.example', { value: '3', at: 3 })).rejects.toMatchObject({
      code: 'storage/full',
    })
    await expect(log.append('c@x.example', { value: 'too long', at: 3 })).rejects.toMatchObject({
      code: 'storage/bad-text',
    })
    await log.ack('a@x.example', [id])
    await log.append('c@x.example', { value: '3', at: 3 })
    await log.removeOwner('c@x.example')
    await log.removeBefore('x.example', 10, 10)
    await log.append('c@x.example', { value: '4', at: 4 })
    await log.append('c@x.example', { value: '5', at: 5 })
    await expect(log.append('c@x.example', { value: '6', at: 6 })).rejects.toMatchObject({
      code: 'storage/full',
    })
  })
})

describe('json values', () => {
  const typed = () => {
    const store = createMemoryKeyValue()
    const values = jsonKeyValue(store, (value) => {
      if (typeof value !== 'object' || value === null || !('n' in value)) throw new Error('not one of ours')
      return value as { n: number }
    })
    return { store, values }
  }

  test('go in and come out as they were', async () => {
    const { store, values } = typed()
    await values.set('a@x.example', 'k', { n: 1 })
    expect(await store.get('a@x.example', 'k')).toBe('{"n":1}')
    expect(await values.get('a@x.example', 'k')).toEqual({ n: 1 })
    expect(await values.get('a@x.example', 'other')).toBeUndefined()
    expect(await values.list('a@x.example', { limit: 5 })).toEqual([{ key: 'k', value: { n: 1 } }])
    expect(await values.count('a@x.example')).toBe(1)
    expect(await values.delete('a@x.example', 'k')).toBe(true)
    await values.set('a@x.example', 'k', { n: 1 })
    expect(await values.removeOwner('a@x.example')).toBe(1)
    await values.set('a@x.example', 'k', { n: 1 })
    expect(await values.removeDomain('x.example', 5)).toBe(1)
  })

  test('are updated, left or removed', async () => {
    const { values } = typed()
    expect(await values.update('a@x.example', 'k', () => undefined)).toEqual({ changed: false })
    expect(await values.update('a@x.example', 'k', () => ({ n: 1 }))).toEqual({
      value: { n: 1 },
      changed: true,
    })
    expect(await values.update('a@x.example', 'k', (value) => value)).toEqual({
      previous: { n: 1 },
      value: { n: 1 },
      changed: false,
    })
    expect(await values.update('a@x.example', 'k', () => undefined)).toEqual({
      previous: { n: 1 },
      changed: true,
    })
  })

  test('that cannot be read or written are errors', async () => {
    const { store, values } = typed()
    await store.set('a@x.example', 'json', '{')
    await store.set('a@x.example', 'other', '[]')
    for (const key of ['json', 'other']) {
      await expect(values.get('a@x.example', key)).rejects.toMatchObject({ code: 'storage/bad-value' })
    }
    const unwritable = jsonKeyValue(store, (value) => value)
    await expect(unwritable.set('a@x.example', 'k', undefined)).rejects.toMatchObject({
      code: 'storage/bad-value',
    })
  })
})

test('a storage gives the same store for the same name, and others for others', async () => {
  const storage = createMemoryStorage({ maxEntries: 1 })
  expect(storage.keyValue('a')).toBe(storage.keyValue('a'))
  await storage.keyValue('a').set('x.example', 'k', '1')
  expect(await storage.keyValue('b').get('x.example', 'k')).toBeUndefined()
  expect(storage.log('a')).toBe(storage.log('a'))
  expect(storage.log('b')).not.toBe(storage.log('a'))
  expect(() => storage.log('')).toThrow('empty')
})
