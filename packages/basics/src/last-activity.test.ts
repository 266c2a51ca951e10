import { removeUser } from '@xmppkit/auth'
import { type BareJid, type FullJid, parseJid } from '@xmppkit/jid'
import { presenceUnset, type SessionRecord, sessionClosed } from '@xmppkit/sessions'
import { presence } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { createIqScene } from './iq-scene.js'
import { createLastActivity, lastActivityGet } from './last-activity.js'
import { createMemoryLastActivityStore } from './memory-store.js'

const server = 'capulet.example'
const account = 'juliet@capulet.example'
const friend = 'romeo@montague.example/orchard'

function stage(options = {}) {
  const scene = createIqScene()
  const resources: SessionRecord[] = []
  const sessions = { resources: (bare: BareJid) => resources.filter((one) => one.jid.bare.equals(bare)) }
  const store = createMemoryLastActivityStore()
  const lastActivity = createLastActivity({ ...scene, sessions, store }, options)
  const ask = (to: string, from: string) => scene.ask(lastActivityGet, {}, to, from)
  return { ...scene, resources, store, lastActivity, ask }
}

function session(available: boolean): SessionRecord {
  return {
    sid: 's1',
    jid: parseJid(`${account}/balcony`) as FullJid,
    order: 1,
    priority: available ? 0 : undefined,
    presence: available ? presence() : undefined,
    info: { openedAt: 0 },
  }
}

const leave = (status?: string) => ({
  session: session(false),
  stanza: presence({ type: 'unavailable', status }),
  previousPriority: 0,
})

describe('XEP-0012', () => {
  test('§6: a server tells anybody how long it has been up', async () => {
    const { clock, ask } = stage()
    await clock.advance(123_456_999)
    expect(await ask(server, 'stranger@other.example/x')).toEqual({ seconds: 123_456, status: '' })
  })

  test('§4: an account that has left is told with its last words', async () => {
    const { hooks, clock, ask } = stage()
    await hooks.run(presenceUnset, leave('Heading Home'))
    await clock.advance(903_000)
    for (const from of [friend, account])
      expect(await ask(account, from)).toEqual({ seconds: 903, status: 'Heading Home' })
  })

  test('§4: an account with an available resource answers 0 and says nothing', async () => {
    const { hooks, clock, resources, ask } = stage()
    await hooks.run(presenceUnset, leave('Heading Home'))
    await clock.advance(10_000)
    resources.push(session(false))
    expect(await ask(account, friend)).toEqual({ seconds: 10, status: 'Heading Home' })
    resources.push(session(true))
    expect(await ask(account, friend)).toEqual({ seconds: 0, status: '' })
  })

  test('§4 §8 L-4: whoever may not see the presence learns nothing, whether the account exists or not', async () => {
    const { hooks, resources, ask } = stage()
    await hooks.run(presenceUnset, leave('Heading Home'))
    expect(await ask(account, 'stranger@other.example/x')).toBe('forbidden')
    resources.push(session(true))
    expect(await ask(account, 'stranger@other.example/x')).toBe('forbidden')
    expect(await ask('nobody@capulet.example', 'stranger@other.example/x')).toBe('forbidden')
  })

  test('a session that ends without a word counts, one that was not available does not', async () => {
    const { hooks, clock, ask } = stage()
    await hooks.run(sessionClosed, { session: session(false), reason: 'closed' })
    expect(await ask(account, friend)).toBe('service-unavailable')
    await hooks.run(presenceUnset, leave('Heading Home'))
    await clock.advance(5_000)
    await hooks.run(sessionClosed, { session: session(false), reason: 'closed' })
    expect(await ask(account, friend)).toEqual({ seconds: 5, status: 'Heading Home' })
    await hooks.run(sessionClosed, { session: session(true), reason: 'connection lost' })
    expect(await ask(account, friend)).toEqual({ seconds: 0, status: '' })
  })

  test('SEC-25: with the account its last activity goes', async () => {
    const { hooks, store, ask } = stage()
    await hooks.run(presenceUnset, leave('Heading Home'))
    await hooks.run(removeUser, { account: parseJid(account) as BareJid, id: '1' })
    expect(await store.get(parseJid(account) as BareJid)).toBeUndefined()
    expect(await ask(account, friend)).toBe('service-unavailable')
  })

  test('§7: it is said to be supported while it is', async () => {
    const { lastActivity, features, hooks, store } = stage()
    for (const to of [server, account]) expect(await features(to)).toContain('jabber:iq:last')
    lastActivity[Symbol.dispose]()
    for (const to of [server, account]) expect(await features(to)).not.toContain('jabber:iq:last')
    await hooks.run(presenceUnset, leave('Heading Home'))
    expect(await store.get(parseJid(account) as BareJid)).toBeUndefined()
  })
})

describe('limits', () => {
  test.each([
    ['x'.repeat(11), 'x'.repeat(10)],
    [`${'x'.repeat(9)}😀`, 'x'.repeat(9)],
    ['x'.repeat(10), 'x'.repeat(10)],
  ])('a long status is cut: %s', async (status, kept) => {
    const { hooks, ask } = stage({ maxStatusLength: 10 })
    await hooks.run(presenceUnset, leave(status))
    expect(await ask(account, friend)).toEqual({ seconds: 0, status: kept })
  })

  test('a clock that was set back does not make a negative age', async () => {
    const { store, clock, ask } = stage()
    await store.set(parseJid(account) as BareJid, { at: clock.now() + 60_000, status: '' })
    expect(await ask(account, friend)).toEqual({ seconds: 0, status: '' })
  })

  test('the memory store forgets who left longest ago', async () => {
    const store = createMemoryLastActivityStore({ maxAccounts: 2 })
    const accounts = ['a@d', 'b@d', 'c@d'].map((text) => parseJid(text) as BareJid) as [
      BareJid,
      BareJid,
      BareJid,
    ]
    for (const [i, one] of [0, 1, 0, 2].entries()) await store.set(accounts[one]!, { at: i, status: '' })
    expect(await Promise.all(accounts.map((one) => store.get(one)))).toEqual([
      { at: 2, status: '' },
      undefined,
      { at: 3, status: '' },
    ])
  })
})
