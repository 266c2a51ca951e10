import { drop } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import { delay, type Stanza, StanzaError } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { bench, fakeSession, online, read } from './fake-session.js'
import type { DeliveryOutcome } from './ports.js'
import { copiesOf, inCustody, offlineMessage, reroutePacket, takenAt } from './tokens.js'

const juliet = parseJid('juliet@example.com').bare
const chat = (body = 'hi') =>
  read(
    `<message type="chat" id="1" from="romeo@example.net/orchard" to="juliet@example.com"><body>${body}</body></message>`,
  )

async function scene(...resources: string[]) {
  const made = bench()
  const all = resources.map((resource) => fakeSession(`juliet@example.com/${resource}`))
  for (const session of all) await online(made.sessions, session)
  const stored: Stanza[] = []
  made.hooks.on(offlineMessage, ({ stanza }) => {
    stored.push(stanza)
    return { action: 'stored', stanza }
  })
  return { ...made, all, stored }
}

describe('a message somebody keeps while sessions have it', () => {
  test('X-CONS: its keeper hears that it was delivered, and from then on does not keep it', async () => {
    const { sessions, all } = await scene('desk')
    const told: string[] = []
    await sessions.deliver(chat().withMeta(inCustody, { delivered: () => void told.push('delivered') }))
    expect(told).toEqual([])
    all[0]!.receipts[0]!('delivered')
    expect(told).toEqual(['delivered'])
  })

  test('SM-6: of a session that fails it is re-routed, and says when it was taken over', async () => {
    const { sessions, all, stored, clock } = await scene('desk')
    const at = clock.now()
    await sessions.deliver(chat().withMeta(inCustody, { delivered: () => expect.fail('it was not') }))
    await clock.advance(5000)
    await sessions.close(all[0]!)
    all[0]!.receipts[0]!('failed')
    expect(stored.map((stanza) => stanza.payload(delay)?.stamp.getTime())).toEqual([at])
    expect(stored[0]?.meta(takenAt)).toBe(at)
  })

  test('what a session refuses is refused once', async () => {
    const { sessions, routed } = bench()
    const picky = fakeSession('juliet@example.com/desk', {
      deliver() {
        throw new StanzaError('not-acceptable')
      },
    })
    await online(sessions, picky)
    await sessions.deliver(chat().withMeta(inCustody, { delivered: () => expect.fail('it was not') }))
    expect(routed).toEqual([expect.stringContaining('<not-acceptable')])
  })
})

describe('a message there are copies of', () => {
  function copies(of: string | undefined) {
    const asked: (string | undefined)[] = []
    const receipts: ((outcome: DeliveryOutcome) => void)[] = []
    const standIn = (done: (outcome: DeliveryOutcome) => void, at?: { readonly resource: string }) => {
      asked.push(at?.resource)
      if (at?.resource !== of) return false
      receipts.push(done)
      return true
    }
    return { asked, receipts, meta: { standIn } }
  }

  test('SM-9: is not given to the session that has one, nor asked about before', async () => {
    const { sessions, all, stored } = await scene('phone')
    const { asked, receipts, meta } = copies('phone')
    await sessions.deliver(chat('first').withMeta(copiesOf, meta))
    expect(asked).toEqual([])
    await sessions.reroute(chat().withMeta(copiesOf, meta))
    expect([asked, all[0]!.bodies()]).toEqual([['phone'], ['first']])
    // The copy did not arrive after all, and so the message looks for yet another way.
    await sessions.close(all[0]!)
    receipts[0]!('failed')
    expect(stored).toHaveLength(1)
  })

  test('SM-9: is not stored as long as somebody has one, and is if nobody got it after all', async () => {
    const { sessions, stored } = await scene()
    const { receipts, meta } = copies(undefined)
    await sessions.reroute(chat().withMeta(copiesOf, meta))
    await sessions.reroute(chat().withMeta(copiesOf, meta))
    expect(stored).toEqual([])
    meta.standIn = () => false
    receipts[0]!('delivered')
    receipts[1]!('failed')
    expect(stored).toHaveLength(1)
  })
})

test('X-CONS: whoever keeps a message hears that a copy of it has arrived in its stead', async () => {
  const { sessions, stored } = await scene()
  let arrived: (outcome: DeliveryOutcome) => void = () => {}
  const standIn = (done: (outcome: DeliveryOutcome) => void) => {
    arrived = done
    return true
  }
  const told: string[] = []
  const kept = { delivered: () => void told.push('delivered') }
  await sessions.reroute(chat().withMeta(copiesOf, { standIn }).withMeta(inCustody, kept))
  expect(told).toEqual([])
  arrived('delivered')
  expect([told, stored]).toEqual([['delivered'], []])
})

test('M-7: nothing overtakes a message that looks for another way because its copy has not arrived', async () => {
  const { sessions, hooks } = await scene()
  let fail: (outcome: DeliveryOutcome) => void = () => {}
  const copies = {
    standIn(done: (outcome: DeliveryOutcome) => void) {
      fail = done
      return true
    },
  }
  await sessions.reroute(chat().withMeta(copiesOf, copies))
  copies.standIn = () => false
  let arrived = () => {}
  hooks.on(reroutePacket, (stanza) => new Promise((resolve) => (arrived = () => resolve(stanza))))
  fail('failed')
  const held = sessions.heldBack(juliet)
  expect(held).toBeDefined()
  arrived()
  await held
  expect(sessions.heldBack(juliet)).toBeUndefined()
})

describe('what an ended session had', () => {
  test('M-7: can be put behind what waits already', async () => {
    const { sessions, all, hooks, stored } = await scene('desk')
    const behind: (string | undefined)[] = []
    const hook = hooks.on(reroutePacket, (stanza) => {
      behind.push(stanza.text('body'))
      return drop
    })
    await sessions.reroute(chat('1'))
    await sessions.deliver(chat('2'))
    hook[Symbol.dispose]()
    await sessions.reroute(chat('3'))
    expect([behind, all[0]!.bodies(), stored]).toEqual([['1'], ['2', '3'], []])
  })

  test('X-CONS: is answered with an error if who is asked fails, and never thrown', async () => {
    const { sessions, hooks, routed } = await scene('desk')
    const throwing = hooks.on(reroutePacket, () => {
      throw new StanzaError('resource-constraint')
    })
    await sessions.reroute(chat('1'))
    throwing[Symbol.dispose]()
    hooks.on(reroutePacket, () => Promise.reject(new Error('bug')))
    await sessions.reroute(chat('2'))
    expect(routed).toEqual([
      expect.stringContaining('<resource-constraint'),
      expect.stringContaining('<internal-server-error'),
    ])
  })

  test('M-7: is on its way until it has arrived, and whoever asks hears when', async () => {
    const { sessions } = bench()
    expect(sessions.heldBack(juliet)).toBeUndefined()
    const ends: (() => void)[] = []
    const onItsWay = () => sessions.holdBack(juliet, new Promise<void>((resolve) => void ends.push(resolve)))
    onItsWay()
    const heard: string[] = []
    const asking = sessions.heldBack(juliet)?.then(() => void heard.push('over'))
    expect(sessions.heldBack(parseJid('romeo@example.com').bare)).toBeUndefined()
    onItsWay()
    ends[0]!()
    await Promise.resolve()
    expect(heard).toEqual([])
    ends[1]!()
    await asking
    expect([heard, sessions.heldBack(juliet)]).toEqual([['over'], undefined])
    sessions.holdBack(juliet, Promise.reject(new Error('it failed')))
    await sessions.heldBack(juliet)
    expect(sessions.heldBack(juliet)).toBeUndefined()
  })
})
