import { parseJid } from '@xmppkit/jid'
import { createManualClock } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { fakeHost } from './fake-host.js'
import { createMemoryRosterStore } from './memory-store.js'
import type { RosterItemChange, RosterStore } from './ports.js'
import { createRosterCache } from './roster-cache.js'
import { newItem } from './roster-items.js'

const juliet = parseJid('juliet@example.com').bare
const nurse = parseJid('nurse@example.com').bare
const romeo = parseJid('romeo@example.net').bare
const paris = parseJid('paris@example.net').bare

const named = (contact: typeof juliet, name: string) => (): RosterItemChange => ({
  ...newItem(contact, true),
  name,
})

/** A cache over a store that counts what it is asked, and can be made to wait. */
function scene(options: { maxItems?: number } = {}) {
  const memory = createMemoryRosterStore({ clock: createManualClock() })
  const asked: string[] = []
  const store: RosterStore = {
    ...memory,
    load: (account) => {
      asked.push(`load ${account.local}`)
      return memory.load(account)
    },
    get: (account, contact) => {
      asked.push(`get ${account.local} ${contact.local}`)
      return memory.get(account, contact)
    },
  }
  return { memory, store, asked, cache: createRosterCache(store, options) }
}

describe('the cache', () => {
  test('a roster is read once, and then answers for its items too', async () => {
    const { cache, memory, asked } = scene()
    await memory.update(juliet, romeo, named(romeo, 'Romeo'))
    expect(await cache.load(juliet)).toEqual(await memory.load(juliet))
    expect(await cache.load(juliet)).toEqual(await memory.load(juliet))
    expect((await cache.get(juliet, romeo))?.name).toBe('Romeo')
    expect(await cache.get(juliet, paris)).toBeUndefined()
    expect(asked).toEqual(['load juliet'])
  })

  test('an item of a roster that was not read is asked for alone', async () => {
    const { cache, asked } = scene()
    await cache.get(juliet, romeo)
    await cache.get(juliet, romeo)
    expect(asked).toEqual(['get juliet romeo', 'get juliet romeo'])
  })

  test('changes through it are seen at once, in the order of their versions', async () => {
    const { cache, memory, asked } = scene()
    await cache.update(juliet, romeo, named(romeo, 'Romeo'))
    await cache.load(juliet)
    await cache.update(juliet, paris, named(paris, 'Paris'))
    await cache.update(juliet, romeo, named(romeo, 'Husband'))
    const roster = await cache.load(juliet)
    expect(roster).toEqual(await memory.load(juliet))
    expect(roster.items.map((item) => item.name)).toEqual(['Paris', 'Husband'])
    await cache.update(juliet, paris, () => undefined)
    await cache.update(juliet, paris, () => 'unchanged')
    expect(await cache.load(juliet)).toEqual(await memory.load(juliet))
    expect(roster.items).toHaveLength(2)
    expect(asked).toEqual(['load juliet'])
  })

  test('a removed roster is gone', async () => {
    const { cache } = scene()
    await cache.update(juliet, romeo, named(romeo, 'Romeo'))
    await cache.load(juliet)
    expect(await cache.removeAll(juliet)).toHaveLength(1)
    expect(await cache.load(juliet)).toEqual({ version: 0, items: [] })
  })

  test('what was being read while something was written is not kept', async () => {
    const { cache, memory, store } = scene()
    await memory.update(juliet, romeo, named(romeo, 'Romeo'))
    const old = await memory.load(juliet)
    let arrive = () => {}
    store.load = async () => {
      await new Promise<void>((resolve) => {
        arrive = resolve
      })
      return old
    }
    const reading = cache.load(juliet)
    await cache.update(juliet, paris, named(paris, 'Paris'))
    arrive()
    expect(await reading).toBe(old)
    store.load = memory.load
    expect((await cache.load(juliet)).items).toHaveLength(2)
  })

  test('a version that is not the next one shows that somebody else writes, and is read anew', async () => {
    const { cache, memory } = scene()
    await cache.update(juliet, romeo, named(romeo, 'Romeo'))
    await cache.load(juliet)
    await memory.update(juliet, nurse, named(nurse, 'Nurse'))
    await cache.update(juliet, paris, named(paris, 'Paris'))
    expect((await cache.load(juliet)).items).toHaveLength(3)
  })

  test('after a write that failed the roster is read anew: it may have been written', async () => {
    const { cache, memory, store } = scene()
    await cache.update(juliet, romeo, named(romeo, 'Romeo'))
    await cache.load(juliet)
    store.update = async (...args) => {
      await memory.update(...args)
      throw new Error('connection lost')
    }
    await expect(cache.update(juliet, paris, named(paris, 'Paris'))).rejects.toThrow('connection lost')
    expect((await cache.load(juliet)).items).toHaveLength(2)
  })

  test('readers at the same moment share one read, and a failed one is tried again', async () => {
    const { cache, store, memory, asked } = scene()
    await Promise.all([cache.load(juliet), cache.load(juliet)])
    expect(asked).toEqual(['load juliet'])
    store.load = () => Promise.reject(new Error('down'))
    await expect(cache.load(romeo)).rejects.toThrow('down')
    store.load = memory.load
    expect(await cache.load(romeo)).toEqual({ version: 0, items: [] })
  })

  test('L-1: the rosters used least recently go first, long texts count more', async () => {
    const { cache, memory, asked } = scene({ maxItems: 6 })
    for (const account of [juliet, romeo]) await memory.update(account, nurse, named(nurse, 'Nurse'))
    await memory.update(paris, nurse, named(nurse, 'x'.repeat(1024)))
    await cache.load(juliet)
    await cache.load(romeo)
    await cache.load(juliet)
    await cache.load(paris)
    asked.length = 0
    await cache.load(juliet)
    await cache.load(paris)
    await cache.load(romeo)
    expect(asked).toEqual(['load romeo'])
  })

  test('L-1: a roster larger than the cache is not kept, nor grown beyond it', async () => {
    const { cache, asked } = scene({ maxItems: 2 })
    await cache.update(juliet, romeo, named(romeo, 'Romeo'))
    await cache.load(juliet)
    await cache.update(juliet, paris, named(paris, 'Paris'))
    await cache.load(juliet)
    await cache.load(juliet)
    expect(asked).toEqual(['load juliet', 'load juliet', 'load juliet'])
  })
})

test('N-11: with cachedItems a host reads a roster once, and who was cut off sees nothing any more', async () => {
  let loads = 0
  const host = fakeHost({
    options: { cachedItems: 100 },
    store: (store) => ({
      ...store,
      load: (account) => {
        loads += 1
        return store.load(account)
      },
      get: () => Promise.reject(new Error('asked for one item')),
    }),
  })
  await host.connect('juliet@example.com/balcony')
  const client = await host.online('juliet@example.com/chamber')
  await host.arrives("<presence type='subscribe' from='romeo@example.net' to='juliet@example.com'/>")
  await client.send("<presence type='subscribed' to='romeo@example.net'/>")
  host.away()
  loads = 0
  await client.send('<presence><show>away</show></presence>')
  await client.send('<presence><show>dnd</show></presence>')
  await host.arrives("<presence type='probe' from='romeo@example.net' to='juliet@example.com'/>")
  expect(host.away()).toHaveLength(3)
  expect(loads).toBeLessThanOrEqual(1)
  await client.send("<presence type='unsubscribed' to='romeo@example.net'/>")
  host.away()
  await client.send('<presence/>')
  await host.arrives("<presence type='probe' from='romeo@example.net' to='juliet@example.com'/>")
  expect(host.away()).toEqual([])
})
