import { accountVisible } from '@xmppkit/disco'
import { outboundRecipients } from '@xmppkit/sessions'
import { presence, type Stanza } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { type Client, type FakeHost, type FakeHostSetup, fakeHost, settled, shown } from './fake-host.js'
import type { RosterItemChange, RosterStore } from './ports.js'
import { noSubscription, type Subscription } from './subscription.js'

const balcony = 'juliet@example.com/balcony'
const chamber = 'juliet@example.com/chamber'
const room = 'verona@rooms.example.net/juliet'

async function befriend(
  host: FakeHost,
  client: Client,
  contacts: Record<string, Subscription>,
): Promise<void> {
  for (const [address, subscription] of Object.entries(contacts)) {
    const jid = presence({ to: address }).to!.bare
    const item: RosterItemChange = { ...noSubscription, subscription, jid, groups: [], listed: true }
    await host.store.update(client.jid.bare, jid, () => item)
  }
}

const contacts = {
  'both@example.net': 'both',
  'from@example.net': 'from',
  'to@example.net': 'to',
  'none@example.net': 'none',
} as const

/** Juliet, connected and without presence, with a contact of each kind. */
async function scene(setup: FakeHostSetup = {}) {
  const host = fakeHost(setup)
  const juliet = await host.connect(balcony)
  await befriend(host, juliet, contacts)
  return { host, juliet }
}

const from = (address: string) => (stanza: string) => stanza.includes(`from='${address}'`)
const unavailable = (to: string) => `<presence from='${balcony}' to='${to}' type='unavailable'/>`

describe('initial presence (RFC 6121 §4.2)', () => {
  test('N-1: it goes to subscribers and own resources, probes whom the account sees, and shows the others', async () => {
    const { host, juliet } = await scene()
    const other = await host.connect(chamber)
    await other.send('<presence><status>reading</status></presence>')
    host.away()
    juliet.heard()
    await juliet.send('<presence><show>away</show><priority>1</priority></presence>')
    const content = '<show>away</show><priority>1</priority>'
    expect(host.away()).toEqual([
      `<presence from='${balcony}' to='both@example.net'>${content}</presence>`,
      `<presence from='${balcony}' to='from@example.net'>${content}</presence>`,
      `<presence from='${balcony}' to='both@example.net' type='probe'/>`,
      `<presence from='${balcony}' to='to@example.net' type='probe'/>`,
    ])
    expect(juliet.heard()).toEqual([
      `<presence from='${balcony}' to='juliet@example.com'>${content}</presence>`,
      `<presence from='${chamber}' to='${balcony}'><status>reading</status></presence>`,
    ])
    expect(other.heard().filter(from(balcony))).toEqual([
      `<presence from='${balcony}' to='juliet@example.com'>${content}</presence>`,
    ])
  })

  test('N-7: a resource that is only connected, or asks for its roster, is not available', async () => {
    const { host, juliet } = await scene()
    await juliet.send("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>")
    juliet.heard()
    await host.arrives("<presence from='to@example.net/x' to='juliet@example.com'/>")
    expect(juliet.heard()).toEqual([])
    expect(host.away()).toEqual([])
    await juliet.leave()
    expect(host.away()).toEqual([])
  })

  test('N-1: a negative priority is announced and probes like any other', async () => {
    const { host, juliet } = await scene()
    await juliet.send('<presence><priority>-1</priority></presence>')
    expect(host.away()).toHaveLength(4)
  })

  test('N-2: later presence is broadcast, and neither probes nor shows anything again', async () => {
    const { host, juliet } = await scene()
    await host.arrives("<presence type='subscribe' from='new@example.net' to='juliet@example.com'/>")
    await juliet.send('<presence/>')
    juliet.heard()
    host.away()
    await juliet.send('<presence><show>dnd</show></presence>')
    const update = (to: string) => `<presence from='${balcony}' to='${to}'><show>dnd</show></presence>`
    expect(host.away()).toEqual([update('both@example.net'), update('from@example.net')])
    expect(juliet.heard()).toEqual([update('juliet@example.com')])
  })

  test('N-1: after unavailable, available presence is initial again', async () => {
    const { host, juliet } = await scene()
    await juliet.send('<presence/>')
    await juliet.send("<presence type='unavailable'/>")
    host.away()
    await juliet.send('<presence/>')
    expect(host.away().filter((stanza) => stanza.includes('probe'))).toHaveLength(2)
  })

  test('N-8: presence of one resource reaches each available one of the account once', async () => {
    const { host, juliet } = await scene()
    const others = [await host.online(chamber), await host.online('juliet@example.com/garden')]
    const connected = await host.connect('juliet@example.com/tomb')
    for (const client of [juliet, ...others, connected]) client.heard()
    await juliet.send('<presence/>')
    for (const client of others) expect(client.heard()).toHaveLength(1)
    expect(connected.heard()).toEqual([])
    await juliet.send("<presence to='juliet@example.com'><show>xa</show></presence>")
    for (const client of others) expect(client.heard()).toHaveLength(1)
  })

  test('N-9: presence to a resource that is not there is ignored', async () => {
    const { host, juliet } = await scene()
    await juliet.send('<presence/>')
    juliet.heard()
    host.away()
    await host.arrives("<presence from='x@example.net/y' to='juliet@example.com/gone'/>")
    await host.arrives("<presence type='unavailable' from='x@example.net/y' to='juliet@example.com/gone'/>")
    expect(host.away()).toEqual([])
    expect(juliet.heard()).toEqual([])
  })
})

describe('the end of presence (RFC 6121 §4.5)', () => {
  test('N-3: unavailable goes with its status to subscribers, own resources and directed presence, once each', async () => {
    const { host, juliet } = await scene()
    const other = await host.online(chamber)
    await juliet.send('<presence/>')
    for (const to of [room, 'stranger@example.net', 'from@example.net/x', 'stranger@example.net']) {
      await juliet.send(`<presence to='${to}'/>`)
    }
    host.away()
    other.heard()
    await juliet.send("<presence type='unavailable'><status>bye</status></presence>")
    const bye = (to: string) =>
      `<presence from='${balcony}' to='${to}' type='unavailable'><status>bye</status></presence>`
    expect(host.away()).toEqual(
      ['both@example.net', 'from@example.net', room, 'stranger@example.net'].map(bye),
    )
    expect(other.heard()).toEqual([bye('juliet@example.com')])
    await juliet.leave()
    expect(host.away()).toEqual([])
  })

  test('N-3: a lost connection tells the same, once', async () => {
    const { host, juliet } = await scene()
    await juliet.send('<presence/>')
    await juliet.send(`<presence to='${room}'/>`)
    host.away()
    await juliet.leave()
    expect(host.away()).toEqual(['both@example.net', 'from@example.net', room].map(unavailable))
    await juliet.leave()
    expect(host.away()).toEqual([])
  })

  test('N-3 N-4: directed presence without a broadcast ends with the session, for nobody else', async () => {
    const { host, juliet } = await scene()
    await juliet.send(`<presence to='${room}'/>`)
    expect(host.away()).toEqual([`<presence from='${balcony}' to='${room}'/>`])
    await juliet.leave()
    expect(host.away()).toEqual([unavailable(room)])
  })

  test('N-3 N-4: who was told of the end directly is not told again', async () => {
    const { host, juliet } = await scene()
    await juliet.send(`<presence to='${room}'/>`)
    await juliet.send(`<presence type='unavailable' to='${room}'/>`)
    host.away()
    await juliet.leave()
    expect(host.away()).toEqual([])
  })

  test('N-3: a session that ends while its presence is being spread is not left available anywhere', async () => {
    const told: Stanza[] = []
    const waiting: (() => void)[] = []
    const { host, juliet } = await scene({
      options: { fanOutBatch: 1 },
      route: (stanza) => {
        told.push(stanza)
        return new Promise<void>((resolve) => waiting.push(resolve))
      },
    })
    const spreading = juliet.send('<presence/>')
    await settled()
    expect(told.map((stanza) => stanza.to?.local)).toEqual(['both'])
    const leaving = juliet.leave()
    await settled()
    // The farewell does not overtake what is still on its way.
    expect(told).toHaveLength(1)
    while (waiting.length > 0) {
      waiting.shift()!()
      await settled()
    }
    await Promise.all([spreading, leaving])
    // Nobody else was told that she is there, and the last everybody hears is that she is not.
    expect(told.map(shown)).toEqual([
      `<presence from='${balcony}' to='both@example.net'/>`,
      unavailable('both@example.net'),
      unavailable('from@example.net'),
    ])
    expect(host.logged).toEqual([])
  })

  test('N-3: what a session that is gone still says is spread no more', async () => {
    const { host, juliet } = await scene()
    await juliet.send('<presence/>')
    await juliet.leave()
    host.away()
    await juliet.send('<presence><show>chat</show></presence>')
    expect(host.away()).toEqual([])
  })

  test('N-3: with a roster that cannot be read, rooms and own resources hear of it all the same', async () => {
    let broken = false
    const failing = (store: RosterStore): RosterStore => ({
      ...store,
      load: (account) => (broken ? Promise.reject(new Error('down')) : store.load(account)),
    })
    const { host, juliet } = await scene({ store: failing })
    const other = await host.online(chamber)
    await juliet.send('<presence/>')
    await juliet.send(`<presence to='${room}'/>`)
    host.away()
    other.heard()
    broken = true
    await juliet.leave()
    expect(host.away()).toEqual([unavailable(room)])
    expect(other.heard()).toEqual([unavailable('juliet@example.com')])
    expect(host.logged).toEqual(['presence could not be sent to contacts: the roster could not be read'])
  })
})

describe('directed presence (RFC 6121 §4.6)', () => {
  test('N-4: it changes nothing else: outsiders get what was directed, and no updates', async () => {
    const { host, juliet } = await scene()
    await juliet.send('<presence/>')
    host.away()
    await juliet.send("<presence to='stranger@example.net'><show>away</show></presence>")
    expect(host.away()).toEqual([
      `<presence from='${balcony}' to='stranger@example.net'><show>away</show></presence>`,
    ])
    await juliet.send('<presence><show>dnd</show></presence>')
    expect(host.away().filter((stanza) => stanza.includes('stranger'))).toEqual([])
    const { resources } = host.sessions
    expect(resources(juliet.jid.bare)[0]?.presence?.text('show')).toBe('dnd')
  })

  test('L-1: to more addresses than allowed it is refused; to those it went to already it is not', async () => {
    const { host, juliet } = await scene({ options: { maxDirectedPresence: 2 } })
    for (const to of ['a@x.example', 'b@x.example', 'c@x.example'])
      await juliet.send(`<presence to='${to}'/>`)
    expect(juliet.heard()).toEqual([expect.stringContaining('<resource-constraint')])
    expect(host.away()).toHaveLength(2)
    await juliet.send("<presence to='a@x.example'><show>away</show></presence>")
    await juliet.send("<presence type='unavailable' to='b@x.example'/>")
    await juliet.send("<presence to='c@x.example'/>")
    expect(juliet.heard()).toEqual([])
    expect(host.away()).toHaveLength(3)
  })
})

describe('probes (RFC 6121 §4.3)', () => {
  const probe = (who: string, to = 'juliet@example.com') =>
    `<presence type='probe' from='${who}' to='${to}'/>`

  test('N-5: a subscriber gets the last presence of every available resource, as it was sent', async () => {
    const { host, juliet } = await scene()
    await juliet.send(
      "<presence><show>away</show><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>",
    )
    const other = await host.connect(chamber)
    await other.send('<presence/>')
    await host.connect('juliet@example.com/tomb')
    host.away()
    await host.arrives(probe('from@example.net/x'))
    expect(host.away()).toEqual([
      `<presence from='${balcony}' to='from@example.net/x'><show>away</show><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>`,
      `<presence from='${chamber}' to='from@example.net/x'/>`,
    ])
    await host.arrives(probe('from@example.net', balcony))
    expect(host.away()).toHaveLength(1)
  })

  test('N-5: a subscriber of an account that is away hears that it is', async () => {
    const { host } = await scene()
    await host.arrives(probe('from@example.net'))
    await host.arrives(probe('from@example.net', 'juliet@example.com/gone'))
    expect(host.away()).toEqual([
      "<presence from='juliet@example.com' to='from@example.net' type='unavailable'/>",
      "<presence from='juliet@example.com/gone' to='from@example.net' type='unavailable'/>",
    ])
  })

  test.each(['to@example.net', 'none@example.net', 'stranger@example.net', 'example.net'])(
    'N-5: %s, who may not see the account, gets the silence an account that does not exist keeps',
    async (who) => {
      const { host, juliet } = await scene({ missing: ['nobody@example.com'] })
      await juliet.send('<presence/>')
      host.away()
      for (const to of ['juliet@example.com', balcony, 'nobody@example.com'])
        await host.arrives(probe(who, to))
      expect(host.away()).toEqual([])
      expect(juliet.heard().filter(from(who))).toEqual([])
    },
  )

  test('N-5: a store that fails reveals nothing either', async () => {
    const failing = (store: RosterStore): RosterStore => ({
      ...store,
      get: () => Promise.reject(new Error('down')),
    })
    const { host } = await scene({ store: failing })
    await host.arrives(probe('from@example.net'))
    expect(host.away()).toEqual([])
    expect(host.logged).toEqual(['Error: down'])
  })
})

describe('who may see whom (L-4)', () => {
  const ask = (who: string) =>
    `<iq type='get' id='q' from='${who}' to='${balcony}'><ping xmlns='urn:xmpp:ping'/></iq>`
  const unreachable = (who: string) => [
    expect.stringMatching(`^<iq from='${balcony}' id='q' to='${who}' type='error'>.*<service-unavailable`),
  ]

  test('L-4: requests to a resource reach it from subscribers and the account itself only', async () => {
    const { host, juliet } = await scene()
    await juliet.send('<presence/>')
    host.away()
    juliet.heard()
    await host.arrives(ask('both@example.net/x'))
    await host.arrives(ask(chamber))
    expect(juliet.heard()).toHaveLength(2)
    for (const who of ['to@example.net/x', 'stranger@example.net/x']) {
      await host.arrives(ask(who))
      expect(host.away()).toEqual(unreachable(who))
    }
    expect(juliet.heard()).toEqual([])
  })

  test('L-4: and from rooms and people the resource has shown itself to, as long as it does', async () => {
    const { host, juliet } = await scene()
    await juliet.send(`<presence to='${room}'/>`)
    await juliet.send("<presence to='stranger@example.net'/>")
    await host.arrives(ask(room))
    await host.arrives(ask('verona@rooms.example.net/romeo'))
    await host.arrives(ask('stranger@example.net/x'))
    expect(juliet.heard()).toHaveLength(3)
    await juliet.send(`<presence type='unavailable' to='${room}'/>`)
    host.away()
    await host.arrives(ask('verona@rooms.example.net/romeo'))
    expect(host.away()).toEqual(unreachable('verona@rooms.example.net/romeo'))
  })

  test('L-4 N-11: discovery shows the account to subscribers only, from the moment they are', async () => {
    const { host, juliet } = await scene()
    const visible = (who: string) =>
      host.hooks.fold(accountVisible, false, { account: juliet.jid.bare, asker: presence({ to: who }).to! })
    expect(await visible('both@example.net/x')).toBe(true)
    expect(await visible('juliet@example.com/x')).toBe(true)
    expect(await visible('to@example.net')).toBe(false)
    await juliet.send("<presence type='unsubscribed' to='both@example.net'/>")
    expect(await visible('both@example.net/x')).toBe(false)
  })

  test('N-11: a subscriber on this server gets presence until the very moment it is cut off', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    const romeo = await host.online('romeo@example.com/orchard')
    await befriend(host, juliet, { 'romeo@example.com': 'from' })
    romeo.heard()
    await juliet.send('<presence><show>away</show></presence>')
    expect(romeo.heard()).toEqual([
      `<presence from='${balcony}' to='romeo@example.com'><show>away</show></presence>`,
    ])
    await juliet.send("<presence type='unsubscribed' to='romeo@example.com'/>")
    romeo.heard()
    await juliet.send('<presence><show>dnd</show></presence>')
    await juliet.leave()
    expect(romeo.heard()).toEqual([])
  })
})

describe('many contacts', () => {
  test('N-10 L-3: a login with 1000 contacts goes out in batches, and others get their turn in between', async () => {
    let perTurn = 0
    let largest = 0
    let turns = 0
    const { host, juliet } = await scene({
      route: () => {
        perTurn += 1
        largest = Math.max(largest, perTurn)
      },
    })
    const many = Object.fromEntries(
      Array.from({ length: 996 }, (_, i) => [`c${i}@example.net`, 'both'] as const),
    )
    await befriend(host, juliet, many)
    let watching = true
    const watch = () => {
      if (perTurn > 0) turns += 1
      perTurn = 0
      if (watching) setImmediate(watch)
    }
    setImmediate(watch)
    await juliet.send('<presence/>')
    watching = false
    // 998 copies and 998 probes are four batches each; the first probes follow the last copies at once.
    expect(turns).toBeGreaterThanOrEqual(7)
    expect(largest).toBeLessThanOrEqual(500)
  })

  test('N-10: one slow contact holds up its batch, and no more than a batch is ever under way', async () => {
    let underWay = 0
    let most = 0
    const { host, juliet } = await scene({
      options: { fanOutBatch: 10 },
      route: async () => {
        underWay += 1
        most = Math.max(most, underWay)
        await settled()
        underWay -= 1
      },
    })
    await befriend(
      host,
      juliet,
      Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`c${i}@example.net`, 'from'] as const)),
    )
    await juliet.send('<presence/>')
    expect(most).toBeLessThanOrEqual(10)
  })

  test('BLOCK-5: whom the account does not want to reach gets no presence, probe or farewell', async () => {
    const { host, juliet } = await scene()
    const asked: string[] = []
    host.hooks.on(outboundRecipients, (recipients, { account }) => {
      asked.push(account.toString())
      return recipients.filter((jid) => jid.toString() !== 'both@example.net')
    })
    await juliet.send('<presence/>')
    expect(host.away()).toEqual([
      `<presence from='${balcony}' to='from@example.net'/>`,
      `<presence from='${balcony}' to='to@example.net' type='probe'/>`,
    ])
    await juliet.leave()
    expect(host.away()).toEqual([unavailable('from@example.net')])
    expect(new Set(asked)).toEqual(new Set(['juliet@example.com']))
  })

  test('after it was closed nothing is spread or answered', async () => {
    const { host, juliet } = await scene()
    await host.roster.close()
    await juliet.send('<presence/>')
    await juliet.send("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>")
    expect(host.away()).toEqual([])
    expect(juliet.heard()).toEqual([expect.stringContaining('<service-unavailable')])
  })
})
