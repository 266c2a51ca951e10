/**
 * The suite for an `OfflineStore` of `@xmppkit/offline`.
 *
 * @packageDocumentation
 */
import { type BareJid, parseJid } from '@xmppkit/jid'
import type { NewOfflineMessage, OfflineMessage, OfflineStore } from '@xmppkit/offline'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const jid = (text: string): BareJid => parseJid(text).bare
const alice = jid('alice@example.org')
const noon = Date.UTC(2026, 0, 31, 12)
const minute = 60_000
const noLimit = Number.POSITIVE_INFINITY

const message = (text: string, more: Partial<NewOfflineMessage> = {}): NewOfflineMessage => ({
  stanza: `<message><body>${text}</body></message>`,
  receivedAt: noon,
  ...more,
})
const bodies = (messages: readonly OfflineMessage[]) =>
  messages.map(({ stanza }) => /<body>(.*)<\/body>/.exec(stanza)?.[1])

async function add(store: OfflineStore, text: string, more: Partial<NewOfflineMessage> = {}, owner = alice) {
  const outcome = await store.append(owner, message(text, more), noLimit)
  if (outcome === 'full') throw new Error('full without a limit')
  return outcome.id
}
async function addAll(store: OfflineStore, count: number, owner = alice): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) ids.push(await add(store, String(n), {}, owner))
  return ids
}
const lease = (
  store: OfflineStore,
  holder: string,
  more: { limit?: number; now?: number; until?: number } = {},
  owner = alice,
) => store.lease(owner, { holder, limit: 100, now: noon, until: noon + minute, ...more })

/**
 * Registers the tests of an `OfflineStore`.
 *
 * @example
 * ```ts
 * offlineStoreConformance('memory', () => ({ store: createMemoryOfflineStore() }))
 * ```
 */
export function offlineStoreConformance(name: string, open: OpenStore<OfflineStore>): void {
  describe(`offline store: ${name}`, () => {
    describe('append', () => appending(open))
    describe('limit', () => limiting(open))
    describe('lease', () => leasing(open))
    describe('expiry', () => expiring(open))
    describe('reading', () => reading(open))
    describe('removing', () => removing(open))
    describe('restart', () => lasting(open))
  })
}

function appending(open: OpenStore<OfflineStore>): void {
  test('ids sort in order of arrival', () =>
    withStore(open, async (store) => {
      const ids = await addAll(store, 25)
      expect([...ids].sort()).toEqual(ids)
      expect(new Set(ids).size).toBe(25)
      const listed = await store.list(alice, { limit: 100, now: noon })
      expect(listed.map(({ id }) => id)).toEqual(ids)
    }))

  test('messages appended without waiting keep their order', () =>
    withStore(open, async (store) => {
      await Promise.all(Array.from({ length: 50 }, (_, n) => store.append(alice, message(String(n)), 100)))
      expect(bodies(await lease(store, 'a'))).toEqual(Array.from({ length: 50 }, (_, n) => String(n)))
    }))

  test('ids are not used again', () =>
    withStore(open, async (store) => {
      const ids = await addAll(store, 3)
      await store.ack(alice, ids)
      expect((await add(store, 'next')) > (ids[2] as string)).toBe(true)
    }))

  test.each(awkwardTexts.filter(([what]) => what !== 'nothing'))(
    'a stanza is given back as it was: %s',
    (_, text) =>
      withStore(open, async (store) => {
        const id = await add(store, '', {
          stanza: text,
          receivedAt: noon + 123,
          expiresAt: noon + minute + 7,
        })
        const expected = { id, stanza: text, receivedAt: noon + 123, expiresAt: noon + minute + 7 }
        expect(await store.get(alice, id)).toEqual(expected)
        expect(await lease(store, 'a')).toEqual([expected])
      }),
  )

  test('a large stanza is given back as it was', () =>
    withStore(open, async (store) => {
      const stanza = `<message><body>${'Grüße \u{1F600} '.repeat(20_000)}</body></message>`
      const id = await add(store, '', { stanza })
      expect((await store.get(alice, id))?.stanza === stanza).toBe(true)
    }))

  test('a message without an end of life has none', () =>
    withStore(open, async (store) => {
      const id = await add(store, 'x')
      expect(await store.get(alice, id)).toEqual({ id, ...message('x') })
    }))
}

function limiting(open: OpenStore<OfflineStore>): void {
  test('what is above the limit is refused, and there is room again after an ack', () =>
    withStore(open, async (store) => {
      const append = (text: string) => store.append(alice, message(text), 2)
      const first = await append('1')
      await append('2')
      expect(await append('3')).toBe('full')
      expect(await store.count(alice, noon)).toBe(2)
      await store.ack(alice, [(first as { id: string }).id])
      expect(await append('4')).not.toBe('full')
      expect(bodies(await lease(store, 'a'))).toEqual(['2', '4'])
    }))

  test('leased messages count, expired ones do not', () =>
    withStore(open, async (store) => {
      await add(store, 'expired', { expiresAt: noon + 1 })
      await add(store, 'leased')
      await lease(store, 'a')
      const append = (receivedAt: number) => store.append(alice, message('new', { receivedAt }), 2)
      expect(await append(noon)).toBe('full')
      expect(await append(noon + 1)).not.toBe('full')
      expect(await append(noon + 1)).toBe('full')
    }))

  test('a limit of nothing keeps nothing', () =>
    withStore(open, async (store) => {
      expect(await store.append(alice, message('x'), 0)).toBe('full')
      expect(await store.count(alice, noon)).toBe(0)
    }))

  test('concurrent messages cannot get past the limit', () =>
    withStore(open, async (store) => {
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, n) => store.append(alice, message(String(n)), 10)),
      )
      expect(outcomes.filter((outcome) => outcome !== 'full')).toHaveLength(10)
      expect(await store.count(alice, noon)).toBe(10)
    }))

  test('one account being full does not concern another', () =>
    withStore(open, async (store) => {
      await store.append(alice, message('x'), 1)
      expect(await store.append(alice, message('x'), 1)).toBe('full')
      expect(await store.append(jid('alice@example.or'), message('x'), 1)).not.toBe('full')
    }))
}

function leasing(open: OpenStore<OfflineStore>): void {
  test('OFF-1: messages are handed out oldest first and stay until they are acknowledged', () =>
    withStore(open, async (store) => {
      const ids = await addAll(store, 5)
      expect(bodies(await lease(store, 'a', { limit: 2 }))).toEqual(['0', '1'])
      expect(bodies(await lease(store, 'a', { limit: 2 }))).toEqual(['2', '3'])
      expect(await store.count(alice, noon)).toBe(5)
      await store.ack(alice, ids.slice(0, 3))
      expect(await store.count(alice, noon)).toBe(2)
      expect(bodies(await lease(store, 'a'))).toEqual(['4'])
      expect(await lease(store, 'a')).toEqual([])
    }))

  test('while one holds older messages, another gets none', () =>
    withStore(open, async (store) => {
      await addAll(store, 4)
      await lease(store, 'a', { limit: 2 })
      expect(await lease(store, 'b')).toEqual([])
      await add(store, 'new')
      expect(await lease(store, 'b')).toEqual([])
    }))

  test('what is released waits again, in its place', () =>
    withStore(open, async (store) => {
      const ids = await addAll(store, 3)
      await lease(store, 'a')
      await store.ack(alice, [ids[0] as string])
      await store.release(alice, 'b')
      expect(await lease(store, 'b')).toEqual([])
      await store.release(alice, 'a')
      expect(bodies(await lease(store, 'b'))).toEqual(['1', '2'])
    }))

  test('a lease ends at its time, when its holder never came back', () =>
    withStore(open, async (store) => {
      await addAll(store, 2)
      await lease(store, 'a', { until: noon + minute })
      expect(await lease(store, 'b', { now: noon + minute - 1 })).toEqual([])
      expect(bodies(await lease(store, 'b', { now: noon + minute, until: noon + 2 * minute }))).toEqual([
        '0',
        '1',
      ])
      expect(await lease(store, 'a', { now: noon + minute + 1, until: noon + 2 * minute })).toEqual([])
    }))

  test('of those who ask at once, each message goes to one', () =>
    withStore(open, async (store) => {
      await addAll(store, 30)
      const holders = Array.from({ length: 10 }, (_, n) => `holder${n}`)
      const taken = await Promise.all(holders.map((holder) => lease(store, holder, { limit: 5 })))
      const all = taken.flat().map(({ id }) => id)
      expect(all.length).toBeGreaterThan(0)
      expect(new Set(all).size).toBe(all.length)
      // Order holds, so only one of them can have the oldest ones.
      expect(taken.filter((messages) => messages.length > 0)).toHaveLength(1)
    }))

  test('acknowledging what is not there does nothing', () =>
    withStore(open, async (store) => {
      const [id] = await addAll(store, 1)
      const other = await add(store, 'x', {}, jid('bob@example.org'))
      await store.ack(alice, [other, '', 'x', '-1', "1' or '1'='1", '99999999999999999999', '١', `${id} `])
      await store.ack(alice, [])
      expect([await store.count(alice, noon), await store.count(jid('bob@example.org'), noon)]).toEqual([
        1, 1,
      ])
      await store.ack(alice, [id as string, id as string])
      await store.ack(alice, [id as string])
      expect(await store.count(alice, noon)).toBe(0)
    }))

  test('many messages are acknowledged at once', () =>
    withStore(open, async (store) => {
      const ids = await Promise.all(Array.from({ length: 150 }, (_, n) => add(store, String(n))))
      await store.ack(alice, ids.slice(0, 149))
      expect(bodies(await lease(store, 'a'))).toEqual(['149'])
    }))

  test('holders may be called anything', () =>
    withStore(open, async (store) => {
      await addAll(store, 2)
      for (const [, holder] of awkwardTexts.filter(([what]) => what !== 'nothing')) {
        expect(await lease(store, holder)).toHaveLength(2)
        await store.release(alice, holder)
      }
    }))
}

function expiring(open: OpenStore<OfflineStore>): void {
  test('expired messages are neither handed out, listed nor counted', () =>
    withStore(open, async (store) => {
      await add(store, 'kept')
      await add(store, 'short', { expiresAt: noon + minute })
      await add(store, 'long', { expiresAt: noon + 2 * minute })
      expect(await store.count(alice, noon + minute - 1)).toBe(3)
      const now = noon + minute
      expect(await store.count(alice, now)).toBe(2)
      expect(bodies(await store.list(alice, { limit: 10, now }))).toEqual(['kept', 'long'])
      expect(bodies(await lease(store, 'a', { now, until: now + minute }))).toEqual(['kept', 'long'])
    }))

  test('an expired message somebody holds is in nobody’s way', () =>
    withStore(open, async (store) => {
      await add(store, 'short', { expiresAt: noon + 10 })
      await lease(store, 'a')
      await add(store, 'next')
      expect(bodies(await lease(store, 'b', { now: noon + 10 }))).toEqual(['next'])
    }))

  test('expired messages of all accounts are removed, as many as asked', () =>
    withStore(open, async (store) => {
      const owners = ['a@example.org', 'b@example.org', 'a@other.example'].map(jid)
      for (const owner of owners) {
        await add(store, 'kept', {}, owner)
        await add(store, 'gone', { expiresAt: noon + 1 }, owner)
        await add(store, 'later', { expiresAt: noon + minute }, owner)
      }
      expect(await store.removeExpired(noon, 10)).toBe(0)
      expect(await store.removeExpired(noon + 1, 2)).toBe(2)
      expect(await store.removeExpired(noon + 1, 10)).toBe(1)
      for (const owner of owners) {
        expect(bodies(await store.list(owner, { limit: 10, now: noon }))).toEqual(['kept', 'later'])
      }
    }))
}

function reading(open: OpenStore<OfflineStore>): void {
  test('messages are listed in pages, leased or not', () =>
    withStore(open, async (store) => {
      const ids = await addAll(store, 5)
      await lease(store, 'a', { limit: 2 })
      const page = (after?: string) =>
        store.list(alice, { limit: 2, now: noon, ...(after !== undefined && { after }) })
      expect(bodies(await page())).toEqual(['0', '1'])
      expect(bodies(await page(ids[1]))).toEqual(['2', '3'])
      expect(bodies(await page(ids[3]))).toEqual(['4'])
      expect(bodies(await page(ids[4]))).toEqual([])
      await store.ack(alice, [ids[2] as string])
      expect(bodies(await page(ids[2]))).toEqual(['3', '4'])
    }))

  test('only messages of the account are found by id', () =>
    withStore(open, async (store) => {
      const [id] = await addAll(store, 1)
      expect((await store.get(alice, id as string))?.id).toBe(id)
      for (const wrong of ['', 'x', '-1', "' or 1=1", '9999999999999999', '99999999999999999999']) {
        expect(await store.get(alice, wrong)).toBeUndefined()
      }
      expect(await store.get(jid('bob@example.org'), id as string)).toBeUndefined()
    }))

  test('accounts that look alike are apart', () =>
    withStore(open, async (store) => {
      const owners = [
        'alice@example.org',
        'alice@example.or',
        'lice@example.org',
        'alice@sub.example.org',
        'alice_@example.org',
        'alice%@example.org',
      ].map(jid)
      for (const owner of owners) await add(store, owner.toString(), {}, owner)
      for (const owner of owners) {
        expect(bodies(await lease(store, 'a', {}, owner))).toEqual([owner.toString()])
        expect(await store.count(owner, noon)).toBe(1)
      }
      await store.release(owners[0]!, 'a')
      expect(await lease(store, 'b', {}, owners[1])).toEqual([])
      await store.removeAll(owners[0]!)
      expect(await Promise.all(owners.map((owner) => store.count(owner, noon)))).toEqual([0, 1, 1, 1, 1, 1])
    }))
}

function removing(open: OpenStore<OfflineStore>): void {
  test('all messages of an account are removed, held ones too', () =>
    withStore(open, async (store) => {
      await addAll(store, 3)
      await lease(store, 'a', { limit: 1 })
      expect(await store.removeAll(alice)).toBe(3)
      expect(await store.removeAll(alice)).toBe(0)
      expect(await store.count(alice, noon)).toBe(0)
      await store.ack(alice, ['0000000000000001'])
      await store.release(alice, 'a')
    }))

  test('old messages of one domain are removed, as many as asked', () =>
    withStore(open, async (store) => {
      const owners = ['a@example.org', 'b@example.org', 'a@sub.example.org', 'a@xexample.org'].map(jid)
      for (const owner of owners) {
        await add(store, 'old', { receivedAt: noon - minute }, owner)
        await add(store, 'new', { receivedAt: noon }, owner)
      }
      expect(await store.removeOlder('example.org', noon - minute, 10)).toBe(0)
      expect(await store.removeOlder('example.org', noon, 1)).toBe(1)
      expect(await store.removeOlder('example.org', noon, 10)).toBe(1)
      const counts = await Promise.all(owners.map((owner) => store.count(owner, noon)))
      expect(counts).toEqual([1, 1, 2, 2])
    }))
}

function lasting(open: OpenStore<OfflineStore>): void {
  test('what was answered is there after a restart, and ids go on', () =>
    withStore(open, async (store, reopen) => {
      const ids = await addAll(store, 3)
      await add(store, 'expires', { expiresAt: noon + minute })
      await store.ack(alice, [ids[0] as string])
      const before = await store.list(alice, { limit: 10, now: noon })
      const last = await add(store, 'gone')
      await store.ack(alice, [last])
      if (!reopen) return
      const again = await reopen()
      expect(await again.list(alice, { limit: 10, now: noon })).toEqual(before)
      expect((await add(again, 'new')) > last).toBe(true)
    }))

  test('a lease of before a restart does not outlive its time', () =>
    withStore(open, async (store, reopen) => {
      await addAll(store, 2)
      await lease(store, 'a', { until: noon + minute })
      const again = reopen ? await reopen() : store
      expect(bodies(await lease(again, 'b', { now: noon + minute, until: noon + 2 * minute }))).toEqual([
        '0',
        '1',
      ])
    }))
}
