import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { fakeHost } from './fake-host.js'
import { createMemoryArchiveStore } from './memory-store.js'

const juliet = 'juliet@example.com'
const romeo = 'romeo@example.com/orchard'
const day = 24 * 60 * 60 * 1000

describe('what is removed', () => {
  test('the oldest beyond the limit, and what is too old, again and again', async () => {
    const host = fakeHost({ options: { maxMessagesPerAccount: 3, maxAgeDays: 2, sweepMs: 1000 } })
    const from = await host.connect(romeo)
    for (let n = 0; n < 5; n += 1) await from.says('nurse@example.net', String(n))
    await host.clock.advance(1000)
    expect((await from.query()).bodies).toBe('2 3 4')
    await host.clock.advance(2 * day - 2000)
    await from.says('nurse@example.net', 'new')
    await host.clock.advance(2000)
    expect((await from.query()).bodies).toBe('new')
  })

  test('a sweep that fails is reported, and the next one comes', async () => {
    let fails = true
    const host = fakeHost({
      options: { maxMessagesPerAccount: 0, sweepMs: 1000 },
      store: (store) => ({
        ...store,
        trim: async (...about) => {
          if (fails) throw new Error('down')
          return store.trim(...about)
        },
      }),
    })
    const from = await host.connect(romeo)
    await from.says('nurse@example.net', '1')
    await host.clock.advance(1000)
    expect(host.logged).toEqual(['archived messages could not be removed'])
    fails = false
    await from.says('nurse@example.net', '2')
    await host.clock.advance(1000)
    expect((await from.query()).bodies).toBe('')
  })

  test('the archive goes with its account', async () => {
    const host = fakeHost()
    const from = await host.connect(romeo)
    for (let n = 0; n < 3; n += 1) await from.says('nurse@example.net', String(n))
    expect(await host.archive.remove(parseJid('mercutio@example.com').bare)).toBe(0)
    await host.remove('romeo@example.com')
    expect(await host.archived('romeo@example.com')).toEqual([])
  })

  test('a store in memory has a limit; the oldest go', async () => {
    const store = createMemoryArchiveStore({ maxMessages: 2 })
    const account = parseJid(juliet).bare
    const entry = (id: string) =>
      ({ id, with: parseJid(romeo), direction: 'sent', kind: 'chat', stanza: id, at: 0 }) as const
    for (const id of ['1', '2', '3']) await store.append(account, [entry(id)])
    await store.append(parseJid('a@example.com').bare, [entry('4')])
    expect(await store.page(account, { limit: 9 })).toMatchObject({ messages: [{ id: '3' }] })
  })
})
