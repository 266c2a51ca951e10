import { type BareJid, parseJid } from '@xmppkit/jid'
import { expect } from 'vitest'

interface OfAccounts {
  accounts?(domain: string, page: { after?: string; limit: number }): Promise<readonly string[]>
}

/** Fills a store for accounts of several domains and checks that those of one are listed, page by page. */
export async function checkAccountPages<S extends OfAccounts>(
  store: S,
  fill: (store: S, account: BareJid) => Promise<unknown>,
): Promise<void> {
  // A port may leave it out.
  if (store.accounts === undefined) return
  const locals = ['b', 'a', 'ü', 'a-b', 'z', 'B']
  const domains = ['example.org', 'xexample.org', 'example.or', 'sub.example.org']
  for (const domain of domains) {
    for (const local of locals) await fill(store, parseJid(`${local}@${domain}`).bare)
  }
  const own = locals.map((local) => parseJid(`${local}@example.org`).bare.toString())
  const sorted = [...new Set(own)]
    .map((text) => Buffer.from(text))
    .sort(Buffer.compare)
    .map(String)
  const page = (request: { after?: string; limit: number }) => store.accounts?.('example.org', request)
  expect(await page({ limit: 100 })).toEqual(sorted)
  expect(await page({ limit: 2 })).toEqual(sorted.slice(0, 2))
  expect(await page({ limit: 2, after: sorted[1]! })).toEqual(sorted.slice(2, 4))
  expect(await page({ limit: 2, after: sorted.at(-1)! })).toEqual([])
  expect(await store.accounts?.('nobody.example.org', { limit: 9 })).toEqual([])
}
