/**
 * The suite for a `RosterStore` of `@xmppkit/roster`.
 *
 * @packageDocumentation
 */
import { type BareJid, parseJid } from '@xmppkit/jid'
import type { RosterItem, RosterItemChange, RosterStore } from '@xmppkit/roster'
import { describe, expect, test } from 'vitest'
import { checkAccountPages } from './account-pages.js'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const jid = (text: string): BareJid => parseJid(text).bare
const alice = jid('alice@example.org')
const bob = jid('bob@example.org')

const item = (contact: BareJid, more: Partial<RosterItemChange> = {}): RosterItemChange => ({
  jid: contact,
  groups: [],
  subscription: 'none',
  pendingOut: false,
  pendingIn: false,
  approved: false,
  listed: true,
  ...more,
})

const put = (store: RosterStore, contact: BareJid, more: Partial<RosterItemChange> = {}, owner = alice) =>
  store.update(owner, contact, () => item(contact, more))
const drop = (store: RosterStore, contact: BareJid, owner = alice) =>
  store.update(owner, contact, () => undefined)

/** Addresses as text, so that differences can be read. */
const shown = (items: readonly { readonly jid: BareJid }[]) => items.map((one) => one.jid.toString())
const comparable = (one: RosterItem | undefined) => one && { ...one, jid: one.jid.toString() }

/**
 * Registers the tests of a `RosterStore`.
 *
 * @example
 * ```ts
 * rosterStoreConformance('memory', () => ({ store: createMemoryRosterStore({ clock: systemClock }) }))
 * ```
 */
export function rosterStoreConformance(name: string, open: OpenStore<RosterStore>): void {
  describe(`roster store: ${name}`, () => {
    keeping(open)
    updating(open)
    versions(open)
    apart(open)
    lasting(open)
  })
}

function keeping(open: OpenStore<RosterStore>): void {
  test('E-17: the accounts of a domain that have anything here are listed, page by page', () =>
    withStore(open, (store) => checkAccountPages(store, (one, account) => put(one, bob, {}, account))))

  test('an account without a roster has an empty one, of version 0', () =>
    withStore(open, async (store) => {
      expect(await store.load(alice)).toEqual({ version: 0, items: [] })
      expect(await store.get(alice, bob)).toBeUndefined()
      expect(await store.count(alice)).toBe(0)
      expect(await store.removeAll(alice)).toEqual([])
    }))

  const full: [string, Partial<RosterItemChange>][] = [
    ['a bare one', {}],
    [
      'one with everything',
      {
        name: 'Bob',
        groups: ['Friends', 'Work'],
        subscription: 'both',
        pendingOut: true,
        pendingIn: true,
        approved: true,
        request: '<presence type="subscribe"><status>hi &amp; hello</status></presence>',
      },
    ],
    ['one that is not listed', { listed: false, pendingIn: true }],
    ['one seen only', { subscription: 'to' }],
    ['one seen by only', { subscription: 'from' }],
    ['an empty name', { name: '' }],
    ['groups in the order given', { groups: ['b', 'a', 'B', 'ä', ' '] }],
  ]
  test.each(full)('an item is given back as it was: %s', (_, more) =>
    withStore(open, async (store) => {
      const { version, changed } = await put(store, bob, more)
      expect(changed).toBe(true)
      const expected = { ...item(bob, more), jid: bob.toString(), version }
      expect(comparable(await store.get(alice, bob))).toEqual(expected)
      expect((await store.load(alice)).items.map(comparable)).toEqual([expected])
    }),
  )

  test.each(awkwardTexts)('texts are kept: %s', (_, text) =>
    withStore(open, async (store) => {
      await put(store, bob, { name: text, groups: [text, `${text}2`], request: text })
      expect(await store.get(alice, bob)).toMatchObject({
        name: text,
        groups: [text, `${text}2`],
        request: text,
      })
    }),
  )

  test('a contact may be a domain', () =>
    withStore(open, async (store) => {
      const gateway = jid('gateway.example.org')
      await put(store, gateway)
      expect((await store.get(alice, gateway))?.jid.isDomain).toBe(true)
    }))

  test('a large roster is given back whole, oldest change first', () =>
    withStore(open, async (store) => {
      const contacts = Array.from({ length: 200 }, (_, n) => jid(`contact${n}@example.org`))
      for (const contact of contacts) await put(store, contact, { name: `Contact ${contact.local}` })
      await put(store, contacts[0]!, { name: 'changed' })
      const { items, version } = await store.load(alice)
      expect(shown(items)).toEqual(shown([...contacts.slice(1), contacts[0]!].map((one) => ({ jid: one }))))
      expect(items.at(-1)?.version).toBe(version)
      expect(await store.count(alice)).toBe(200)
    }))
}

function updating(open: OpenStore<RosterStore>): void {
  test('an update is told the item and the number of items, and tells what became of them', () =>
    withStore(open, async (store) => {
      const seen: unknown[] = []
      const decide =
        (next: RosterItemChange | undefined) => (current: RosterItem | undefined, count: number) => {
          seen.push([current?.name, count])
          return next
        }
      const first = await store.update(alice, bob, decide(item(bob, { name: 'one' })))
      const second = await store.update(alice, bob, decide(item(bob, { name: 'two' })))
      await put(store, jid('carol@example.org'))
      const third = await store.update(alice, bob, decide(undefined))
      expect(seen).toEqual([
        [undefined, 0],
        ['one', 1],
        ['two', 2],
      ])
      expect([first.previous, first.item?.name, first.changed]).toEqual([undefined, 'one', true])
      expect([second.previous?.name, second.item?.name, second.version]).toEqual([
        'one',
        'two',
        first.version + 1,
      ])
      expect([third.previous?.name, third.item, third.version]).toEqual([
        'two',
        undefined,
        second.version + 2,
      ])
      expect(second.item?.version).toBe(second.version)
    }))

  test('an update that leaves things alone writes nothing', () =>
    withStore(open, async (store) => {
      const { version } = await put(store, bob, { name: 'Bob' })
      expect(await store.update(alice, bob, () => 'unchanged')).toMatchObject({
        version,
        changed: false,
        item: { name: 'Bob' },
      })
      const nobody = await store.update(alice, jid('carol@example.org'), () => undefined)
      expect([nobody.changed, nobody.item, nobody.version]).toEqual([false, undefined, version])
      expect((await store.load(alice)).version).toBe(version)
    }))

  test('an update that leaves an account without a roster alone does not begin one', () =>
    withStore(open, async (store) => {
      expect(await store.update(alice, bob, () => 'unchanged')).toEqual({ version: 0, changed: false })
      expect(await store.load(alice)).toEqual({ version: 0, items: [] })
    }))

  test('an update that throws rejects with that and writes nothing', () =>
    withStore(open, async (store) => {
      await put(store, bob, { name: 'Bob' })
      const refuse = () => {
        throw new Error('too many')
      }
      await expect(store.update(alice, bob, refuse)).rejects.toThrow('too many')
      expect((await store.get(alice, bob))?.name).toBe('Bob')
      expect((await put(store, bob, { name: 'again' })).item?.name).toBe('again')
    }))

  test('R-14: of concurrent updates none is lost', () =>
    withStore(open, async (store) => {
      const contacts = [bob, jid('carol@example.org'), jid('dave@example.org')]
      const add = (contact: BareJid, n: number) =>
        store.update(alice, contact, (current) =>
          item(contact, { groups: [...(current?.groups ?? []), `g${n}`] }),
        )
      const outcomes = await Promise.all(
        Array.from({ length: 60 }, (_, n) => add(contacts[n % contacts.length] as BareJid, n)),
      )
      const { items, version } = await store.load(alice)
      expect(items.flatMap(({ groups }) => groups).sort()).toEqual(
        Array.from({ length: 60 }, (_, n) => `g${n}`).sort(),
      )
      expect(new Set(outcomes.map((outcome) => outcome.version)).size).toBe(60)
      expect(Math.max(...outcomes.map((outcome) => outcome.version))).toBe(version)
    }))

  test('concurrent updates cannot get past a limit on the number of items', () =>
    withStore(open, async (store) => {
      const limited = (n: number) => {
        const contact = jid(`contact${n}@example.org`)
        return store.update(alice, contact, (_, count) => (count >= 5 ? 'unchanged' : item(contact)))
      }
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => limited(n)))
      expect(outcomes.filter(({ changed }) => changed)).toHaveLength(5)
      expect(await store.count(alice)).toBe(5)
    }))
}

function versions(open: OpenStore<RosterStore>): void {
  test('what changed since a version is told, removals included', () =>
    withStore(open, async (store) => {
      const [carol, dave] = [jid('carol@example.org'), jid('dave@example.org')]
      const start = (await put(store, bob)).version
      await put(store, carol)
      await put(store, dave)
      const removed = (await drop(store, carol)).version
      await put(store, bob, { name: 'Bob' })
      const since = await store.changedSince(alice, start)
      expect(since && { ...since, changed: shown(since.changed), removed: shown(since.removed) }).toEqual({
        version: start + 4,
        changed: [dave.toString(), bob.toString()],
        removed: [carol.toString()],
      })
      expect(since?.removed[0]?.version).toBe(removed)
      expect(await store.changedSince(alice, start + 4)).toEqual({
        version: start + 4,
        changed: [],
        removed: [],
      })
    }))

  test('a contact that came back is not also told as removed', () =>
    withStore(open, async (store) => {
      const start = (await put(store, bob)).version
      await drop(store, bob)
      await put(store, bob, { name: 'back' })
      const since = await store.changedSince(alice, start)
      expect([shown(since?.changed ?? []), since?.removed]).toEqual([[bob.toString()], []])
    }))

  test('R-12: what was never listed is not told as removed', () =>
    withStore(open, async (store) => {
      const start = (await put(store, bob)).version
      const carol = jid('carol@example.org')
      await put(store, carol, { listed: false, pendingIn: true })
      await drop(store, carol)
      const since = await store.changedSince(alice, start)
      expect([since?.version, since?.changed, since?.removed]).toEqual([start + 2, [], []])
    }))

  test('a contact that came back unlisted is still told as removed, until it is listed', () =>
    withStore(open, async (store) => {
      const start = (await put(store, bob)).version
      await drop(store, bob)
      await put(store, bob, { listed: false, pendingIn: true })
      const since = await store.changedSince(alice, start)
      expect([shown(since?.changed ?? []), shown(since?.removed ?? [])]).toEqual([
        [bob.toString()],
        [bob.toString()],
      ])
      await put(store, bob, { listed: true })
      expect((await store.changedSince(alice, start))?.removed).toEqual([])
    }))

  test('a version that was never issued is not known', () =>
    withStore(open, async (store) => {
      expect(await store.changedSince(alice, 0)).toBeUndefined()
      const { version } = await put(store, bob)
      expect(await store.changedSince(alice, version + 1)).toBeUndefined()
      expect(await store.changedSince(alice, -1)).toBeUndefined()
    }))

  test('after everything was removed there is no history', () =>
    withStore(open, async (store) => {
      const { version } = await put(store, bob, { name: 'Bob' })
      await put(store, jid('carol@example.org'))
      expect(shown(await store.removeAll(alice))).toEqual([bob.toString(), 'carol@example.org'])
      expect(await store.load(alice)).toEqual({ version: 0, items: [] })
      expect(await store.changedSince(alice, version)).toBeUndefined()
      expect((await put(store, bob)).previous).toBeUndefined()
      expect(shown((await store.load(alice)).items)).toEqual([bob.toString()])
    }))

  test('removals are remembered for a while and never wrongly', () =>
    withStore(open, async (store) => {
      const start = (await put(store, bob)).version
      const contacts = Array.from({ length: 30 }, (_, n) => jid(`contact${n}@example.org`))
      for (const contact of contacts) {
        await put(store, contact)
        await drop(store, contact)
      }
      const since = await store.changedSince(alice, start)
      // A store that forgot must say so instead of leaving one out.
      expect(since === undefined || since.removed.length === contacts.length).toBe(true)
    }))
}

function apart(open: OpenStore<RosterStore>): void {
  test('accounts and contacts that look alike are apart', () =>
    withStore(open, async (store) => {
      const owners = [
        'alice@example.org',
        'alice@example.or',
        'lice@example.org',
        'alice@sub.example.org',
        'alice_@example.org',
      ].map(jid)
      const contacts = ['bob@example.org', 'bob@example.or', 'ob@example.org', 'example.org'].map(jid)
      for (const owner of owners)
        for (const contact of contacts) await put(store, contact, { name: `${owner} ${contact}` }, owner)
      await drop(store, contacts[0]!, owners[0])
      await store.removeAll(owners[1]!)
      const counts = await Promise.all(owners.map((owner) => store.count(owner)))
      expect(counts).toEqual([3, 0, 4, 4, 4])
      for (const owner of owners.slice(2))
        for (const contact of contacts)
          expect((await store.get(owner, contact))?.name).toBe(`${owner} ${contact}`)
    }))
}

function lasting(open: OpenStore<RosterStore>): void {
  test('what was answered is there after a restart', () =>
    withStore(open, async (store, reopen) => {
      const start = (
        await put(store, bob, { name: 'Bob', groups: ['x'], pendingIn: true, request: '<presence/>' })
      ).version
      await put(store, jid('carol@example.org'))
      await drop(store, jid('carol@example.org'))
      const before = await store.load(alice)
      if (!reopen) return
      const again = await reopen()
      const after = await again.load(alice)
      expect([after.version, after.items.map(comparable)]).toEqual([
        before.version,
        before.items.map(comparable),
      ])
      expect(shown((await again.changedSince(alice, start))?.removed ?? [])).toEqual(['carol@example.org'])
      expect((await put(again, bob)).version).toBe(before.version + 1)
    }))
}
