import { type BareJid, parseJid } from '@xmppkit/jid'
import { expect, test } from 'vitest'
import { createMemoryAccountStore } from './memory-store.js'

const jid = (text: string): BareJid => parseJid(text) as BareJid
const stored = { id: '1', createdAt: 0, scram: [] }

test('pages through localparts in the order of their bytes', async () => {
  const store = createMemoryAccountStore()
  // U+FF61 is before U+10330 in bytes and after it in UTF-16 units; the first is allowed in no localpart but in a store.
  const names = ['b', 'a', 'ä', '\u{10330}', '\uff61', '__proto__', 'constructor']
  for (const local of names) await store.create({ ...jid('x@example.org'), local } as BareJid, stored)
  const all = await store.list('example.org', { limit: 10 })
  expect(all).toEqual(['__proto__', 'a', 'b', 'constructor', 'ä', '\uff61', '\u{10330}'])
  const pages: string[] = []
  let after: string | undefined
  for (;;) {
    const page = await store.list('example.org', after === undefined ? { limit: 3 } : { limit: 3, after })
    if (page.length === 0) break
    pages.push(...page)
    after = page.at(-1)
  }
  expect(pages).toEqual(all)
  expect(await store.list('example.net', { limit: 3 })).toEqual([])
})

test('what was read does not change with the store, nor the store with what was given', async () => {
  const store = createMemoryAccountStore()
  const given = { ...stored }
  await store.create(jid('a@example.org'), given)
  const read = await store.get(jid('a@example.org'))
  given.id = 'changed'
  await store.setDisabled(jid('a@example.org'), 'spam')
  expect(read).toEqual(stored)
  expect(await store.get(jid('a@example.org'))).toEqual({ ...stored, disabled: 'spam' })
  await store.setDisabled(jid('a@example.org'), undefined)
  expect(await store.get(jid('a@example.org'))).toEqual(stored)
})

test('says what it did', async () => {
  const store = createMemoryAccountStore()
  const account = jid('a@example.org')
  expect(await store.setCredentials(account, { scram: [] })).toBe(false)
  expect(await store.setDisabled(account, 'spam')).toBe(false)
  expect(await store.remove(account)).toBe(false)
  expect(await store.create(account, stored)).toBe(true)
  expect(await store.create(account, { ...stored, id: '2' })).toBe(false)
  expect((await store.get(account))?.id).toBe('1')
  expect(await store.count('example.org')).toBe(1)
  expect(await store.remove(account)).toBe(true)
  expect(await store.count('example.org')).toBe(0)
})
