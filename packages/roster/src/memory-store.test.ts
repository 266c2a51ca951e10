import { parseJid } from '@xmppkit/jid'
import { createManualClock } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { createMemoryRosterStore } from './memory-store.js'
import type { RosterItemChange } from './ports.js'
import { newItem } from './roster-items.js'

const juliet = parseJid('juliet@example.com').bare
const contact = (name: string) => parseJid(`${name}@example.net`).bare
const put = (name: string) => (): RosterItemChange => newItem(contact(name), true)
const gone = () => undefined

test('R-14: every write raises the version by one, from the current time on; what changes nothing does not', async () => {
  const store = createMemoryRosterStore({ clock: createManualClock(1000) })
  expect(await store.update(juliet, contact('a'), () => 'unchanged')).toEqual({ version: 0, changed: false })
  expect(await store.update(juliet, contact('a'), gone)).toEqual({ version: 0, changed: false })
  const added = await store.update(juliet, contact('a'), put('a'))
  expect(added).toMatchObject({ version: 1001, changed: true, item: { version: 1001 } })
  const kept = await store.update(juliet, contact('a'), () => 'unchanged')
  expect(kept).toEqual({ previous: added.item, item: added.item, version: 1001, changed: false })
  expect(await store.update(juliet, contact('a'), gone)).toEqual({
    previous: added.item,
    version: 1002,
    changed: true,
  })
})

test('a decision is given the item and how many there are; what it throws is thrown, and nothing written', async () => {
  const store = createMemoryRosterStore({ clock: createManualClock(1000) })
  const { item } = await store.update(juliet, contact('a'), put('a'))
  const refused = store.update(juliet, contact('a'), (current, count) => {
    expect(current).toBe(item)
    expect(count).toBe(1)
    throw new Error('no')
  })
  await expect(refused).rejects.toThrow('no')
  expect(await store.load(juliet)).toEqual({ version: 1001, items: [item] })
})

test('R-11: removals are remembered up to a number; who is further behind needs everything', async () => {
  const store = createMemoryRosterStore({ clock: createManualClock(1000) }, { maxRemovals: 2 })
  for (const name of ['a', 'b', 'c']) await store.update(juliet, contact(name), put(name))
  await store.update(juliet, contact('a'), gone)
  await store.update(juliet, contact('b'), gone)
  expect((await store.changedSince(juliet, 1000))?.removed.map(({ jid }) => jid.local)).toEqual(['a', 'b'])
  await store.update(juliet, contact('c'), gone)
  expect(await store.changedSince(juliet, 1003)).toBeUndefined()
  expect((await store.changedSince(juliet, 1004))?.removed.map(({ version }) => version)).toEqual([
    1005, 1006,
  ])
})

test('P-10: a roster that begins again does not repeat versions of the one before', async () => {
  const clock = createManualClock(1000)
  const store = createMemoryRosterStore({ clock })
  await store.update(juliet, contact('a'), put('a'))
  expect(await store.removeAll(juliet)).toHaveLength(1)
  expect(await store.count(juliet)).toBe(0)
  await clock.advance(1000)
  await store.update(juliet, contact('b'), put('b'))
  expect(await store.changedSince(juliet, 1001)).toBeUndefined()
  expect((await store.load(juliet)).version).toBe(2001)
})

test('accounts of two domains share nothing', async () => {
  const store = createMemoryRosterStore({ clock: createManualClock(1000) })
  const other = parseJid('juliet@example.org').bare
  await store.update(juliet, contact('a'), put('a'))
  expect(await store.load(other)).toEqual({ version: 0, items: [] })
  expect(await store.removeAll(other)).toEqual([])
  expect(await store.count(juliet)).toBe(1)
})
