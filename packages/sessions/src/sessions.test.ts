import { type BareJid, isBareJid, parseJid } from '@xmppkit/jid'
import { isStanzaError, StreamError } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { SessionError, sessionErrorAnswer } from './errors.js'
import { bench, type FakeSession, fakeSession, online, read } from './fake-session.js'
import { sessionsDefaults } from './sessions.js'
import {
  isCopy,
  offlineMessage,
  presenceSet,
  presenceUnset,
  receivePacket,
  sessionClosed,
  sessionOpened,
} from './tokens.js'

function bare(address: string): BareJid {
  const jid = parseJid(address)
  if (!isBareJid(jid)) throw new Error(`${address} is not bare`)
  return jid
}
const juliet = bare('juliet@example.com')
const chat = (to: string, body = 'hi', type = 'chat') =>
  read(`<message type="${type}" from="romeo@example.net/orchard" to="${to}"><body>${body}</body></message>`)

/** What happens, as lines. */
function recorded(options: Parameters<typeof bench>[0] = {}) {
  const made = bench(options)
  const events: string[] = []
  made.hooks.on(sessionOpened, ({ session }) => void events.push(`opened ${session.sid}`))
  made.hooks.on(sessionClosed, ({ session, reason }) => void events.push(`closed ${session.sid}: ${reason}`))
  return { ...made, events }
}

function codeOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    if (error instanceof SessionError) return error.code
    throw error
  }
  return undefined
}

describe('opening', () => {
  test('is done at once, and everybody is told', () => {
    const { sessions, events } = recorded()
    const desk = fakeSession('juliet@example.com/desk', {}, 's1')
    expect(sessions.open(desk, { transport: 'tls', secure: true })).toBeUndefined()
    expect(events).toEqual(['opened s1'])
    expect(sessions.resources(juliet)).toEqual([
      expect.objectContaining({
        sid: 's1',
        jid: desk.jid,
        priority: undefined,
        presence: undefined,
        info: { transport: 'tls', secure: true, openedAt: 1_000_000 },
      }),
    ])
  })

  test('waits for listeners that take time', async () => {
    const { sessions, hooks } = bench()
    let told = false
    hooks.on(sessionOpened, async () => {
      await Promise.resolve()
      told = true
    })
    await sessions.open(fakeSession('juliet@example.com/desk'))
    expect(told).toBe(true)
  })

  test('the same sid twice is a mistake', () => {
    const { sessions } = bench()
    void sessions.open(fakeSession('juliet@example.com/desk', {}, 's1'))
    expect(codeOf(() => sessions.open(fakeSession('juliet@example.com/phone', {}, 's1')))).toBe(
      'session/duplicate',
    )
  })

  test('later sessions have higher orders, also within one millisecond and when the clock steps back', () => {
    const { sessions } = bench()
    const names = Array.from({ length: 9 }, (_, i) => `juliet@example.com/${i}`)
    for (const name of names) void sessions.open(fakeSession(name))
    const orders = sessions.resources(juliet).map((session) => session.order)
    expect(orders).toEqual([...new Set(orders)].sort((a, b) => a - b))
    expect(sessions.resources(juliet).map((session) => session.jid.toString())).toEqual(names)
  })
})

describe('a resource that is in use', () => {
  test('close-old: the old session ends with conflict, and its end is out before the new one is announced', async () => {
    const { sessions, events } = recorded()
    const old: FakeSession = fakeSession(
      'juliet@example.com/desk',
      { close: () => sessions.close(old, 'conflict') ?? undefined },
      'old',
    )
    await online(sessions, old, 5)
    const fresh = fakeSession('juliet@example.com/desk', {}, 'new')
    await sessions.open(fresh)
    expect(old.errors.map((error) => error.condition)).toEqual(['conflict'])
    expect(events).toEqual(['opened old', 'closed old: conflict', 'opened new'])
    expect(sessions.resources(juliet).map((session) => session.sid)).toEqual(['new'])
  })

  test('close-old: from the first moment the new session gets what is sent to the resource', async () => {
    const { sessions } = bench()
    const old: FakeSession = fakeSession('juliet@example.com/desk', {}, 'old')
    await online(sessions, old, 5)
    const fresh = fakeSession('juliet@example.com/desk', {}, 'new')
    const opening = sessions.open(fresh)
    await sessions.deliver(chat('juliet@example.com/desk'))
    expect(sessions.resources(juliet).map((session) => session.sid)).toEqual(['new'])
    await sessions.close(old)
    await opening
    expect([old.got.length, fresh.got.length]).toEqual([0, 1])
  })

  test('close-old: an old session that does not end is taken out after the time limit', async () => {
    const { sessions, events, clock } = recorded({ settleTimeoutMs: 700 })
    const stuck = fakeSession('juliet@example.com/desk', { close: () => new Promise(() => {}) }, 'old')
    await sessions.open(stuck)
    let opened = false
    const opening = Promise.resolve(sessions.open(fakeSession('juliet@example.com/desk', {}, 'new'))).then(
      () => {
        opened = true
      },
    )
    await clock.advance(699)
    expect(opened).toBe(false)
    await clock.advance(1)
    await opening
    expect(events).toEqual(['opened old', 'closed old: conflict: it did not end in time', 'opened new'])
    expect(sessions.count()).toBe(1)
  })

  test.each(['throws', 'rejects'])('close-old: one whose end %s is taken out at once', async (how) => {
    const { sessions, events, logged } = recorded()
    const close = () => {
      if (how === 'throws') throw new Error('bug')
      return Promise.reject(new Error('bug'))
    }
    await sessions.open(fakeSession('juliet@example.com/desk', { close }, 'old'))
    await sessions.open(fakeSession('juliet@example.com/desk', {}, 'new'))
    expect(events.at(-1)).toBe('opened new')
    expect(logged.map((line) => line.message)).toEqual(['a session could not be told to end'])
  })

  test('close-old: a session that ends while it replaces another is never announced', async () => {
    const { sessions, events } = recorded()
    const old = fakeSession('juliet@example.com/desk', {}, 'old')
    await sessions.open(old)
    const fresh = fakeSession('juliet@example.com/desk', {}, 'new')
    const opening = sessions.open(fresh)
    await sessions.close(fresh)
    await sessions.close(old)
    await opening
    expect(events).toEqual(['opened old', 'closed new: closed', 'closed old: closed'])
    expect(sessions.count()).toBe(0)
  })

  test('close-old: two that replace the same one both wait for it, and the last one stays', async () => {
    const { sessions, events } = recorded()
    const make = (sid: string): FakeSession => {
      const session: FakeSession = fakeSession(
        'juliet@example.com/desk',
        {
          close: async () => {
            await sessions.close(session)
          },
        },
        sid,
      )
      return session
    }
    await Promise.all(['a', 'b', 'c'].map((sid) => sessions.open(make(sid))))
    expect(sessions.resources(juliet).map((session) => session.sid)).toEqual(['c'])
    expect(events.at(-1)).toBe('opened c')
  })

  test('refuse: the new one gets a conflict, the old one stays', () => {
    const { sessions, events } = recorded({ onConflict: 'refuse' })
    void sessions.open(fakeSession('juliet@example.com/desk', {}, 'old'))
    expect(codeOf(() => sessions.open(fakeSession('juliet@example.com/desk', {}, 'new')))).toBe(
      'session/conflict',
    )
    expect(codeOf(() => sessions.resourceFor(juliet, 'desk'))).toBe('session/conflict')
    expect(events).toEqual(['opened old'])
    expect(sessions.resourceFor(juliet, 'phone').toString()).toBe('juliet@example.com/phone')
  })

  test('rename: the new one is offered another resource', () => {
    const { sessions } = bench({ onConflict: 'rename' })
    void sessions.open(fakeSession('juliet@example.com/desk', {}, 'old'))
    const offered = sessions.resourceFor(juliet, 'desk')
    expect(offered.resource).not.toBe('desk')
    expect(sessions.open(fakeSession(offered.toString(), {}, 'new'))).toBeUndefined()
    expect(codeOf(() => sessions.open(fakeSession('juliet@example.com/desk', {}, 'x')))).toBe(
      'session/conflict',
    )
    expect(sessions.count()).toBe(2)
  })

  test('SEC-37: a resource nobody chose is random', () => {
    const { sessions } = bench()
    const [one, two] = [sessions.resourceFor(juliet), sessions.resourceFor(juliet, '')]
    expect(one.resource).toMatch(/^[\w-]{20,}$/)
    expect(one.equals(two)).toBe(false)
    expect(sessions.resourceFor(juliet, 'desk').toString()).toBe('juliet@example.com/desk')
  })
})

describe('too many sessions', () => {
  const fill = (made: ReturnType<typeof bench>, count: number): FakeSession[] =>
    Array.from({ length: count }, (_, i) => {
      const session: FakeSession = fakeSession(
        `juliet@example.com/${i}`,
        { close: () => made.sessions.close(session) ?? undefined },
        `s${i}`,
      )
      void made.sessions.open(session)
      return session
    })

  test('are refused, unless they replace one', async () => {
    const made = bench()
    fill(made, sessionsDefaults.maxPerAccount)
    expect(codeOf(() => made.sessions.open(fakeSession('juliet@example.com/x')))).toBe('session/limit')
    expect(made.sessions.open(fakeSession('romeo@example.com/x'))).toBeUndefined()
    await made.sessions.open(fakeSession('juliet@example.com/3', {}, 'new'))
    expect(made.sessions.resources(juliet)).toHaveLength(10)
  })

  test('close-oldest: the oldest ends', async () => {
    const made = bench({ maxPerAccount: 3, onLimit: 'close-oldest' })
    const [first, second] = fill(made, 3)
    await made.sessions.open(fakeSession('juliet@example.com/x', {}, 'x'))
    expect(first?.errors.map((error) => error.condition)).toEqual(['conflict'])
    expect(second?.errors).toEqual([])
    expect(made.sessions.resources(juliet).map((session) => session.sid)).toEqual(['s1', 's2', 'x'])
  })

  test('E-14: a domain may have limits of its own; who takes the place of another is not one more', async () => {
    const limits = new Map([
      ['example.com maxPerAccount', 2],
      ['example.com maxPerDomain', 3],
    ])
    const made = bench({}, [], { limitOf: (domain, limit) => limits.get(`${domain} ${limit}`) })
    fill(made, 2)
    expect(codeOf(() => made.sessions.open(fakeSession('juliet@example.com/x')))).toBe('session/limit')
    void made.sessions.open(fakeSession('romeo@example.com/1'))
    expect(codeOf(() => made.sessions.open(fakeSession('nurse@example.com/1')))).toBe('session/limit')
    await made.sessions.open(fakeSession('juliet@example.com/1', {}, 'new'))
    expect(made.sessions.count('example.com')).toBe(3)
    for (const n of [1, 2, 3, 4]) void made.sessions.open(fakeSession(`romeo@example.net/${n}`))
    expect(made.sessions.count('example.net')).toBe(4)
  })

  test('Infinity lifts the limit', () => {
    const made = bench({ maxPerAccount: Number.POSITIVE_INFINITY })
    fill(made, 50)
    expect(made.sessions.count()).toBe(50)
  })

  test('clients are told what RFC 6120 §7.6.2 and §7.7.2 say', () => {
    const answer = (code: ConstructorParameters<typeof SessionError>[0]) =>
      sessionErrorAnswer(new SessionError(code, 'x')).condition
    expect([answer('session/conflict'), answer('session/limit'), answer('session/duplicate')]).toEqual([
      'conflict',
      'resource-constraint',
      'internal-server-error',
    ])
  })
})

describe('presence', () => {
  test('sets the priority before anybody is told', async () => {
    const { sessions, hooks } = bench()
    const seen: unknown[] = []
    hooks.on(presenceSet, ({ session, stanza, previousPriority }) => {
      const [record] = sessions.resources(juliet)
      seen.push([session === record, session.priority, session.presence === stanza, previousPriority])
    })
    const desk = fakeSession('juliet@example.com/desk')
    await sessions.open(desk)
    expect(sessions.setPresence(desk, read('<presence/>'))).toBeUndefined()
    void sessions.setPresence(desk, read('<presence><priority>-3</priority></presence>'))
    expect(seen).toEqual([
      [true, 0, true, undefined],
      [true, -3, true, 0],
    ])
  })

  test('unavailable takes it back, and is told once', async () => {
    const { sessions, hooks } = bench()
    const seen: unknown[] = []
    hooks.on(
      presenceUnset,
      ({ session, previousPriority }) => void seen.push([session.priority, previousPriority]),
    )
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, desk, 7)
    await sessions.setPresence(desk, read('<presence type="unavailable"/>'))
    await sessions.setPresence(desk, read('<presence type="unavailable"/>'))
    expect(seen).toEqual([[undefined, 7]])
    expect(sessions.resources(juliet)[0]).toMatchObject({ priority: undefined, presence: undefined })
  })

  test('N-6: a priority that is none changes nothing', async () => {
    const { sessions, hooks } = bench()
    hooks.on(presenceSet, () => expect.unreachable())
    const desk = fakeSession('juliet@example.com/desk')
    await sessions.open(desk)
    for (const text of ['128', 'NaN', 'high']) {
      try {
        void sessions.setPresence(desk, read(`<presence><priority>${text}</priority></presence>`))
        expect.unreachable()
      } catch (error) {
        expect(isStanzaError(error) && error.condition).toBe('bad-request')
      }
    }
    expect(sessions.resources(juliet)[0]?.priority).toBeUndefined()
  })

  test('of a session that is gone is ignored; a subscription is not a presence of a session', async () => {
    const { sessions, hooks } = bench()
    hooks.on(presenceSet, () => expect.unreachable())
    const desk = fakeSession('juliet@example.com/desk')
    expect(sessions.setPresence(desk, read('<presence/>'))).toBeUndefined()
    await sessions.open(desk)
    expect(() => sessions.setPresence(desk, read('<presence type="subscribe"/>'))).toThrow(TypeError)
  })
})

describe('closing', () => {
  test('removes the record, then tells, then re-routes what was not written, once and in order', async () => {
    const { sessions, hooks } = bench()
    const order: string[] = []
    const phone = fakeSession('juliet@example.com/phone', {
      deliver: (stanza) => void order.push(`phone got ${stanza.text('body')}`),
    })
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, phone, 1)
    await online(sessions, desk, 5)
    hooks.on(receivePacket, () => expect.unreachable())
    hooks.on(sessionClosed, async ({ session, reason }) => {
      await Promise.resolve()
      order.push(`closed ${reason} ${session.priority} ${sessions.resources(juliet).length}`)
    })
    const undelivered = [
      chat('juliet@example.com/desk', '1'),
      chat('juliet@example.com', '2', 'normal'),
      chat('juliet@example.com/desk', '3', 'normal'),
      chat('juliet@example.com', '4', 'headline'),
      chat('juliet@example.com', '5').withMeta(isCopy, true),
    ]
    await sessions.close(desk, 'gone', undelivered)
    expect(order).toEqual(['closed gone 5 1', 'phone got 1', 'phone got 2', 'phone got 3'])
    await sessions.close(desk, 'again')
    expect(order).toHaveLength(4)
  })

  test('a second call re-routes what it is given and tells nobody', async () => {
    const { sessions, events } = recorded()
    const [desk, phone] = [fakeSession('juliet@example.com/desk'), fakeSession('juliet@example.com/phone')]
    await online(sessions, desk)
    await online(sessions, phone)
    await sessions.close(desk)
    expect(sessions.close(desk, 'late', [chat('juliet@example.com/desk')])).toBeUndefined()
    expect(phone.bodies()).toEqual(['hi'])
    expect(events).toHaveLength(3)
  })

  test('M-7: with nobody left everything goes to storage in its order, however long each takes', async () => {
    const { sessions, hooks, clock } = bench()
    const stored: (string | undefined)[] = []
    const pauses = [30, 1, 20, 0, 10]
    hooks.on(offlineMessage, async ({ stanza }) => {
      const pause = pauses.shift() ?? 0
      if (pause > 0) await new Promise<void>((resolve) => clock.after(pause, resolve))
      stored.push(stanza.text('body'))
      return { action: 'stored', stanza }
    })
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, desk)
    const bodies = ['a', 'b', 'c', 'd', 'e']
    const closing = sessions.close(
      desk,
      'lost',
      bodies.map((body) => chat('juliet@example.com/desk', body)),
    )
    await clock.advance(1000)
    await closing
    expect(stored).toEqual(bodies)
  })

  test('each undelivered stanza has one outcome; only what may be answered is', async () => {
    const { sessions, routed } = bench()
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, desk)
    const to = 'to="juliet@example.com/desk" from="romeo@example.net/o"'
    await sessions.close(desk, 'lost', [
      read(`<iq type="get" id="1" ${to}><q xmlns="u:q"/></iq>`),
      read(`<iq type="result" id="2" ${to}/>`),
      read(`<presence ${to}/>`),
      read(`<message type="groupchat" ${to}/>`),
      read(`<message type="error" ${to}/>`),
      read(`<message type="chat" ${to}/>`),
    ])
    expect(routed.map((xml) => /^<\w+/.exec(xml)?.[0])).toEqual(['<iq', '<message', '<message'])
  })

  test('a failing listener stops nothing', async () => {
    const { sessions, hooks, logged } = bench()
    hooks.on(sessionClosed, () => Promise.reject(new Error('bug')))
    const [desk, phone] = [fakeSession('juliet@example.com/desk'), fakeSession('juliet@example.com/phone')]
    await online(sessions, desk)
    await online(sessions, phone)
    await sessions.close(desk, 'gone', [chat('juliet@example.com')])
    expect(phone.bodies()).toEqual(['hi'])
    expect(logged.map((line) => line.message)).toEqual(['listener failed'])
  })
})

describe('kicking', () => {
  async function crowd() {
    const made = recorded()
    const names = ['juliet@example.com/a', 'juliet@example.com/b', 'romeo@example.com/a', 'x@other.example/a']
    const all = names.map((name) => {
      const session: FakeSession = fakeSession(name, {
        close: async (error) => {
          await Promise.resolve()
          await made.sessions.close(session, error.condition)
        },
      })
      return session
    })
    for (const session of all) await made.sessions.open(session)
    return { ...made, all }
  }

  const targets = [
    ['juliet@example.com/a', 1],
    ['juliet@example.com', 2],
    ['example.com', 3],
    ['other.example', 1],
    ['juliet@example.com/gone', 0],
    ['nobody@example.com', 0],
    ['none.example', 0],
  ] as const
  test.each(targets)('%s ends %i sessions, and waits until they are gone', async (target, count) => {
    const { sessions, events, all } = await crowd()
    expect(await sessions.kick(parseJid(target), new StreamError('policy-violation'))).toBe(count)
    expect(events.filter((line) => line.endsWith(': policy-violation'))).toHaveLength(count)
    expect(sessions.count()).toBe(4 - count)
    expect(all.filter((session) => session.errors.length === 1)).toHaveLength(count)
  })

  test('a whole domain ends in bounded batches', async () => {
    const made = bench()
    let ending = 0
    let most = 0
    for (let i = 0; i < 250; i += 1) {
      const session: FakeSession = fakeSession(`u${i}@example.com/r`, {
        close: async () => {
          ending += 1
          most = Math.max(most, ending)
          await Promise.resolve()
          ending -= 1
          await made.sessions.close(session)
        },
      })
      void made.sessions.open(session)
    }
    expect(await made.sessions.kick(parseJid('example.com'), new StreamError('system-shutdown'))).toBe(250)
    expect([made.sessions.count(), most]).toEqual([0, 100])
  })
})

describe('counts and pages', () => {
  test('a page has a bounded size, whatever is asked', () => {
    const { sessions } = bench({ maxPageSize: 2 })
    for (const name of ['a', 'b', 'c']) void sessions.open(fakeSession(`${name}@example.com/r`))
    void sessions.open(fakeSession('a@other.example/r'))
    const first = sessions.list({ limit: 1000 })
    expect(first.sessions.map((session) => session.jid.local)).toEqual(['a', 'b'])
    const second = sessions.list({ limit: 0, after: first.next ?? 0 })
    expect(second.sessions.map((session) => session.jid.local)).toEqual(['c'])
    expect(sessions.list({ limit: 2, domain: 'other.example' }).sessions).toHaveLength(1)
    expect([sessions.count(), sessions.count('example.com')]).toEqual([4, 3])
  })
})
