import { drop } from '@xmppkit/hooks'
import { receivePacket } from '@xmppkit/sessions'
import { describe, expect, test } from 'vitest'
import { type Client, type FakeHost, type FakeHostSetup, fakeHost, shown } from './fake-host.js'
import type { RosterItem, RosterStore } from './ports.js'

const balcony = 'juliet@example.com/balcony'
const chamber = 'juliet@example.com/chamber'
const get = "<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>"
/** What juliet says, what reaches romeo, what romeo says, and what reaches juliet. */
const say = (type: string, to = 'romeo@example.net') => `<presence type='${type}' to='${to}'/>`
const sent = (type: string) => `<presence from='juliet@example.com' to='romeo@example.net' type='${type}'/>`
const come = (type: string, from = 'romeo@example.net') =>
  `<presence from='${from}' to='juliet@example.com' type='${type}'/>`
const item = (attributes: string) =>
  expect.stringContaining(`<item jid='romeo@example.net' ${attributes}/></query></iq>`)
const here = `<presence from='${balcony}' to='romeo@example.net'/>`
const gone = `<presence from='${balcony}' to='romeo@example.net' type='unavailable'/>`

const stateOf = ({ subscription, pendingOut, pendingIn, approved, listed }: RosterItem) =>
  [subscription, pendingOut && 'O', pendingIn && 'I', approved && 'A', !listed && 'unlisted']
    .filter(Boolean)
    .join(' ')

async function states(host: FakeHost, client: Client): Promise<string[]> {
  return (await host.roster.items(client.jid.bare)).map((one) => `${one.jid}: ${stateOf(one)}`)
}

type Said = readonly ['says' | 'hears', string]
const asks: readonly Said[] = [['says', 'subscribe']]
const sees: readonly Said[] = [...asks, ['hears', 'subscribed']]
const isAsked: readonly Said[] = [['hears', 'subscribe']]
const isSeen: readonly Said[] = [...isAsked, ['says', 'subscribed']]

/** Juliet, online, after what she said to romeo and he to her. */
async function scene(said: readonly Said[] = [], setup: FakeHostSetup = {}) {
  const host = fakeHost(setup)
  const juliet = await host.online(balcony)
  for (const [who, type] of said) {
    if (who === 'says') await juliet.send(say(type))
    else await host.arrives(come(type))
  }
  juliet.heard()
  host.away()
  return { host, juliet }
}

describe('asking (RFC 6121 §3.1)', () => {
  test('P-1 P-2: a request is routed between bare addresses, whole, and then pushed', async () => {
    const routed: string[] = []
    const { juliet } = await scene([], {
      route: (stanza) => {
        routed.push(shown(stanza), ...juliet.heard())
      },
    })
    await juliet.send(
      "<presence type='subscribe' to='romeo@example.net/orchard' id='s1'><status>Art thou?</status></presence>",
    )
    expect(routed).toEqual([
      "<presence from='juliet@example.com' id='s1' to='romeo@example.net' type='subscribe'><status>Art thou?</status></presence>",
    ])
    expect(juliet.heard()).toEqual([item("subscription='none' ask='subscribe'")])
  })

  test('P-2: asking again is routed again, and pushes nothing', async () => {
    const { host, juliet } = await scene(asks)
    await juliet.send(say('subscribe'))
    expect(host.away()).toEqual([sent('subscribe')])
    expect(juliet.heard()).toEqual([])
  })

  test('P-2: who was asked and asks back becomes a contact', async () => {
    const { host, juliet } = await scene(isAsked)
    await juliet.send(say('subscribe'))
    expect(juliet.heard()).toEqual([item("subscription='none' ask='subscribe'")])
    expect(await states(host, juliet)).toEqual(['romeo@example.net: none O I'])
  })

  test('R-13: to ask oneself does nothing', async () => {
    const { host, juliet } = await scene()
    await juliet.send(say('subscribe', 'juliet@example.com'))
    await juliet.send(say('subscribed', 'juliet@example.com/x'))
    expect(juliet.heard()).toEqual([])
    expect(await states(host, juliet)).toEqual([])
  })

  test('P-6: an approval is shown to the interested resources, then pushed', async () => {
    const { host, juliet } = await scene(asks)
    const interested = await host.connect(chamber)
    await interested.send(get)
    const merelyAvailable = await host.connect('juliet@example.com/garden')
    await merelyAvailable.send('<presence/>')
    for (const client of [juliet, interested, merelyAvailable]) client.heard()
    await host.arrives(come('subscribed'))
    expect(juliet.heard()).toEqual([come('subscribed'), item("subscription='to'")])
    expect(interested.heard()).toEqual([come('subscribed'), item("subscription='to'")])
    expect(merelyAvailable.heard()).toEqual([])
  })

  test('P-6: a refusal is shown, then pushed; the contact stays', async () => {
    const { host, juliet } = await scene(asks)
    await host.arrives(come('unsubscribed'))
    expect(juliet.heard()).toEqual([come('unsubscribed'), item("subscription='none'")])
    expect(await states(host, juliet)).toEqual(['romeo@example.net: none'])
  })

  test.each([
    ['a stranger', []],
    ['somebody who asked', isAsked],
    ['somebody who sees the account', isSeen],
    ['somebody whom it sees already', sees],
  ])('P-6: an approval nobody asked for, of %s, grants nothing and is dropped', async (_who, said) => {
    const { host, juliet } = await scene(said)
    const before = await host.store.load(juliet.jid.bare)
    await host.arrives(come('subscribed'))
    expect(await host.store.load(juliet.jid.bare)).toEqual(before)
    expect(juliet.heard()).toEqual([])
    expect(host.away()).toEqual([])
  })
})

describe('being asked (RFC 6121 §3.1.3)', () => {
  test('P-5 R-12: a request is shown once, and is no contact', async () => {
    const { host, juliet } = await scene()
    await host.arrives(come('subscribe'))
    expect(juliet.heard()).toEqual([come('subscribe')])
    await host.arrives(come('subscribe'))
    expect(juliet.heard()).toEqual([])
    expect(await states(host, juliet)).toEqual(['romeo@example.net: none I unlisted'])
    expect(host.away()).toEqual([])
  })

  test('P-5: who sees the account already is answered for it, and gets its presence', async () => {
    const { host, juliet } = await scene(isSeen)
    await host.arrives(come('subscribe'))
    expect(host.away()).toEqual([sent('subscribed'), here])
    expect(juliet.heard()).toEqual([])
  })

  test('P-3 P-8: approving is routed, pushed, and followed by the presence of every available resource', async () => {
    const { host, juliet } = await scene(isAsked)
    await juliet.send('<presence><show>away</show></presence>')
    const other = await host.online(chamber)
    await host.connect('juliet@example.com/tomb')
    juliet.heard()
    await juliet.send(say('subscribed'))
    expect(host.away()).toEqual([
      sent('subscribed'),
      `<presence from='${balcony}' to='romeo@example.net'><show>away</show></presence>`,
      `<presence from='${chamber}' to='romeo@example.net'/>`,
    ])
    expect(juliet.heard()).toEqual([item("subscription='from'")])
    expect(other.heard()).toEqual([item("subscription='from'")])
  })

  test('P-3: what was approved is a contact, and its request is not kept', async () => {
    const { host, juliet } = await scene(isSeen)
    const [romeo] = await host.roster.items(juliet.jid.bare)
    expect(romeo).toMatchObject({ listed: true, subscription: 'from', pendingIn: false })
    expect(romeo).not.toHaveProperty('request')
  })

  test('P-4: refusing a request is routed and pushes nothing; nothing of it stays', async () => {
    const { host, juliet } = await scene(isAsked)
    await juliet.send(say('unsubscribed'))
    expect(host.away()).toEqual([sent('unsubscribed')])
    expect(juliet.heard()).toEqual([])
    expect(await states(host, juliet)).toEqual([])
  })

  test('P-4: to refuse what nobody asked for is not routed', async () => {
    const { host, juliet } = await scene()
    await juliet.send(say('unsubscribed'))
    expect(host.away()).toEqual([])
    expect(juliet.heard()).toEqual([])
  })

  test('P-3 P-5: an approval in advance is pushed, not routed, and answers the request when it comes', async () => {
    const { host, juliet } = await scene()
    await juliet.send(say('subscribed'))
    expect(host.away()).toEqual([])
    expect(juliet.heard()).toEqual([item("subscription='none' approved='true'")])
    await host.arrives(come('subscribe'))
    expect(host.away()).toEqual([sent('subscribed'), here])
    expect(juliet.heard()).toEqual([item("subscription='from'")])
  })
})

describe('ending (RFC 6121 §3.2, §3.3)', () => {
  test('P-4 P-8: a subscriber that is cut off is told of the end of presence first, then of the cancellation', async () => {
    const { host, juliet } = await scene(isSeen)
    await juliet.send(say('unsubscribed'))
    expect(host.away()).toEqual([gone, sent('unsubscribed')])
    expect(juliet.heard()).toEqual([item("subscription='none'")])
  })

  test('P-4: to unsubscribe is routed and pushed', async () => {
    const { host, juliet } = await scene([...sees, ...isSeen])
    await juliet.send(say('unsubscribe'))
    expect(host.away()).toEqual([sent('unsubscribe')])
    expect(juliet.heard()).toEqual([item("subscription='from'")])
  })

  test('P-6 P-8: a subscriber who leaves is shown, pushed, and gets unavailable from every resource', async () => {
    const { host, juliet } = await scene([...sees, ...isSeen])
    await host.arrives(come('unsubscribe'))
    expect(juliet.heard()).toEqual([come('unsubscribe'), item("subscription='to'")])
    expect(host.away()).toEqual([gone])
  })

  test('P-6: who cuts the account off is shown and pushed', async () => {
    const { host, juliet } = await scene([...sees, ...isSeen])
    await host.arrives(come('unsubscribed'))
    expect(juliet.heard()).toEqual([come('unsubscribed'), item("subscription='from'")])
    expect(host.away()).toEqual([])
  })

  test.each(['unsubscribe', 'unsubscribed'])('P-6: %s that changes nothing is not shown', async (type) => {
    const { host, juliet } = await scene()
    await host.arrives(come(type))
    expect(juliet.heard()).toEqual([])
    expect(host.away()).toEqual([])
  })
})

describe('requests that wait (RFC 6121 §3.1.3)', () => {
  const whole =
    "<presence from='romeo@example.net' id='r1' to='juliet@example.com' type='subscribe'><status>Hear me</status><nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick></presence>"

  test('P-7: a request is kept whole and shown at every initial presence until it is answered', async () => {
    const host = fakeHost()
    await host.arrives(whole)
    const juliet = await host.connect(balcony)
    await juliet.send('<presence/>')
    expect(juliet.heard()).toContain(whole)
    await juliet.send('<presence><show>away</show></presence>')
    expect(juliet.heard()).not.toContain(whole)
    const other = await host.connect(chamber)
    await other.send('<presence><priority>-1</priority></presence>')
    expect(other.heard()).toContain(whole)

    await juliet.send(say('subscribed'))
    await other.leave()
    const again = await host.connect(chamber)
    await again.send('<presence/>')
    expect(again.heard().filter((stanza) => stanza.includes('subscribe'))).toEqual([])
  })

  test('P-7: one request per sender is kept, the first', async () => {
    const host = fakeHost()
    await host.arrives(whole)
    await host.arrives(come('subscribe'))
    const juliet = await host.connect(balcony)
    await juliet.send('<presence/>')
    expect(juliet.heard().filter((stanza) => stanza.includes('subscribe'))).toEqual([whole])
  })

  test('P-7 L-1: of a request too large to keep, only the request is kept', async () => {
    const host = fakeHost({ options: { maxRequestBytes: 150 } })
    await host.arrives(whole)
    const juliet = await host.connect(balcony)
    await juliet.send('<presence/>')
    expect(juliet.heard()).toContain(come('subscribe'))
  })

  test('a stored request that cannot be read is reported, and hides no other', async () => {
    const { host, juliet } = await scene(isAsked)
    await host.arrives(come('subscribe', 'mercutio@example.net'))
    const { items } = await host.store.load(juliet.jid.bare)
    await host.store.update(juliet.jid.bare, items[0]!.jid, (one) => one && { ...one, request: '<presence' })
    const other = await host.connect(chamber)
    await other.send('<presence/>')
    expect(other.heard()).toContain(come('subscribe', 'mercutio@example.net'))
    expect(host.logged).toEqual(['a stored subscription request cannot be read'])
  })

  test('P-9: a request to an account that does not exist, or that blocks the sender, vanishes', async () => {
    const host = fakeHost({ missing: ['juliet@example.com'] })
    await host.arrives(come('subscribe'))
    expect(host.away()).toEqual([])

    const blocking = await scene()
    blocking.host.hooks.on(receivePacket, (stanza) => (stanza.from?.local === 'romeo' ? drop : stanza))
    await blocking.host.arrives(come('subscribe'))
    expect(blocking.host.away()).toEqual([])
    expect(blocking.juliet.heard()).toEqual([])
    expect(await states(blocking.host, blocking.juliet)).toEqual([])
  })
})

describe('between two accounts of this server', () => {
  async function lovers() {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    const romeo = await host.online('romeo@example.com/orchard')
    return { host, juliet, romeo }
  }
  const versions = (stanzas: readonly string[]) =>
    stanzas.flatMap((one) => one.match(/ ver='(\d+)'/)?.[1] ?? [])

  test('P-1 P-8: the whole handshake, as between servers', async () => {
    const { host, juliet, romeo } = await lovers()
    await juliet.send(say('subscribe', 'romeo@example.com'))
    expect(romeo.heard()).toEqual([
      "<presence from='juliet@example.com' to='romeo@example.com' type='subscribe'/>",
    ])
    await romeo.send(say('subscribed', 'juliet@example.com'))
    const heard = juliet.heard()
    expect(heard).toEqual([
      expect.stringContaining("subscription='none' ask='subscribe'"),
      "<presence from='romeo@example.com' to='juliet@example.com' type='subscribed'/>",
      expect.stringContaining("subscription='to'"),
      "<presence from='romeo@example.com/orchard' to='juliet@example.com'/>",
    ])
    await juliet.send(say('subscribed', 'romeo@example.com'))
    await romeo.send(say('subscribe', 'juliet@example.com'))
    expect(await states(host, juliet)).toEqual(['romeo@example.com: both'])
    expect(await states(host, romeo)).toEqual(['juliet@example.com: both'])
  })

  test('P-5: a contact that answers at once leaves the pushes in order, each with a version of its own', async () => {
    const { host, juliet, romeo } = await lovers()
    await romeo.send(say('subscribed', 'juliet@example.com'))
    romeo.heard()
    await juliet.send(say('subscribe', 'romeo@example.com'))
    const heard = juliet.heard()
    expect(heard).toEqual([
      expect.stringContaining("subscription='none' ask='subscribe'"),
      "<presence from='romeo@example.com' to='juliet@example.com' type='subscribed'/>",
      expect.stringContaining("subscription='to'"),
      "<presence from='romeo@example.com/orchard' to='juliet@example.com'/>",
    ])
    expect(versions(heard)).toEqual([...new Set(versions(heard))].sort())
    expect(romeo.heard()).toEqual([
      expect.stringContaining("<item jid='juliet@example.com' subscription='from'/>"),
    ])
    expect(await states(host, juliet)).toEqual(['romeo@example.com: to'])
  })

  test('requests that cross do not wait for one another', async () => {
    const { host, juliet, romeo } = await lovers()
    await Promise.all([
      juliet.send(say('subscribe', 'romeo@example.com')),
      romeo.send(say('subscribe', 'juliet@example.com')),
    ])
    await Promise.all([
      juliet.send(say('subscribed', 'romeo@example.com')),
      romeo.send(say('subscribed', 'juliet@example.com')),
    ])
    expect(await states(host, juliet)).toEqual(['romeo@example.com: both'])
    expect(await states(host, romeo)).toEqual(['juliet@example.com: both'])
  })
})

describe('limits and failures', () => {
  test('L-1: an account that asks too many is told to wait', async () => {
    const { host, juliet } = await scene([], { options: { maxRequestsPerWindow: 2, requestWindowMs: 1000 } })
    for (const name of ['a', 'b', 'c']) await juliet.send(say('subscribe', `${name}@example.net`))
    expect(host.away()).toHaveLength(2)
    expect(juliet.heard().at(-1)).toContain('<resource-constraint')
    expect(await states(host, juliet)).toHaveLength(2)
    await host.clock.advance(1000)
    await juliet.send(say('subscribe', 'c@example.net'))
    expect(host.away()).toHaveLength(1)
  })

  test('L-1: a full roster asks nobody more', async () => {
    const { host, juliet } = await scene([], { options: { maxItems: 1, maxPendingRequests: 0 } })
    await juliet.send(say('subscribe', 'a@example.net'))
    host.away()
    juliet.heard()
    await juliet.send(say('subscribe', 'b@example.net'))
    expect(juliet.heard()).toEqual([expect.stringContaining('<resource-constraint')])
    expect(host.away()).toEqual([])
  })

  test('L-1: strangers cannot fill the roster; who asks when too many wait is ignored', async () => {
    const { host, juliet } = await scene([], { options: { maxItems: 2, maxPendingRequests: 2 } })
    for (let i = 0; i < 4; i += 1) await host.arrives(come('subscribe', `spam${i}@example.net`))
    expect(juliet.heard()).toHaveLength(2)
    expect(host.away()).toEqual([])
    await juliet.send(say('subscribe', 'a@example.net'))
    await juliet.send(say('subscribe', 'b@example.net'))
    expect(host.away()).toHaveLength(2)
    expect((await states(host, juliet)).filter((one) => one.includes('unlisted'))).toHaveLength(2)
  })

  test('a store that fails is internal-server-error for who asks, on either side, and changes nothing', async () => {
    const broken = (store: RosterStore): RosterStore => ({
      ...store,
      update: () => Promise.reject(new Error('disk full')),
    })
    const { host, juliet } = await scene([], { store: broken })
    await juliet.send(say('subscribe'))
    expect(juliet.heard()).toEqual([expect.stringContaining('<internal-server-error')])
    expect(host.away()).toEqual([])
    await host.arrives(come('subscribe'))
    expect(host.away()).toEqual([expect.stringContaining('<internal-server-error')])
    expect(juliet.heard()).toEqual([])
  })
})
