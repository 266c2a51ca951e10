/**
 * The suite for an `OutboxStore` of `@xmppkit/outbox`.
 *
 * @packageDocumentation
 */
import type { NewOutboxEntry, OutboxStore } from '@xmppkit/outbox'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const noon = Date.UTC(2026, 0, 31, 12)
const crm = 'crm'
const many = 1000

function entry(event: string, more: Partial<NewOutboxEntry> = {}): NewOutboxEntry {
  const usual = { target: crm, conversation: 'a b', account: 'a@example.org', type: 'message.sent', at: noon }
  return { ...usual, event, ...more }
}

/** Appends one after another. */
async function fill(store: OutboxStore, ...events: readonly (string | NewOutboxEntry)[]): Promise<void> {
  for (const one of events) await store.append([typeof one === 'string' ? entry(one) : one])
}

const waiting = async (store: OutboxStore, limit = many, except: readonly string[] = [], target = crm) =>
  (await store.waiting(target, limit, except)).map(({ event }) => event)
const dead = async (store: OutboxStore, target = crm) =>
  (await store.dead({ target, limit: many })).map(({ event }) => event)

async function idOf(store: OutboxStore, event: string): Promise<string> {
  const found = (await store.waiting(crm, many, [])).find((one) => one.event === event)
  return found?.id ?? 'none'
}

/** Gives up the entries with these events. */
async function bury(store: OutboxStore, events: readonly string[], at = noon): Promise<void> {
  for (const event of events) await store.bury(crm, await idOf(store, event), { error: 'no', at })
}

/**
 * Registers the tests of an `OutboxStore`.
 *
 * @example
 * ```ts
 * outboxStoreConformance('memory', () => ({ store: createMemoryOutboxStore() }))
 * ```
 */
export function outboxStoreConformance(name: string, open: OpenStore<OutboxStore>): void {
  describe(`outbox store: ${name}`, () => {
    keeping(open)
    arriving(open)
    givingUp(open)
    leading(open)
  })
}

function keeping(open: OpenStore<OutboxStore>): void {
  test('a target nobody wrote to has nothing', () =>
    withStore(open, async (store) => {
      expect(await waiting(store)).toEqual([])
      expect(await dead(store)).toEqual([])
      expect(await store.count(crm)).toEqual({ waiting: 0, dead: 0 })
      await store.append([])
      await store.ack(crm, [])
    }))

  test.each(awkwardTexts)('an entry is given back as it was: %s', (_, text) =>
    withStore(open, async (store) => {
      const kept = entry(text, { conversation: text, account: text, type: text, at: noon + 123 })
      await store.append([kept])
      expect(await store.waiting(crm, 1, [])).toEqual([{ ...kept, id: expect.any(String), refusals: 0 }])
      expect(await waiting(store, many, [text])).toEqual([])
    }),
  )

  test('in order, also past the tenth; so many at a time', () =>
    withStore(open, async (store) => {
      const events = Array.from({ length: 12 }, (_, n) => `e${n}`)
      await fill(store, ...events)
      expect(await waiting(store)).toEqual(events)
      expect(await waiting(store, 3)).toEqual(['e0', 'e1', 'e2'])
      const ids = (await store.waiting(crm, many, [])).map(({ id }) => id)
      expect([...ids].sort()).toEqual(ids)
    }))

  test('M-7: those of one conversation that are appended at once keep their order', () =>
    withStore(open, async (store) => {
      const events = Array.from({ length: 50 }, (_, n) => `e${n}`)
      await Promise.all(events.map((event) => store.append([entry(event)])))
      expect(await waiting(store)).toEqual(events)
    }))

  test('several targets have their own, of one append', () =>
    withStore(open, async (store) => {
      await store.append([entry('1'), entry('2', { target: 'other' })])
      expect(await waiting(store)).toEqual(['1'])
      expect(await waiting(store, many, [], 'other')).toEqual(['2'])
      const [own] = await store.waiting(crm, 1, [])
      await store.ack('other', [own!.id])
      await store.refused('other', own!.id)
      await store.bury('other', own!.id, { error: 'no', at: noon })
      expect(await store.waiting(crm, 1, [])).toEqual([own])
    }))

  test('conversations can be left out', () =>
    withStore(open, async (store) => {
      await fill(store, entry('1', { conversation: 'x' }), entry('2', { conversation: 'y' }), '3')
      expect(await waiting(store, many, ['x', 'a b'])).toEqual(['2'])
      expect(await waiting(store, 1, ['x'])).toEqual(['2'])
    }))
}

function arriving(open: OpenStore<OutboxStore>): void {
  test('what has arrived is gone; unknown ids are ignored', () =>
    withStore(open, async (store) => {
      await fill(store, '1', '2', '3')
      await store.ack(crm, [await idOf(store, '2'), await idOf(store, '3'), 'unknown', '9999999999999999'])
      await store.ack(crm, ['unknown'])
      expect(await waiting(store)).toEqual(['1'])
      expect(await store.count(crm)).toEqual({ waiting: 1, dead: 0 })
    }))

  test('refusals are counted', () =>
    withStore(open, async (store) => {
      await fill(store, '1')
      const id = await idOf(store, '1')
      await store.refused(crm, id)
      await store.refused(crm, id)
      await store.refused(crm, 'unknown')
      expect((await store.waiting(crm, 1, [])).map(({ refusals }) => refusals)).toEqual([2])
    }))
}

function givingUp(open: OpenStore<OutboxStore>): void {
  test('what is given up waits no longer, and can be looked at', () =>
    withStore(open, async (store) => {
      await fill(store, '1', '2', '3')
      await store.refused(crm, await idOf(store, '2'))
      await store.bury(crm, await idOf(store, '2'), { error: 'the receiver said no', at: noon + 5 })
      await store.bury(crm, 'unknown', { error: 'x', at: noon })
      expect(await waiting(store)).toEqual(['1', '3'])
      expect(await store.count(crm)).toEqual({ waiting: 2, dead: 1 })
      const [gone] = await store.dead({ limit: many })
      expect(gone).toEqual({
        ...entry('2'),
        id: gone!.id,
        refusals: 1,
        deadAt: noon + 5,
        error: 'the receiver said no',
      })
      await store.ack(crm, [gone!.id])
      expect(await dead(store)).toEqual(['2'])
      expect(await store.dead({ target: 'other', limit: many })).toEqual([])
      expect(await store.dead({ after: gone!.id, limit: many })).toEqual([])
      expect(await store.dead({ after: 'unknown', limit: many })).toEqual([])
    }))

  test('it can be tried again, in its old place', () =>
    withStore(open, async (store) => {
      await fill(store, '1', '2', '3')
      await store.refused(crm, await idOf(store, '1'))
      await bury(store, ['1', '2'])
      expect(await store.revive(crm, 1)).toBe(1)
      expect(await waiting(store)).toEqual(['1', '3'])
      expect((await store.waiting(crm, 1, []))[0]?.refusals).toBe(0)
      expect(await store.revive(crm, many)).toBe(1)
      expect(await store.revive(crm, many)).toBe(0)
      expect(await waiting(store)).toEqual(['1', '2', '3'])
    }))

  test('it can be removed: by age, or with the account it is about', () =>
    withStore(open, async (store) => {
      await fill(store, '1', '2', entry('3', { account: 'b@example.org' }), '4')
      await bury(store, ['1'], noon)
      await bury(store, ['2', '3'], noon + 10)
      expect(await store.purge(crm, noon, many)).toBe(0)
      expect(await store.purge('other', noon + 100, many)).toBe(0)
      expect(await store.purge(crm, noon + 1, many)).toBe(1)
      expect(await store.forget('a@example.org')).toBe(1)
      expect(await dead(store)).toEqual(['3'])
      expect(await waiting(store)).toEqual(['4'])
    }))
}

function leading(open: OpenStore<OutboxStore>): void {
  test('one delivers to a target at a time, until its time is over or it gives up', () =>
    withStore(open, async (store) => {
      expect(await store.lease(crm, 'one', noon, noon + 10)).toBe(true)
      expect(await store.lease(crm, 'two', noon + 9, noon + 20)).toBe(false)
      expect(await store.lease('other', 'two', noon, noon + 10)).toBe(true)
      expect(await store.lease(crm, 'one', noon + 5, noon + 15)).toBe(true)
      expect(await store.lease(crm, 'two', noon + 14, noon + 30)).toBe(false)
      expect(await store.lease(crm, 'two', noon + 15, noon + 30)).toBe(true)
      await store.release(crm, 'one')
      expect(await store.lease(crm, 'one', noon + 16, noon + 30)).toBe(false)
      await store.release(crm, 'two')
      expect(await store.lease(crm, 'one', noon + 16, noon + 30)).toBe(true)
    }))
}
