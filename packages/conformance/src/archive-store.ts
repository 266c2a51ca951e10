/**
 * The suite for an `ArchiveStore` of `@xmppkit/archive`.
 *
 * @packageDocumentation
 */
import {
  type ArchivePage,
  type ArchivePageRequest,
  type ArchiveStore,
  type NewArchivedMessage,
  unknownId,
} from '@xmppkit/archive'
import { type BareJid, type Jid, parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { checkAccountPages } from './account-pages.js'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const bare = (text: string): BareJid => parseJid(text).bare
const alice = bare('alice@example.org')
const bob = parseJid('bob@example.net/phone')
const noon = Date.UTC(2026, 0, 31, 12)
const minute = 60_000

const message = (id: string, more: Partial<NewArchivedMessage> = {}): NewArchivedMessage => ({
  id,
  with: bob,
  direction: 'received',
  kind: 'chat',
  stanza: `<message><body>${id}</body></message>`,
  body: id,
  at: noon,
  ...more,
})
const add = (store: ArchiveStore, id: string, more: Partial<NewArchivedMessage> = {}, owner = alice) =>
  store.append(owner, [message(id, more)])

/** Appends messages `0`, `1` and so on, a minute apart. */
async function addAll(
  store: ArchiveStore,
  count: number,
  more: Partial<NewArchivedMessage> = {},
): Promise<void> {
  const messages = Array.from({ length: count }, (_, n) =>
    message(String(n), { at: noon + n * minute, ...more }),
  )
  await store.append(alice, messages)
}

async function page(
  store: ArchiveStore,
  more: Partial<ArchivePageRequest> = {},
  owner = alice,
): Promise<ArchivePage> {
  const found = await store.page(owner, { limit: 100, ...more })
  if (found === unknownId) throw new Error('an id is unknown')
  return found
}
const ids = ({ messages }: ArchivePage) => messages.map(({ id }) => id).join(' ')
const found = async (...about: Parameters<typeof page>) => ids(await page(...about))
/** The ids of a page, and a mark if there is more. */
const paged = async (...about: Parameters<typeof page>) => {
  const answer = await page(...about)
  return `${ids(answer)}${answer.complete ? '' : ' ...'}`.trim()
}

/**
 * Registers the tests of an `ArchiveStore`.
 *
 * @example
 * ```ts
 * archiveStoreConformance('memory', () => ({ store: createMemoryArchiveStore() }))
 * ```
 */
export function archiveStoreConformance(name: string, open: OpenStore<ArchiveStore>): void {
  describe(`archive store: ${name}`, () => {
    describe('append', () => appending(open))
    describe('pages', () => paging(open))
    describe('filters', () => filtering(open))
    describe('search', () => searching(open))
    describe('replace', () => replacing(open))
    describe('removing', () => removing(open))
    describe('preferences', () => preferring(open))
    describe('restart', () => lasting(open))
  })
}

function appending(open: OpenStore<ArchiveStore>): void {
  test('MAM-1: what was appended is there, in order, as it was', () =>
    withStore(open, async (store) => {
      await addAll(store, 25)
      const { messages, complete } = await page(store)
      expect(messages.map(({ id, at }) => [id, at])).toEqual(
        Array.from({ length: 25 }, (_, n) => [String(n), noon + n * minute]),
      )
      expect(messages[3]?.stanza).toBe('<message><body>3</body></message>')
      expect(complete).toBe(true)
    }))

  test('MAM-1: messages appended without waiting keep their order', () =>
    withStore(open, async (store) => {
      await Promise.all(Array.from({ length: 50 }, (_, n) => add(store, String(n))))
      expect(await found(store)).toBe(Array.from({ length: 50 }, (_, n) => n).join(' '))
    }))

  test('MAM-1: a clock that is set back does not disturb the order, nor time go back', () =>
    withStore(open, async (store) => {
      await add(store, 'a')
      await add(store, 'b', { at: noon - minute })
      await add(store, 'c', { at: noon + minute })
      await store.append(alice, [message('d', { at: noon }), message('e', { at: noon + 2 * minute })])
      const { messages } = await page(store)
      expect(messages.map(({ id, at }) => [id, (at - noon) / minute])).toEqual([
        ['a', 0],
        ['b', 0],
        ['c', 1],
        ['d', 1],
        ['e', 2],
      ])
      expect(await found(store, { start: noon + minute })).toBe('c d e')
      // Another archive has its own time.
      await add(store, 'x', { at: noon }, bare('carol@example.org'))
      expect((await page(store, {}, bare('carol@example.org'))).messages[0]?.at).toBe(noon)
    }))

  test.each(awkwardTexts.filter(([what]) => what !== 'nothing'))(
    'texts are given back as they were: %s',
    (_, text) =>
      withStore(open, async (store) => {
        await add(store, 'a', { stanza: text, body: text, originId: text })
        expect((await page(store)).messages[0]?.stanza).toBe(text)
        expect((await store.find(alice, { with: bob.bare, direction: 'received', originId: text }))?.id).toBe(
          'a',
        )
      }),
  )

  test('MAM-1: a message is appended to two archives, to both or to none', () =>
    withStore(open, async (store) => {
      const carol = bare('carol@example.org')
      const both = (id: string, more: Partial<NewArchivedMessage> = {}) =>
        store.appendBoth(
          { account: alice, message: message(`a${id}`, { direction: 'sent', ...more }) },
          { account: carol, message: message(`c${id}`) },
        )
      await Promise.all([both('1'), both('2'), both('3')])
      expect(await found(store)).toBe('a1 a2 a3')
      expect(await found(store, {}, carol)).toBe('c1 c2 c3')
      // To oneself, from oneself.
      await store.appendBoth(
        { account: alice, message: message('x') },
        { account: alice, message: message('y') },
      )
      expect(await found(store)).toBe('a1 a2 a3 x y')
    }))

  test('nothing is appended, and nothing happens', () =>
    withStore(open, async (store) => {
      await store.append(alice, [])
      expect(await store.count(alice)).toBe(0)
    }))

  test('the ends of an archive', () =>
    withStore(open, async (store) => {
      expect(await store.bounds(alice)).toBeUndefined()
      await addAll(store, 1)
      await add(store, 'other', { at: noon + 9 * minute }, bare('carol@example.org'))
      const { first, last } = (await store.bounds(alice)) ?? {}
      expect([first?.id, first?.at, last?.id]).toEqual(['0', noon, '0'])
      await add(store, 'z', { at: noon + 5 * minute })
      const bounds = await store.bounds(alice)
      expect([bounds?.first.id, bounds?.last.id, bounds?.last.at]).toEqual(['0', 'z', noon + 5 * minute])
    }))

  test('archives that look alike are apart', () =>
    withStore(open, async (store) => {
      const owners = [
        'alice@example.org',
        'alice@example.or',
        'lice@example.org',
        'alice_@example.org',
        'alice%@example.org',
      ].map(bare)
      for (const owner of owners) await add(store, 'same', { stanza: owner.toString() }, owner)
      for (const owner of owners) {
        const { messages } = await page(store, { ids: ['same'] }, owner)
        expect(messages.map(({ stanza }) => stanza)).toEqual([owner.toString()])
      }
      await store.remove(owners[0] as BareJid, { limit: 10 })
      expect(await Promise.all(owners.map((owner) => store.count(owner)))).toEqual([0, 1, 1, 1, 1])
    }))
}

function paging(open: OpenStore<ArchiveStore>): void {
  test('forwards, from the oldest', () =>
    withStore(open, async (store) => {
      await addAll(store, 7)
      expect(await paged(store, { limit: 3 })).toBe('0 1 2 ...')
      expect(await paged(store, { limit: 3, after: ['2'] })).toBe('3 4 5 ...')
      expect(await paged(store, { limit: 3, after: ['5'] })).toBe('6')
      expect(await paged(store, { limit: 3, after: ['3'] })).toBe('4 5 6')
      expect(await paged(store, { limit: 3, after: ['6'] })).toBe('')
    }))

  test('backwards, from the newest; each page oldest first', () =>
    withStore(open, async (store) => {
      await addAll(store, 7)
      expect(await paged(store, { limit: 3, newest: true })).toBe('4 5 6 ...')
      expect(await paged(store, { limit: 3, newest: true, before: ['4'] })).toBe('1 2 3 ...')
      expect(await paged(store, { limit: 3, newest: true, before: ['1'] })).toBe('0')
      expect(await paged(store, { limit: 3, newest: true, before: ['3'] })).toBe('0 1 2')
      expect(await paged(store, { limit: 3, newest: true, before: ['0'] })).toBe('')
    }))

  test('between messages, whichever is nearer counts', () =>
    withStore(open, async (store) => {
      await addAll(store, 9)
      expect(await paged(store, { after: ['1', '3'], before: ['8', '7'] })).toBe('4 5 6')
      expect(await paged(store, { after: ['5'], before: ['2'] })).toBe('')
      expect(await paged(store, { after: ['2'], before: ['6'], limit: 1, newest: true })).toBe('5 ...')
    }))

  test('a page of nothing, and one after leaving some out', () =>
    withStore(open, async (store) => {
      expect(await paged(store, { limit: 0 })).toBe('')
      await addAll(store, 5)
      expect(await paged(store, { limit: 0 })).toBe('...')
      expect(await paged(store, { limit: 2, skip: 2 })).toBe('2 3 ...')
      expect(await paged(store, { limit: 2, skip: 4 })).toBe('4')
      expect(await paged(store, { limit: 2, skip: 9 })).toBe('')
    }))

  test('all messages of the same moment are paged', () =>
    withStore(open, async (store) => {
      await addAll(store, 30, { at: noon })
      const seen: string[] = []
      for (let after: string[] = []; ; after = [seen.at(-1) as string]) {
        const { messages, complete } = await page(store, { limit: 7, after })
        seen.push(...messages.map(({ id }) => id))
        if (complete) break
      }
      expect(seen).toEqual(Array.from({ length: 30 }, (_, n) => String(n)))
    }))

  test('an id that is not there is said to be unknown, wherever it stands', () =>
    withStore(open, async (store) => {
      await addAll(store, 2)
      await add(store, 'carols', {}, bare('carol@example.org'))
      for (const id of ['carols', '', 'x', "' or 1=1 --", '0000000000000001', '\u0001']) {
        for (const about of [{ after: [id] }, { before: ['1', id] }, { ids: ['0', id] }]) {
          expect(await store.page(alice, { limit: 5, ...about })).toBe(unknownId)
          expect(await store.count(alice, about)).toBe(unknownId)
        }
      }
    }))
}

function filtering(open: OpenStore<ArchiveStore>): void {
  const parties: readonly (readonly [string, Jid])[] = [
    ['a', parseJid('bob@example.net/phone')],
    ['b', parseJid('bob@example.net/desk')],
    ['c', parseJid('bob@example.net')],
    ['d', parseJid('bo@example.net/phone')],
    ['e', parseJid('example.net')],
    ['f', parseJid('alice@example.org/home')],
    ['g', parseJid('bob@example.net/phone')],
  ]
  const addParties = async (store: ArchiveStore) => {
    for (const [id, party] of parties) {
      await add(store, id, { with: party, direction: id === 'g' ? 'sent' : 'received' })
    }
  }

  test('with somebody: a bare address stands for all resources, a full one for itself', () =>
    withStore(open, async (store) => {
      await addParties(store)
      const withParty = (text: string, more = {}) => paged(store, { with: parseJid(text), ...more })
      expect(await withParty('bob@example.net')).toBe('a b c g')
      expect(await withParty('bob@example.net/phone')).toBe('a g')
      expect(await withParty('bob@example.net/nowhere')).toBe('')
      expect(await withParty('example.net')).toBe('e')
      expect(await withParty('alice@example.org')).toBe('f')
      expect(await withParty('bob@example.net', { limit: 2 })).toBe('a b ...')
      expect(await withParty('bob@example.net', { limit: 2, newest: true })).toBe('c g ...')
      expect(await withParty('bob@example.net', { after: ['d'] })).toBe('g')
      expect(await withParty('bob@example.net/phone', { before: ['f'], newest: true })).toBe('a')
      expect(await store.count(alice, { with: parseJid('bob@example.net') })).toBe(4)
    }))

  test('in a span of time, both ends included', () =>
    withStore(open, async (store) => {
      await addAll(store, 6)
      const at = (n: number) => noon + n * minute
      expect(await paged(store, { start: at(2), end: at(4) })).toBe('2 3 4')
      expect(await paged(store, { start: at(2) + 1, end: at(4) - 1 })).toBe('3')
      expect(await paged(store, { start: at(4) })).toBe('4 5')
      expect(await paged(store, { end: at(1) })).toBe('0 1')
      expect(await paged(store, { start: at(9) })).toBe('')
      expect(await paged(store, { end: at(-1) })).toBe('')
      expect(await paged(store, { start: at(4), end: at(2) })).toBe('')
      expect(await paged(store, { start: at(1), limit: 2 })).toBe('1 2 ...')
      expect(await paged(store, { end: at(3), limit: 2, newest: true })).toBe('2 3 ...')
      expect(await store.count(alice, { start: at(2), end: at(4) })).toBe(3)
    }))

  test('in a span of time with somebody', () =>
    withStore(open, async (store) => {
      await addAll(store, 3)
      await add(store, 'x', { with: parseJid('eve@example.net/x'), at: noon + 3 * minute })
      await add(store, 'y', { at: noon + 4 * minute })
      const bobs = { with: bob.bare }
      expect(await paged(store, { ...bobs, start: noon + minute, end: noon + 3 * minute })).toBe('1 2')
      expect(await paged(store, { ...bobs, start: noon + 3 * minute })).toBe('y')
      expect(await paged(store, { ...bobs, end: noon - 1 })).toBe('')
      expect(await paged(store, { ...bobs, start: noon + 5 * minute })).toBe('')
      expect(await paged(store, { with: bob, start: noon + minute, limit: 1, newest: true })).toBe('y ...')
    }))

  test('messages named by their ids, in their order', () =>
    withStore(open, async (store) => {
      await addAll(store, 6)
      expect(await paged(store, { ids: ['4', '1', '4', '3'] })).toBe('1 3 4')
      expect(await paged(store, { ids: ['4', '1', '3'], limit: 2 })).toBe('1 3 ...')
      expect(await paged(store, { ids: ['4', '1', '3'], after: ['1'] })).toBe('3 4')
      expect(await paged(store, { ids: ['1', '3'], with: parseJid('eve@example.net') })).toBe('')
      expect(await paged(store, { ids: [] })).toBe('')
      expect(await store.count(alice, { ids: ['1', '2'] })).toBe(2)
    }))

  test('what is counted is what matches', () =>
    withStore(open, async (store) => {
      await addAll(store, 6)
      expect(await store.count(alice)).toBe(6)
      expect(await store.count(alice, { after: ['1'], before: ['5'] })).toBe(3)
      const limits = [0, 2, 6, 7]
      const counted = await Promise.all(limits.map((limit) => store.count(alice, {}, limit)))
      expect(counted).toEqual([0, 2, 6, 6])
      expect(await store.count(alice, { with: bob.bare }, 2)).toBe(2)
      expect(await store.count(alice, { ids: ['1', '2', '3'] }, 2)).toBe(2)
      expect(await store.count(bare('carol@example.org'))).toBe(0)
    }))
}

function searching(open: OpenStore<ArchiveStore>): void {
  test('messages are found by all of their words, in any case', () =>
    withStore(open, async (store) => {
      if (!store.searches) return
      await add(store, 'a', { body: 'Romeo, wherefore art thou?' })
      await add(store, 'b', { body: 'thou art a villain' })
      await add(store, 'c', { body: 'nothing' })
      await store.append(alice, [{ ...message('d'), body: 'ART of THOU', with: parseJid('eve@example.net') }])
      await add(store, 'e', { body: 'thou art' }, bare('carol@example.org'))
      expect(await paged(store, { text: 'thou art' })).toBe('a b d')
      expect(await paged(store, { text: 'Villain' })).toBe('b')
      expect(await paged(store, { text: 'absent' })).toBe('')
      expect(await paged(store, { text: 'thou', limit: 1 })).toBe('a ...')
      expect(await paged(store, { text: 'thou', limit: 2, newest: true })).toBe('b d ...')
      expect(await paged(store, { text: 'thou', after: ['a'], with: bob.bare })).toBe('b')
      expect(await paged(store, { text: 'thou', start: noon, end: noon })).toBe('a b d')
      expect(await paged(store, { text: 'thou', start: noon + 1 })).toBe('')
      expect(await store.count(alice, { text: 'thou' })).toBe(3)
    }))

  test.each(['"', '*', 'a*', 'NOT', 'a OR b', '(', "'", '-x', 'body:x', '^a', '{', '&|!', ':*', '\\', '%'])(
    'what looks like an operator is none: %s',
    (text) =>
      withStore(open, async (store) => {
        if (!store.searches) return
        await add(store, 'x', { body: 'something else' })
        expect(await paged(store, { text: `${text} missingword` })).toBe('')
        expect(await store.page(alice, { limit: 5, text })).toMatchObject({ complete: true })
      }),
  )
}

function replacing(open: OpenStore<ArchiveStore>): void {
  test('a message is found by its author’s id, the newest of them', () =>
    withStore(open, async (store) => {
      const wanted = { with: bob.bare, direction: 'received', originId: 'o1' } as const
      expect(await store.find(alice, wanted)).toBeUndefined()
      await add(store, 'a', { originId: 'o1' })
      await add(store, 'b', { originId: 'o1', with: parseJid('bob@example.net/other') })
      await add(store, 'c', { originId: 'o1', direction: 'sent' })
      await add(store, 'd', { originId: 'o1', with: parseJid('eve@example.net/x') })
      await add(store, 'e')
      expect(await store.find(alice, wanted)).toMatchObject({ id: 'b', stanza: expect.stringContaining('b') })
      expect((await store.find(alice, { ...wanted, direction: 'sent' }))?.id).toBe('c')
      expect((await store.find(alice, { ...wanted, with: bare('eve@example.net') }))?.id).toBe('d')
      expect(await store.find(alice, { ...wanted, originId: 'o2' })).toBeUndefined()
      expect(await store.find(bare('carol@example.org'), wanted)).toBeUndefined()
    }))

  test('what takes its place keeps id, time and order, and cannot be searched for', () =>
    withStore(open, async (store) => {
      await addAll(store, 3, { body: 'secret' })
      await add(store, '1', { body: 'secret' }, bare('carol@example.org'))
      await store.replace(alice, '1', '<message>gone</message>')
      const { messages } = await page(store)
      expect(messages.map(({ id, at }) => [id, at])).toEqual(
        [0, 1, 2].map((n) => [String(n), noon + n * minute]),
      )
      expect(messages[1]?.stanza).toBe('<message>gone</message>')
      expect((await page(store, {}, bare('carol@example.org'))).messages[0]?.stanza).toContain('<body>')
      if (store.searches) expect(await paged(store, { text: 'secret' })).toBe('0 2')
      await store.replace(alice, 'nothing', 'x')
      expect(await store.count(alice)).toBe(3)
    }))
}

function removing(open: OpenStore<ArchiveStore>): void {
  test('the oldest go first, as many as asked', () =>
    withStore(open, async (store) => {
      await addAll(store, 5)
      await add(store, 'carols', {}, bare('carol@example.org'))
      expect(await store.remove(alice, { limit: 2 })).toBe(2)
      expect(await found(store)).toBe('2 3 4')
      expect(await store.page(alice, { limit: 5, after: ['1'] })).toBe(unknownId)
      expect(await store.remove(alice, { limit: 10 })).toBe(3)
      expect(await store.remove(alice, { limit: 10 })).toBe(0)
      expect(await store.count(bare('carol@example.org'))).toBe(1)
    }))

  test('those with one party', () =>
    withStore(open, async (store) => {
      await addAll(store, 2)
      await add(store, 'x', { with: parseJid('eve@example.net/x') })
      await add(store, 'y', { with: parseJid('bob@example.net/desk') })
      expect(await store.remove(alice, { with: parseJid('bob@example.net/desk'), limit: 9 })).toBe(1)
      expect(await store.remove(alice, { with: bob.bare, limit: 1 })).toBe(1)
      expect(await found(store)).toBe('1 x')
      expect(await store.remove(alice, { with: bob.bare, limit: 9 })).toBe(1)
      expect(await found(store)).toBe('x')
    }))

  test('all but the newest', () =>
    withStore(open, async (store) => {
      await addAll(store, 6)
      expect(await store.trim(alice, 6, 10)).toBe(0)
      expect(await store.trim(alice, 3, 2)).toBe(2)
      expect(await store.trim(alice, 3, 2)).toBe(1)
      expect(await store.trim(alice, 3, 2)).toBe(0)
      expect(await found(store)).toBe('3 4 5')
      expect(await store.trim(alice, 0, 10)).toBe(3)
      expect(await store.trim(bare('carol@example.org'), 0, 10)).toBe(0)
    }))

  test('old messages of one domain, by kind, as many as asked', () =>
    withStore(open, async (store) => {
      const owners = ['a@example.org', 'b@example.org', 'a@sub.example.org', 'a@xexample.org'].map(bare)
      for (const owner of owners) {
        await add(store, 'old', { at: noon - minute }, owner)
        await add(store, 'room', { at: noon - minute, kind: 'groupchat' }, owner)
        await add(store, 'new', {}, owner)
      }
      const domain = 'example.org'
      expect(await store.countOlder({ domain, before: noon - minute })).toBe(0)
      expect(await store.countOlder({ domain, before: noon })).toBe(4)
      expect(await store.countOlder({ domain, before: noon, kind: 'groupchat' })).toBe(2)
      expect(await store.removeOlder({ domain, before: noon - minute }, 10)).toBe(0)
      expect(await store.removeOlder({ domain, before: noon, kind: 'groupchat' }, 10)).toBe(2)
      expect(await store.removeOlder({ domain, before: noon }, 1)).toBe(1)
      expect(await store.removeOlder({ domain, before: noon }, 10)).toBe(1)
      expect(await Promise.all(owners.map((owner) => store.count(owner)))).toEqual([1, 1, 3, 3])
    }))

  test('ids of what was removed are not taken for others', () =>
    withStore(open, async (store) => {
      await addAll(store, 3)
      await store.remove(alice, { limit: 3 })
      await add(store, 'next')
      expect(await store.page(alice, { limit: 5, after: ['2'] })).toBe(unknownId)
      expect(await found(store)).toBe('next')
    }))
}

function preferring(open: OpenStore<ArchiveStore>): void {
  test('preferences are kept as they were set, for each account', () =>
    withStore(open, async (store, reopen) => {
      expect(await store.preferences(alice)).toBeUndefined()
      const some = {
        default: 'roster' as const,
        always: [parseJid('bob@example.net/phone'), parseJid('example.net')],
        never: [parseJid('čapek@example.net')],
      }
      await store.setPreferences(alice, some)
      const texts = async (from: ArchiveStore) => JSON.stringify(await from.preferences(alice))
      expect(await texts(store)).toBe(JSON.stringify(some))
      expect(await store.preferences(bare('alice@example.or'))).toBeUndefined()
      const again = reopen ? await reopen() : store
      expect(await texts(again)).toBe(JSON.stringify(some))
      await again.setPreferences(alice, { default: 'never', always: [], never: [] })
      expect(await again.preferences(alice)).toEqual({ default: 'never', always: [], never: [] })
      await again.setPreferences(alice, undefined)
      expect(await again.preferences(alice)).toBeUndefined()
    }))
}

function lasting(open: OpenStore<ArchiveStore>): void {
  test('E-17: the accounts of a domain that have anything here are listed, page by page', () =>
    withStore(open, (store) => {
      let added = 0
      return checkAccountPages(store, (one, account) => add(one, `m${++added}`, {}, account))
    }))

  test('E-17: also those that have preferences only', () =>
    withStore(open, async (store) => {
      await add(store, 'm', {}, bare('bob@example.org'))
      await store.setPreferences(alice, { default: 'never', always: [], never: [] })
      expect(await store.accounts('example.org', { limit: 9 })).toEqual(
        [alice, bare('bob@example.org')].map(String),
      )
    }))

  test('what was answered is there after a restart, and the order goes on', () =>
    withStore(open, async (store, reopen) => {
      await addAll(store, 3)
      await store.replace(alice, '1', 'gone')
      const before = await page(store)
      if (!reopen) return
      const again = await reopen()
      expect(await page(again)).toEqual(before)
      await add(again, 'next', { at: noon })
      expect(await found(again, { after: ['1'] })).toBe('2 next')
    }))
}
