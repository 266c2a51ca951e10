import { type BareJid, parseJid } from '@xmppkit/jid'
import type { SqlStorage } from '@xmppkit/storage-sql'
import { expect } from 'vitest'

type ArchiveStore = SqlStorage['archive']
type ArchivePageRequest = Parameters<ArchiveStore['page']>[1]

const bare = (text: string): BareJid => parseJid(text).bare
const alice = bare('alice@example.org')
const parties = ['bob@example.net/phone', 'bob@example.net/desk', 'eve@example.net/x'].map((text) =>
  parseJid(text),
)
const noon = Date.UTC(2026, 0, 31, 12)

/** Fills the archives of two accounts. */
export async function fillArchives(store: ArchiveStore, count: number): Promise<void> {
  for (const owner of [alice, bare('carol@example.org')]) {
    const messages = Array.from({ length: count }, (_, n) => ({
      id: `m${n}`,
      with: parties[n % 3] ?? alice,
      direction: 'received' as const,
      kind: 'chat' as const,
      originId: `o${n}`,
      stanza: '<message/>',
      body: `word ${n}`,
      at: noon + n,
    }))
    await store.append(owner, messages)
  }
}

const [start, end] = [noon + 3, noon + 90]
const places: readonly Partial<ArchivePageRequest>[] = [
  {},
  { after: ['m5'] },
  { before: ['m80'] },
  { after: ['m5'], before: ['m80'] },
]
const times = [{}, { start }, { end }, { start, end }]
const withs = [
  {},
  { with: bare('bob@example.net') },
  { with: parties[0] as NonNullable<(typeof parties)[0]> },
]
const ends = [{}, { newest: true }]

/** Every page there is: all filters of XEP-0313, alone and together, from both ends. */
const everyPage: readonly ArchivePageRequest[] = [
  ...withs.flatMap((one) =>
    times.flatMap((time) =>
      places.flatMap((place) => ends.map((last) => ({ limit: 5, ...one, ...time, ...place, ...last }))),
    ),
  ),
  ...withs.flatMap((one) => ends.map((last) => ({ limit: 5, ids: ['m1', 'm7'], ...one, ...last }))),
]

/** Asks for every page, counts, looks up and removes. */
export async function askEverything(store: ArchiveStore): Promise<void> {
  for (const { limit, newest: _, ...filter } of everyPage) {
    expect(await store.count(alice, filter, limit)).not.toBe('unknown-id')
  }
  for (const request of everyPage) expect(await store.page(alice, request)).not.toBe('unknown-id')
  await store.bounds(alice)
  await store.find(alice, { with: bare('bob@example.net'), direction: 'received', originId: 'o3' })
  await store.replace(alice, 'm3', '<message/>')
  await store.countOlder({ domain: 'example.org', before: noon })
  await store.removeOlder({ domain: 'example.org', before: noon + 1 }, 5)
  for (const one of withs) await store.remove(alice, { ...one, limit: 1 })
  await store.trim(alice, 50, 5)
}
