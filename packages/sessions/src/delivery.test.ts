import { drop, stop } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import { isThenable } from '@xmppkit/runtime'
import { type Stanza, StanzaError } from '@xmppkit/stanza'
import { textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { unreachableAnswer } from './decide-delivery.js'
import { bench, fakeSession, online, read } from './fake-session.js'
import {
  archivedAs,
  bouncePacket,
  isArchivedForAddressee,
  isCopy,
  neverBounce,
  offlineMessage,
  offlineSeq,
  probeIn,
  receivePacket,
  reroutePacket,
  resourceVisible,
  sharedWith,
  subscriptionIn,
} from './tokens.js'

const chat = (to: string, body = 'hi') =>
  read(
    `<message type="chat" id="1" from="romeo@example.net/orchard" to="${to}"><body>${body}</body></message>`,
  )
const noting = <T>(list: unknown[], entry: unknown, result: T): T => {
  list.push(entry)
  return result
}
const unavailable = /type="error".*<service-unavailable /

test('X-CONS: what fails is told of the message as receivePacket left it, marks included', async () => {
  const { sessions, hooks } = bench()
  const archived = { by: parseJid('juliet@example.com').bare, id: 'a1' }
  hooks.on(receivePacket, (stanza) => stanza.withMeta(archivedAs, archived))
  const told: unknown[] = []
  hooks.on(bouncePacket, (value) => {
    told.push(value.stanza.meta(archivedAs), isArchivedForAddressee(value.stanza), value.error.condition)
    return drop
  })
  await sessions.deliver(chat('juliet@example.com/gone').with({ type: 'normal' }))
  hooks.on(offlineMessage, () => {
    throw new StanzaError('resource-constraint')
  })
  await sessions.deliver(chat('juliet@example.com'))
  hooks.on(offlineMessage, () => Promise.reject(new Error('bug')), { seq: 1 })
  await sessions.deliver(chat('juliet@example.com'))
  expect(told).toEqual(
    ['service-unavailable', 'resource-constraint', 'internal-server-error'].flatMap((why) => [
      archived,
      true,
      why,
    ]),
  )
  expect(isArchivedForAddressee(chat('juliet@example.com'))).toBe(false)
  expect(isArchivedForAddressee(chat('romeo@example.com').withMeta(archivedAs, archived))).toBe(false)
})

describe('to sessions', () => {
  test('a message to a connected resource is there at once: no promise, no lookup', async () => {
    const { sessions, lookedUp } = bench()
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, desk)
    const stanza = chat('juliet@example.com/desk')
    expect(sessions.deliver(stanza)).toBeUndefined()
    expect(desk.got).toEqual([stanza])
    expect(desk.got[0]).toBe(stanza)
    expect(lookedUp).toEqual([])
  })

  test('M-1: the address of a message to the bare address stays bare, for every receiver', async () => {
    const { sessions } = bench()
    const all = [fakeSession('juliet@example.com/desk'), fakeSession('juliet@example.com/phone')]
    for (const session of all) await online(sessions, session)
    await sessions.deliver(chat('juliet@example.com'))
    await sessions.deliver(read('<presence from="romeo@example.net/orchard" to="juliet@example.com"/>'))
    for (const session of all) {
      expect(session.got.map((stanza) => stanza.to?.toString())).toEqual([
        'juliet@example.com',
        'juliet@example.com',
      ])
      expect(textFromWire(session.got[0]!.toWire())).toContain('to="juliet@example.com"')
    }
  })

  test('of several receivers of a message all but the newest get a marked copy', async () => {
    const { sessions } = bench()
    const [desk, phone] = [fakeSession('juliet@example.com/desk'), fakeSession('juliet@example.com/phone')]
    await online(sessions, desk)
    await online(sessions, phone)
    await sessions.deliver(chat('juliet@example.com'))
    expect([desk.got[0]?.meta(isCopy), phone.got[0]?.meta(isCopy)]).toEqual([true, undefined])
    // And the one that is none says who else has it.
    expect(phone.got[0]?.meta(sharedWith)?.map(({ sid }) => sid)).toEqual([phone.sid, desk.sid])
    expect(desk.got[0]?.meta(sharedWith)).toBeUndefined()
  })

  test('one that throws keeps the message from nobody else', async () => {
    const { sessions, logged, routed } = bench()
    const desk = fakeSession('juliet@example.com/desk')
    const broken = fakeSession('juliet@example.com/broken', {
      deliver() {
        throw new Error('bug')
      },
    })
    await online(sessions, desk)
    await online(sessions, broken)
    await sessions.deliver(chat('juliet@example.com'))
    expect(desk.bodies()).toEqual(['hi'])
    expect(routed).toEqual([])
    expect(logged.map((line) => line.message)).toEqual(['a session failed to take a stanza'])
  })

  test('waits for a session that has to wait, and only then', async () => {
    const { sessions } = bench()
    let release = () => {}
    const slow = fakeSession('juliet@example.com/slow', {
      deliver: () => new Promise<void>((resolve) => (release = resolve)),
    })
    await online(sessions, slow)
    await online(sessions, fakeSession('juliet@example.com/fast'))
    for (const to of ['juliet@example.com/slow', 'juliet@example.com']) {
      const delivering = sessions.deliver(chat(to))
      expect(isThenable(delivering)).toBe(true)
      release()
      expect(await delivering).toBeUndefined()
    }
  })

  test('a session whose policy refuses a message tells the sender, and nothing is stored', async () => {
    const { sessions, hooks, routed, logged } = bench()
    hooks.on(offlineMessage, () => expect.unreachable())
    const refuse = () => {
      throw new StanzaError('not-acceptable')
    }
    await online(sessions, fakeSession('juliet@example.com/desk', { deliver: refuse }))
    await sessions.deliver(chat('juliet@example.com/desk'))
    await online(sessions, fakeSession('juliet@example.com/phone', { deliver: refuse }))
    await sessions.deliver(chat('juliet@example.com'))
    const refused = expect.stringMatching(/type="error".*<not-acceptable /)
    expect(routed).toEqual([refused, refused])
    expect(logged).toEqual([])
  })

  test('what a session throws unexpectedly is logged, and its text goes to nobody', async () => {
    const { sessions, routed, logged } = bench()
    const session = fakeSession('juliet@example.com/desk', {
      deliver: () => Promise.reject(new Error('secret')),
    })
    await online(sessions, session)
    await sessions.deliver(chat('juliet@example.com/desk'))
    expect(routed).toEqual([expect.stringMatching(/<internal-server-error /)])
    expect(routed[0]).not.toContain('secret')
    expect(logged.map((line) => line.message)).toEqual(['a stanza could not be delivered'])
  })
})

describe('order', () => {
  test('of messages of one sender is kept when a hook takes time for some', async () => {
    const { sessions, hooks } = bench()
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, desk)
    hooks.on(receivePacket, async (stanza) => {
      if (stanza.text('body') === 'slow') await Promise.resolve()
      return stanza
    })
    for (const body of ['slow', 'a', 'slow', 'b']) await sessions.deliver(chat('juliet@example.com', body))
    expect(desk.bodies()).toEqual(['slow', 'a', 'slow', 'b'])
  })
})

describe('the receive hook', () => {
  test('M-4: sees every stanza before sessions are looked up, and may change or drop it', async () => {
    const { sessions, hooks, routed, lookedUp } = bench()
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, desk)
    const seen: string[] = []
    hooks.on(receivePacket, (stanza) => {
      seen.push(stanza.text('body') ?? '')
      return stanza.text('body') === 'spam' ? drop : stanza.with({ lang: 'en' })
    })
    await sessions.deliver(chat('juliet@example.com', 'spam'))
    await sessions.deliver(chat('nobody@example.com', 'spam'))
    await sessions.deliver(chat('juliet@example.com', 'fine'))
    expect(seen).toEqual(['spam', 'spam', 'fine'])
    expect(desk.got.map((stanza) => stanza.lang)).toEqual(['en'])
    expect([routed, lookedUp]).toEqual([[], []])
  })

  test('fails closed: an error is answered, and nothing is delivered', async () => {
    const { sessions, hooks, routed, logged } = bench()
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, desk)
    const registration = hooks.on(receivePacket, () => {
      throw new Error('policy crashed')
    })
    expect(() => sessions.deliver(chat('juliet@example.com'))).not.toThrow()
    registration[Symbol.dispose]()
    hooks.on(receivePacket, () => Promise.reject(new StanzaError('policy-violation')))
    await sessions.deliver(chat('juliet@example.com'))
    expect(desk.got).toEqual([])
    expect(routed.map((xml) => /<(internal-server-error|policy-violation) /.exec(xml)?.[1])).toEqual([
      'internal-server-error',
      'policy-violation',
    ])
    expect(logged).toHaveLength(1)
  })

  test('may stop the walk with another stanza', async () => {
    const { sessions, hooks } = bench()
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, desk)
    hooks.on(receivePacket, () => stop(chat('juliet@example.com', 'instead')))
    await sessions.deliver(chat('juliet@example.com'))
    expect(desk.bodies()).toEqual(['instead'])
  })

  test('a stanza without addressee goes nowhere', async () => {
    const { sessions, routed, lookedUp } = bench()
    await sessions.deliver(read('<message from="romeo@example.net/orchard"/>'))
    await sessions.reroute(read('<message from="romeo@example.net/orchard"/>'))
    expect([routed, lookedUp]).toEqual([[], []])
  })
})

describe('offline', () => {
  test('a message nobody takes is returned to its sender', async () => {
    const { sessions, routed, lookedUp } = bench()
    expect(sessions.deliver(chat('juliet@example.com'))).toBeUndefined()
    expect(routed).toEqual([expect.stringMatching(unavailable)])
    expect(routed[0]).toContain('to="romeo@example.net/orchard"')
    expect(lookedUp).toEqual(['juliet@example.com'])
  })

  test('handlers are asked in the order of their numbers, and stored means stored', async () => {
    const { sessions, hooks, routed } = bench()
    const asked: string[] = []
    hooks.on(offlineMessage, (value) => noting(asked, `push ${value.action}`, value), {
      seq: offlineSeq.push,
    })
    hooks.on(offlineMessage, (value) => noting(asked, `archive ${value.action}`, value), {
      seq: offlineSeq.archive,
    })
    hooks.on(
      offlineMessage,
      async ({ stanza }) => {
        asked.push('store')
        return { action: 'stored', stanza }
      },
      { seq: offlineSeq.store },
    )
    await sessions.deliver(chat('juliet@example.com'))
    expect(asked).toEqual(['archive bounce', 'store', 'push stored'])
    expect(routed).toEqual([])
  })

  test('a headline starts as nothing to do, and vanishes', async () => {
    const { sessions, hooks, routed } = bench()
    const actions: string[] = []
    hooks.on(offlineMessage, (value) => noting(actions, value.action, value))
    await sessions.deliver(
      read('<message type="headline" from="romeo@example.net/o" to="juliet@example.com"/>'),
    )
    expect([actions, routed]).toEqual([['discard'], []])
  })

  test('a handler may drop, discard, or refuse with its own error', async () => {
    const { sessions, hooks, routed } = bench()
    const outcomes = [drop, 'discard', new StanzaError('resource-constraint')] as const
    for (const outcome of outcomes) {
      const registration = hooks.on(offlineMessage, ({ stanza }) => {
        if (outcome instanceof StanzaError) throw outcome
        return outcome === 'discard' ? { action: 'discard', stanza } : outcome
      })
      await sessions.deliver(chat('juliet@example.com'))
      registration[Symbol.dispose]()
    }
    expect(routed).toEqual([expect.stringMatching(/<resource-constraint /)])
  })

  test('M-2: an account with negative priorities only is offline, and is not looked up', async () => {
    const { sessions, hooks, lookedUp } = bench()
    const bot = fakeSession('juliet@example.com/bot')
    await online(sessions, bot, -1)
    const offered: Stanza[] = []
    hooks.on(offlineMessage, ({ stanza }) => noting(offered, stanza, { action: 'stored', stanza }))
    await sessions.deliver(chat('juliet@example.com'))
    expect([bot.got.length, offered.length, lookedUp.length]).toEqual([0, 1, 0])
  })
})

describe('M-8: an account that does not exist', () => {
  const stanzas = [
    '<message type="normal" X/>',
    '<message type="chat" X/>',
    '<message type="groupchat" X/>',
    '<message type="headline" X/>',
    '<message type="error" X/>',
    '<presence X/>',
    '<presence type="unavailable" X/>',
    '<presence type="subscribe" X/>',
    '<presence type="subscribed" X/>',
    '<presence type="unsubscribe" X/>',
    '<presence type="unsubscribed" X/>',
    '<presence type="probe" X/>',
    '<presence type="error" X/>',
    '<iq type="get" X><q xmlns="u:q"/></iq>',
    '<iq type="set" X><q xmlns="u:q"/></iq>',
    '<iq type="result" X/>',
    '<iq type="error" X/>',
  ]
  const at = (xml: string, to: string) =>
    read(xml.replace('X', `id="1" from="romeo@example.net/o" to="${to}"`))

  /** Answers as if the sender were blocked: what a blocking module does. */
  function blocked(): ReturnType<typeof bench> {
    const made = bench({}, ['nobody@example.com'])
    made.hooks.on(receivePacket, (stanza) => {
      const answer = unreachableAnswer(stanza)
      if (answer !== undefined) throw answer
      return drop
    })
    return made
  }

  test.each(['get', 'set'])(
    'L-6: an iq of type %s is left to its handler, which answers strangers alike for all accounts',
    async (type) => {
      const unknown = bench()
      const request = `<iq type="${type}" X><q xmlns="u:q"/></iq>`
      await unknown.sessions.deliver(at(request, 'nobody@example.com'))
      expect([unknown.asked.length, unknown.routed.length, unknown.lookedUp.length]).toEqual([1, 0, 0])
      await unknown.sessions.deliver(at(request, 'nobody@example.com/desk'))
      expect([unknown.asked.length, unknown.routed.length]).toEqual([1, 1])
      expect(unknown.routed[0]).toMatch(unavailable)
    },
  )

  test.each(stanzas)(
    'answers %s as one that blocks the sender, to bare and to full addresses',
    async (xml) => {
      const isRequest = /^<iq type="[gs]et"/.test(xml)
      for (const to of ['nobody@example.com', 'nobody@example.com/desk']) {
        if (isRequest && to === 'nobody@example.com') continue // see L-6 above
        const unknown = bench()
        const calls: string[] = []
        unknown.hooks.on(subscriptionIn, () => noting(calls, 'subscription', true))
        unknown.hooks.on(probeIn, () => void calls.push('probe'))
        unknown.hooks.on(offlineMessage, (value) => noting(calls, 'offline', value))
        await unknown.sessions.deliver(at(xml, to))
        const blocking = blocked()
        await blocking.sessions.deliver(at(xml, to))
        expect(unknown.routed).toEqual(blocking.routed)
        const expected = /^<(message(?! type="error")|iq type="[gs]et")/.test(xml) ? 1 : 0
        expect(unknown.routed).toHaveLength(expected)
        for (const reply of unknown.routed) expect(reply).toMatch(unavailable)
        expect([calls, unknown.asked, unknown.logged]).toEqual([[], [], []])
      }
    },
  )

  test('is looked up by whoever knows it, who may take time', async () => {
    const { sessions, routed } = bench({}, [])
    expect(sessions.deliver(chat('nobody@example.com'))).toBeUndefined()
    expect(routed).toHaveLength(1)
  })
})

describe('iq', () => {
  const get = (to: string, from = 'romeo@example.net/orchard') =>
    read(`<iq type="get" id="1" from="${from}" to="${to}"><q xmlns="u:q"/></iq>`)

  test('Q-4: a request to the bare address is answered by the account, never by a resource', async () => {
    const { sessions, asked } = bench()
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, desk)
    await sessions.deliver(get('juliet@example.com'))
    expect(asked).toHaveLength(1)
    expect(desk.got).toEqual([])
  })

  test('a request to the bare address of somebody who is away is answered by the account too', async () => {
    const { sessions, asked } = bench()
    await sessions.deliver(get('juliet@example.com'))
    expect(asked).toHaveLength(1)
  })

  test('Q-2: results and errors for the bare address, or for nobody, are dropped', async () => {
    const { sessions, routed, asked } = bench()
    for (const type of ['result', 'error']) {
      for (const to of ['juliet@example.com', 'juliet@example.com/gone']) {
        await sessions.deliver(read(`<iq type="${type}" id="1" from="romeo@example.net/o" to="${to}"/>`))
      }
    }
    expect([routed, asked]).toEqual([[], []])
  })

  test('a request to a resource reaches it, without presence too; one to nobody is unavailable', async () => {
    const { sessions, routed } = bench()
    const desk = fakeSession('juliet@example.com/desk')
    await sessions.open(desk)
    await sessions.deliver(get('juliet@example.com/desk'))
    await sessions.deliver(get('juliet@example.com/gone'))
    expect(desk.got).toHaveLength(1)
    expect(routed).toEqual([expect.stringMatching(unavailable)])
  })

  test('whoever may not see the resource gets what he would get if it were not there', async () => {
    for (const slow of [false, true]) {
      const { sessions, hooks, routed } = bench()
      const desk = fakeSession('juliet@example.com/desk')
      await online(sessions, desk)
      hooks.on(resourceVisible, (_seen, { stanza, session }) => {
        const seen = stanza.from?.local === 'romeo' && session.sid === desk.sid
        return slow ? Promise.resolve(seen) : seen
      })
      await sessions.deliver(get('juliet@example.com/desk', 'paris@example.net/x'))
      await sessions.deliver(get('juliet@example.com/gone', 'paris@example.net/x'))
      const [hidden, absent] = routed
      expect(hidden).toBe(absent?.replace('juliet@example.com/gone', 'juliet@example.com/desk'))
      expect(desk.got).toEqual([])
      await sessions.deliver(get('juliet@example.com/desk'))
      expect(desk.got).toHaveLength(1)
    }
  })

  test('the account itself, its server, and answers are not asked about', async () => {
    const { sessions, hooks } = bench()
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, desk)
    hooks.on(resourceVisible, () => false)
    await sessions.deliver(get('juliet@example.com/desk', 'juliet@example.com/phone'))
    await sessions.deliver(get('juliet@example.com/desk', 'juliet@example.com'))
    await sessions.deliver(get('juliet@example.com/desk', 'example.com'))
    await sessions.deliver(
      read('<iq type="result" id="1" from="paris@example.net/x" to="juliet@example.com/desk"/>'),
    )
    expect(desk.got).toHaveLength(4)
    await sessions.deliver(get('juliet@example.com/desk', 'other.example'))
    expect(desk.got).toHaveLength(4)
  })
})

describe('presence', () => {
  const subscribe = () =>
    read('<presence type="subscribe" from="romeo@example.net" to="juliet@example.com"/>')

  test('subscriptions reach available resources only if the roster says so', async () => {
    const { sessions, hooks } = bench()
    const [desk, bot, tv] = ['desk', 'bot', 'tv'].map((name) => fakeSession(`juliet@example.com/${name}`))
    await online(sessions, desk!)
    await online(sessions, bot!, -1)
    await sessions.open(tv!)
    await sessions.deliver(subscribe())
    expect(desk!.got).toEqual([])
    const registration = hooks.on(subscriptionIn, (shown) => !shown)
    await sessions.deliver(subscribe())
    registration[Symbol.dispose]()
    hooks.on(subscriptionIn, () => Promise.resolve(true))
    await sessions.deliver(subscribe())
    hooks.on(subscriptionIn, () => drop)
    await sessions.deliver(subscribe())
    expect([desk!.got.length, bot!.got.length, tv!.got.length]).toEqual([2, 2, 0])
  })

  test('subscriptions and probes for somebody who is away reach the roster', async () => {
    const { sessions, hooks } = bench()
    const seen: string[] = []
    hooks.on(subscriptionIn, (_shown, { stanza }) => noting(seen, stanza.type, false))
    hooks.on(probeIn, ({ stanza }) => void seen.push(stanza.type))
    await sessions.deliver(subscribe())
    await sessions.deliver(subscribe().with({ type: 'probe' }))
    expect(seen).toEqual(['subscribe', 'probe'])
  })

  test('P-9: a request for an account that does not exist is ignored', async () => {
    const { sessions, hooks, routed } = bench({}, [])
    const seen: string[] = []
    hooks.on(subscriptionIn, () => noting(seen, 'asked', true))
    await sessions.deliver(subscribe())
    expect([seen, routed]).toEqual([[], []])
  })

  test('N-9: presence for a resource that is not there is ignored', async () => {
    const { sessions, routed, lookedUp } = bench()
    await sessions.deliver(read('<presence from="romeo@example.net/o" to="juliet@example.com/gone"/>'))
    expect([routed, lookedUp]).toEqual([[], []])
  })

  test('slow sessions do not keep presence from the others', async () => {
    const { sessions } = bench()
    let release = () => {}
    const slow = fakeSession('juliet@example.com/slow', {
      deliver: () => new Promise<void>((resolve) => (release = resolve)),
    })
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, slow)
    await online(sessions, desk)
    const delivering = sessions.deliver(
      read('<presence from="romeo@example.net/o" to="juliet@example.com"/>'),
    )
    expect(desk.got).toHaveLength(1)
    release()
    await delivering
  })
})

describe('M-7 X-CONS: nothing happens between what the last handler decided and what is done about it', () => {
  test.each([
    ['a message is delivered', 'deliver', receivePacket],
    ['one is delivered again', 'reroute', reroutePacket],
  ] as const)('when %s', async (_, how, hook) => {
    const { sessions, hooks } = bench()
    const desk = fakeSession('juliet@example.com/desk')
    await online(sessions, desk)
    hooks.on(hook, async (stanza: Stanza) => stanza, { seq: 10 })
    hooks.on(hook, (stanza: Stanza) => {
      queueMicrotask(() => void sessions.close(desk))
      return stanza
    })
    await sessions[how](chat('juliet@example.com'))
    expect([desk.bodies(), sessions.count()]).toEqual([['hi'], 0])
  })
})

describe('bounces', () => {
  test('the hook may keep one back, or change its error', async () => {
    for (const slow of [false, true]) {
      const { sessions, hooks, routed } = bench()
      hooks.on(bouncePacket, (value) => {
        const body = value.stanza.text('body')
        const next =
          body === 'quiet'
            ? ({ ...value, action: 'discard' } as const)
            : body === 'gone'
              ? drop
              : { ...value, error: new StanzaError('recipient-unavailable') }
        return slow ? Promise.resolve(next) : next
      })
      for (const body of ['quiet', 'gone', 'loud']) await sessions.deliver(chat('juliet@example.com', body))
      expect(routed).toEqual([expect.stringMatching(/<recipient-unavailable /)])
    }
  })

  test('a stanza marked never to be bounced is not, nor is a copy', async () => {
    const { sessions, routed } = bench()
    await sessions.deliver(chat('juliet@example.com').withMeta(neverBounce, true))
    await sessions.deliver(chat('juliet@example.com').withMeta(isCopy, true))
    expect(routed).toEqual([])
  })

  test('Q-7: a stanza without sender is not answered', async () => {
    const { sessions, routed } = bench()
    await sessions.deliver(read('<message type="chat" to="juliet@example.com"/>'))
    expect(routed).toEqual([])
  })

  test('what throws while an error is returned is logged', async () => {
    const { sessions, hooks, logged } = bench()
    const registration = hooks.on(bouncePacket, () => {
      throw new Error('bug')
    })
    await sessions.deliver(chat('juliet@example.com'))
    registration[Symbol.dispose]()
    hooks.on(bouncePacket, () => Promise.reject(new Error('bug')))
    await sessions.deliver(chat('juliet@example.com'))
    expect(logged.map((line) => line.message)).toEqual([
      'a stanza could not be delivered',
      'an error could not be returned to its sender',
      'a stanza could not be delivered',
      'an error could not be returned to its sender',
    ])
  })
})

describe('deliverTo', () => {
  test('reaches one session, whatever its presence, past the hook', async () => {
    const { sessions, hooks } = bench()
    hooks.on(receivePacket, () => drop)
    const desk = fakeSession('juliet@example.com/desk')
    await sessions.open(desk)
    const outcomes: string[] = []
    expect(
      sessions.deliverTo(desk.sid, chat('juliet@example.com'), (outcome) => outcomes.push(outcome)),
    ).toBe(undefined)
    expect(desk.got).toHaveLength(1)
    desk.receipts[0]?.('delivered')
    expect(outcomes).toEqual(['delivered'])
  })

  test('fails if there is no such session, and goes no other way', async () => {
    const { sessions, routed } = bench()
    const outcomes: string[] = []
    void sessions.deliverTo('gone', chat('juliet@example.com'), (outcome) => outcomes.push(outcome))
    void sessions.deliverTo('gone', chat('juliet@example.com'))
    expect([outcomes, routed]).toEqual([['failed'], []])
  })

  test('fails if the session throws, and the sender is not told', async () => {
    const { sessions, routed, logged } = bench()
    const broken = fakeSession('juliet@example.com/desk', { deliver: () => Promise.reject(new Error('bug')) })
    await sessions.open(broken)
    const outcomes: string[] = []
    await sessions.deliverTo(broken.sid, chat('juliet@example.com'), (outcome) => outcomes.push(outcome))
    await sessions.deliverTo(broken.sid, chat('juliet@example.com'))
    expect([outcomes, routed, logged.length]).toEqual([['failed'], [], 2])
  })
})

describe('receipts of a message several sessions got', () => {
  async function three(): Promise<ReturnType<typeof bench> & { all: ReturnType<typeof fakeSession>[] }> {
    const made = bench()
    const all = ['a', 'b', 'c'].map((name) => fakeSession(`juliet@example.com/${name}`))
    for (const session of all) await online(made.sessions, session)
    await made.sessions.deliver(chat('juliet@example.com'))
    return { ...made, all }
  }

  test('one delivered copy is enough: what the others could not write is gone', async () => {
    const { all, routed, hooks } = await three()
    const offered: string[] = []
    hooks.on(offlineMessage, (value) => noting(offered, 'offered', value))
    all[2]!.receipts[0]!('failed')
    all[0]!.receipts[0]!('delivered')
    all[1]!.receipts[0]!('failed')
    expect([routed, offered]).toEqual([[], []])
  })

  test('if all have failed it is re-routed once, to others or to storage', async () => {
    const { all, hooks, sessions } = await three()
    const stored: Stanza[] = []
    hooks.on(offlineMessage, ({ stanza }) => noting(stored, stanza, { action: 'stored', stanza }))
    for (const session of all) {
      await sessions.close(session)
      session.receipts[0]!('failed')
      session.receipts[0]!('failed')
    }
    expect(stored.map((stanza) => [stanza.text('body'), stanza.meta(isCopy)])).toEqual([['hi', undefined]])
  })

  test('sessions that fail at once are not asked again and again', async () => {
    const { sessions, hooks } = bench()
    let calls = 0
    const failing = (name: string) =>
      fakeSession(`juliet@example.com/${name}`, {
        deliver(_stanza, done) {
          calls += 1
          done?.('failed')
        },
      })
    for (const name of ['a', 'b', 'c']) await online(sessions, failing(name))
    const stored: Stanza[] = []
    hooks.on(offlineMessage, ({ stanza }) => noting(stored, stanza, { action: 'stored', stanza }))
    await sessions.deliver(chat('juliet@example.com'))
    expect([calls, stored.length]).toEqual([3, 1])
  })
})
