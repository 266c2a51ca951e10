/**
 * The suite for an `InboxStore` of `@xmppkit/inbox`, together with the `ArchiveStore` it looks into.
 *
 * @packageDocumentation
 */
import type { ArchiveStore, NewArchivedMessage } from '@xmppkit/archive'
import type { InboxLimits, InboxStore, ReadPoint } from '@xmppkit/inbox'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

/** An inbox and the archive it looks into. */
export interface InboxStores {
  /** What is tested. */
  readonly inbox: InboxStore
  /** Where messages come from. */
  readonly archive: ArchiveStore
}

const bare = (text: string): BareJid => parseJid(text).bare
const alice = bare('alice@example.org')
const bob = 'bob@example.net'
const carol = 'carol@example.net'
const noon = Date.UTC(2026, 0, 31, 12)
const noLimits: InboxLimits = { limit: 1000, depth: 1000 }
const newest: ReadPoint = { by: 'newest' }

/** Archives a message that people read, sent to alice by bob unless said otherwise. */
async function add(
  { archive }: InboxStores,
  id: string,
  { with: party = bob, owner = alice, ...more }: { with?: string; owner?: BareJid } & More = {},
): Promise<void> {
  const message: NewArchivedMessage = {
    id,
    with: parseJid(party),
    direction: 'received',
    kind: 'chat',
    stanza: `<message><body>${id}</body></message>`,
    body: id,
    instant: true,
    originId: `o${id}`,
    at: noon,
    ...more,
  }
  await archive.append(owner, [message])
}
type More = Partial<Omit<NewArchivedMessage, 'with'>>

const sent: More = { direction: 'sent' }
const ancillary: More = { instant: false }
const origin = (id: string): ReadPoint => ({ by: 'origin-id', id })
const archived = (id: string): ReadPoint => ({ by: 'archive-id', id })
const mark = ({ inbox }: InboxStores, upTo: ReadPoint = newest, party = bob, owner = alice) =>
  inbox.mark(owner, bare(party), upTo, noon)

/** What is in an inbox as text, by the ids of messages, the latest activity first: `bob@example.net m2 last m3 unread 1`. */
async function shown({ inbox }: InboxStores, owner = alice, limits = noLimits): Promise<string[]> {
  const { conversations } = await inbox.conversations(owner, limits)
  const places = conversations.flatMap(({ last, message }) => [last, message ?? last])
  const messages = await inbox.messages(owner, places)
  const idOf = (place?: number) => messages.find((one) => one.place === place)?.id ?? 'none'
  return conversations
    .toSorted((a, b) => (b.message ?? b.last) - (a.message ?? a.last))
    .map((one) => `${one.with} ${idOf(one.message)} last ${idOf(one.last)} unread ${one.unread}`)
}
const unread = async (stores: InboxStores, owner = alice, limits = noLimits) =>
  (await stores.inbox.conversations(owner, limits)).conversations.map((one) => one.unread)

/**
 * Registers the tests of an `InboxStore`.
 *
 * @example
 * ```ts
 * inboxStoreConformance('memory', () => {
 *   const archive = createMemoryArchiveStore()
 *   return { store: { archive, inbox: createMemoryInboxStore({ log: archive }) } }
 * })
 * ```
 */
export function inboxStoreConformance(name: string, open: OpenStore<InboxStores>): void {
  describe(`inbox store: ${name}`, () => {
    describe('conversations', () => listing(open))
    describe('unread messages', () => counting(open))
    describe('read markers', () => marking(open))
    describe('what the archive forgets', () => forgetting(open))
    describe('whose it is', () => apart(open))
  })
}

function listing(open: OpenStore<InboxStores>): void {
  test('an empty archive has none', () =>
    withStore(open, async (stores) => {
      expect(await stores.inbox.conversations(alice, noLimits)).toEqual({ conversations: [], marks: 0 })
      expect(await stores.inbox.place(alice, 'x')).toBeUndefined()
      expect(await stores.inbox.messages(alice, [])).toEqual([])
      expect(await stores.inbox.messages(alice, [1, 2])).toEqual([])
      expect(await mark(stores)).toBeUndefined()
    }))

  test('there is one for each party, whichever of its resources, with its newest message', () =>
    withStore(open, async (stores) => {
      await add(stores, 'm1', { with: `${bob}/phone` })
      await add(stores, 'm2', { with: carol })
      await add(stores, 'm3', { with: `${bob}/desk`, ...sent })
      expect(await shown(stores)).toEqual([`${bob} m3 last m3 unread 0`, `${carol} m2 last m2 unread 1`])
      await add(stores, 'm4', { with: carol })
      expect(await shown(stores)).toEqual([`${carol} m4 last m4 unread 2`, `${bob} m3 last m3 unread 0`])
    }))

  test('what nobody reads is the last of a conversation, and not what was said last', () =>
    withStore(open, async (stores) => {
      await add(stores, 'm1')
      await add(stores, 'receipt', ancillary)
      await add(stores, 'call', { with: carol, ...ancillary })
      expect(await shown(stores)).toEqual([
        `${carol} none last call unread 0`,
        `${bob} m1 last receipt unread 1`,
      ])
      await add(stores, 'marker', { ...ancillary, ...sent })
      expect(await shown(stores)).toEqual([
        `${carol} none last call unread 0`,
        `${bob} m1 last marker unread 1`,
      ])
    }))

  test('messages are given as they were archived, by their places, which grow', () =>
    withStore(open, async (stores) => {
      const [first, second] = awkwardTexts.map(([, text]) => text).filter((text) => text !== '')
      await add(stores, 'm1', { stanza: first!, at: noon + 1 })
      await add(stores, 'm2', { stanza: second!, at: noon + 20, with: carol })
      const places = await Promise.all(['m2', 'm1'].map((id) => stores.inbox.place(alice, id)))
      const [later, earlier] = places as [number, number]
      expect(later).toBeGreaterThan(earlier)
      const found = await stores.inbox.messages(alice, [later, earlier, later + 1])
      expect(found.toSorted((a, b) => a.place - b.place)).toEqual([
        { place: earlier, id: 'm1', at: noon + 1, stanza: first },
        { place: later, id: 'm2', at: noon + 20, stanza: second },
      ])
    }))

  test('there are as many as asked for', () =>
    withStore(open, async (stores) => {
      for (let n = 0; n < 7; n += 1) await add(stores, `m${n}`, { with: `p${n}@example.net` })
      for (const limit of [1, 6, 7, 8]) {
        expect(await shown(stores, alice, { ...noLimits, limit })).toHaveLength(Math.min(limit, 7))
      }
    }))

  test('addresses that begin alike, or are domains, are parties of their own', () =>
    withStore(open, async (stores) => {
      const parties = ['example.net', 'b@example.net', 'bo@example.net', 'ø@example.net', 'b@example.ne']
      for (const [at, party] of parties.entries()) await add(stores, `m${at}`, { with: party })
      expect(await shown(stores)).toEqual(
        parties.map((party, at) => `${party} m${at} last m${at} unread 1`).reverse(),
      )
    }))
}

function counting(open: OpenStore<InboxStores>): void {
  test('those people read are counted, others not', () =>
    withStore(open, async (stores) => {
      for (let n = 0; n < 5; n += 1) await add(stores, `m${n}`, n === 2 ? ancillary : {})
      expect(await unread(stores)).toEqual([4])
    }))

  test('not more messages are looked at than asked, from the newest back, of whatever kind', () =>
    withStore(open, async (stores) => {
      const deep = async (depth: number) => (await shown(stores, alice, { ...noLimits, depth }))[0]
      for (const id of ['m1', 'm2', 'm3']) await add(stores, id)
      await add(stores, 'receipt', ancillary)
      await add(stores, 'other', { with: carol, ...sent })
      await add(stores, 'm4')
      await add(stores, 'marker', ancillary)
      expect(await deep(1)).toBe(`${bob} none last marker unread 0`)
      expect(await deep(2)).toBe(`${bob} m4 last marker unread 1`)
      expect(await deep(3)).toBe(`${bob} m4 last marker unread 1`)
      expect(await deep(4)).toBe(`${bob} m4 last marker unread 2`)
      expect(await deep(6)).toBe(`${bob} m4 last marker unread 4`)
      expect(await deep(7)).toBe(`${bob} m4 last marker unread 4`)
      await mark(stores, origin('om2'))
      expect(await deep(4)).toBe(`${bob} m4 last marker unread 2`)
      expect(await deep(7)).toBe(`${bob} m4 last marker unread 2`)
    }))

  test('who answers has read what came before; who sends a marker alone has not', () =>
    withStore(open, async (stores) => {
      await add(stores, 'm1')
      await add(stores, 'm2')
      await add(stores, 'marker', { ...sent, ...ancillary })
      expect(await unread(stores)).toEqual([2])
      await add(stores, 'answer', sent)
      expect(await unread(stores)).toEqual([0])
      await add(stores, 'm3')
      expect(await unread(stores)).toEqual([1])
    }))

  test('what one writes to oneself is read', () =>
    withStore(open, async (stores) => {
      await add(stores, 'note', { with: `${alice}/phone` })
      expect(await shown(stores)).toEqual([`${alice} note last note unread 0`])
    }))

  test('messages archived at once are counted once each, however often they are asked for', () =>
    withStore(open, async (stores) => {
      await Promise.all(Array.from({ length: 20 }, (_, n) => add(stores, `m${n}`)))
      expect([await unread(stores), await unread(stores)]).toEqual([[20], [20]])
    }))
}

function marking(open: OpenStore<InboxStores>): void {
  test('up to a message by the id its author gave it, or all', () =>
    withStore(open, async (stores) => {
      for (const id of ['m1', 'm2', 'm3']) await add(stores, id)
      expect(await mark(stores, origin('om2'))).toBe('m2')
      expect(await unread(stores)).toEqual([1])
      expect(await mark(stores)).toBe('m3')
      expect(await unread(stores)).toEqual([0])
      await add(stores, 'm4')
      expect(await unread(stores)).toEqual([1])
    }))

  test('up to a message by its id in the archive, of whatever kind', () =>
    withStore(open, async (stores) => {
      await add(stores, 'm1')
      await add(stores, 'receipt', ancillary)
      await add(stores, 'm2')
      expect(await mark(stores, archived('receipt'))).toBe('receipt')
      expect(await unread(stores)).toEqual([1])
    }))

  test('a marker moves forward only, and again and again is the same as once', () =>
    withStore(open, async (stores) => {
      for (const id of ['m1', 'm2', 'm3']) await add(stores, id)
      expect(await mark(stores, origin('om2'))).toBe('m2')
      for (const point of [origin('om2'), origin('om1'), archived('m1')]) {
        expect(await mark(stores, point)).toBeUndefined()
      }
      expect(await unread(stores)).toEqual([1])
      const all = await Promise.all([origin('om1'), origin('om3'), newest].map((one) => mark(stores, one)))
      expect(all.filter((id) => id !== undefined)).toEqual(['m3'])
      expect(await unread(stores)).toEqual([0])
    }))

  test('what the account wrote, what others wrote and what is not there move nothing', () =>
    withStore(open, async (stores) => {
      await add(stores, 'own', { ...sent, originId: 'same' })
      await add(stores, 'm1', { originId: 'same' })
      await add(stores, 'other', { with: carol, originId: 'others' })
      expect(await mark(stores, origin('others'))).toBeUndefined()
      expect(await mark(stores, archived('other'))).toBeUndefined()
      expect(await mark(stores, origin('nothing'))).toBeUndefined()
      expect(await unread(stores)).toEqual([1, 1])
      expect(await mark(stores, origin('same'))).toBe('m1')
    }))

  test('of several with one id of their author’s the newest counts', () =>
    withStore(open, async (stores) => {
      await add(stores, 'm1', { originId: 'same' })
      await add(stores, 'm2', { originId: 'same' })
      expect(await mark(stores, origin('same'))).toBe('m2')
    }))

  test('what was marked and archived is there after a restart, and counted once', () =>
    withStore(open, async (stores, reopen) => {
      for (const id of ['m1', 'm2', 'm3']) await add(stores, id)
      await mark(stores, origin('om1'))
      const again = reopen ? await reopen() : stores
      expect(await unread(again)).toEqual([2])
      expect(await mark(again, origin('om1'))).toBeUndefined()
      await add(again, 'm4')
      expect(await unread(again)).toEqual([3])
    }))
}

function forgetting(open: OpenStore<InboxStores>): void {
  test('a retracted message is nothing people read any more', () =>
    withStore(open, async (stores) => {
      await add(stores, 'm1')
      await add(stores, 'm2')
      await stores.archive.replace(alice, 'm2', '<message/>')
      await add(stores, 'retraction', ancillary)
      expect(await shown(stores)).toEqual([`${bob} m1 last retraction unread 1`])
      await stores.archive.replace(alice, 'm1', '<message/>')
      expect(await shown(stores)).toEqual([`${bob} none last retraction unread 0`])
    }))

  test('removed messages are counted no more, and conversations without any are over', () =>
    withStore(open, async (stores) => {
      for (const id of ['m1', 'm2', 'm3']) await add(stores, id)
      await add(stores, 'm4', { with: carol })
      await stores.archive.trim(alice, 2, 10)
      expect(await shown(stores)).toEqual([`${carol} m4 last m4 unread 1`, `${bob} m3 last m3 unread 1`])
      await stores.archive.remove(alice, { with: parseJid(bob), limit: 10 })
      expect(await shown(stores)).toEqual([`${carol} m4 last m4 unread 1`])
      // What comes next is new, though the messages that were read are gone.
      await mark(stores, newest, carol)
      await stores.archive.remove(alice, { limit: 10 })
      await add(stores, 'm5', { with: carol })
      expect(await shown(stores)).toEqual([`${carol} m5 last m5 unread 1`])
    }))

  test('markers of conversations that are over are forgotten when asked, others stay', () =>
    withStore(open, async (stores) => {
      await add(stores, 'm1')
      await add(stores, 'm2', { with: carol })
      await mark(stores)
      await mark(stores, newest, carol)
      expect((await stores.inbox.conversations(alice, noLimits)).marks).toBe(2)
      expect(await stores.inbox.prune(alice)).toBe(0)
      await stores.archive.remove(alice, { with: parseJid(bob), limit: 10 })
      expect((await stores.inbox.conversations(alice, noLimits)).marks).toBe(2)
      expect(await stores.inbox.prune(alice)).toBe(1)
      expect((await stores.inbox.conversations(alice, noLimits)).marks).toBe(1)
      expect(await unread(stores)).toEqual([0])
    }))

  test('all markers of an account are forgotten: what was not answered is unread', () =>
    withStore(open, async (stores) => {
      await add(stores, 'm1')
      await add(stores, 'm2', { with: carol })
      await mark(stores)
      await mark(stores, newest, carol)
      expect(await stores.inbox.remove(alice)).toBe(2)
      expect(await unread(stores)).toEqual([1, 1])
      expect(await stores.inbox.remove(alice)).toBe(0)
    }))
}

function apart(open: OpenStore<InboxStores>): void {
  test('accounts that look alike are apart', () =>
    withStore(open, async (stores) => {
      const owners = ['alice@example.org', 'alice@example.or', 'lice@example.org', 'alice_@example.org'].map(
        bare,
      )
      for (const owner of owners) {
        await add(stores, 'm1', { owner })
        await add(stores, 'm2', { owner })
        expect(await mark(stores, origin('om1'), bob, owner)).toBe('m1')
      }
      await mark(stores)
      expect(await Promise.all(owners.map((owner) => unread(stores, owner)))).toEqual([[0], [1], [1], [1]])
      const place = (await stores.inbox.place(alice, 'm2')) as number
      expect(await stores.inbox.messages(bare('alice@example.or'), [place])).toEqual([])
      expect(await stores.inbox.remove(alice)).toBe(1)
      expect(await Promise.all(owners.map((owner) => unread(stores, owner)))).toEqual([[2], [1], [1], [1]])
    }))
}
