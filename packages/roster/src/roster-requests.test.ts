import { describe, expect, test } from 'vitest'
import { type Client, type FakeHost, fakeHost } from './fake-host.js'
import type { RosterStore } from './ports.js'
import { rosterChanged, rosterItems } from './tokens.js'

const balcony = 'juliet@example.com/balcony'
const chamber = 'juliet@example.com/chamber'
const ns = "xmlns='jabber:iq:roster'"
const get = (ver?: string) =>
  `<iq type='get' id='g'><query ${ns}${ver === undefined ? '' : ` ver='${ver}'`}/></iq>`
const set = (items: string, attributes = '') =>
  `<iq type='set' id='s'${attributes}><query ${ns}>${items}</query></iq>`
const put = (contact: string, rest = '') => set(`<item jid='${contact}'${rest}/>`)
const remove = (contact: string) => put(contact, " subscription='remove'")
const done = "<iq from='juliet@example.com' id='s' to='juliet@example.com/balcony' type='result'/>"

/** The push as it is on the wire; versions count from the moment the roster began. */
const push = (n: number, item: string, { to = balcony, ver = n } = {}) =>
  `<iq id='push${n}' to='${to}' type='set'><query ${ns} ver='${1_700_000_000_000 + ver}'>${item}</query></iq>`

const condition = (stanza: string | undefined) =>
  stanza?.match(/<([a-z-]+) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/)?.[1]

async function refused(client: Client, host: FakeHost, request: string): Promise<string | undefined> {
  const before = await host.store.load(client.jid.bare)
  await client.send(request)
  const heard = client.heard()
  expect(heard).toHaveLength(1)
  expect(heard[0]).toContain("type='error'")
  expect(await host.store.load(client.jid.bare)).toEqual(before)
  return condition(heard[0])
}

describe('adding and changing contacts (RFC 6121 §2.3, §2.4)', () => {
  test("R-7 R-9: adding a contact pushes it, with a fresh id and in nobody's name, then answers", async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    await juliet.send(set("<item jid='nurse@example.com' name='Nurse'><group>Servants</group></item>"))
    expect(juliet.heard()).toEqual([
      push(
        1,
        "<item jid='nurse@example.com' name='Nurse' subscription='none'><group>Servants</group></item>",
      ),
      done,
    ])
    expect(host.away()).toEqual([])
  })

  test('R-7: every resource that asked for the roster gets the push, others do not', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    const interested = await host.connect(chamber)
    await interested.send(get())
    interested.heard()
    const available = await host.connect('juliet@example.com/garden')
    await available.send('<presence/>')
    available.heard()
    const connected = await host.connect('juliet@example.com/tomb')
    juliet.heard()

    await juliet.send(put('nurse@example.com'))
    const item = "<item jid='nurse@example.com' subscription='none'/>"
    expect(juliet.heard()).toEqual([push(1, item), done])
    expect(interested.heard()).toEqual([push(2, item, { to: chamber, ver: 1 })])
    expect(available.heard()).toEqual([])
    expect(connected.heard()).toEqual([])
  })

  test('R-9: answers and errors of clients to a push are ignored', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    await juliet.send(put('nurse@example.com'))
    juliet.heard()
    await juliet.send("<iq type='result' id='push1'/>")
    await juliet.send(
      "<iq type='error' id='push1'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    expect(juliet.heard()).toEqual([])
    expect(host.away()).toEqual([])
  })

  test('R-4: what clients say of subscription, ask and approval is ignored', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    await juliet.send(put('nurse@example.com', " subscription='both' ask='subscribe' approved='true'"))
    expect(juliet.heard()).toEqual([push(1, "<item jid='nurse@example.com' subscription='none'/>"), done])
    expect(
      await host.store.get(juliet.jid.bare, (await host.roster.items(juliet.jid.bare))[0]!.jid),
    ).toMatchObject({
      subscription: 'none',
      pendingOut: false,
      approved: false,
    })
  })

  test('R-5: an update replaces name and groups, and leaves the subscription alone', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    await juliet.send(put('romeo@example.net', " name='Romeo'"))
    await juliet.send("<presence type='subscribe' to='romeo@example.net'/>")
    await juliet.send(set("<item jid='romeo@example.net' name='Husband'><group>Family</group></item>"))
    juliet.heard()
    await juliet.send(put('romeo@example.net'))
    const item = "<item jid='romeo@example.net' subscription='none' ask='subscribe'/>"
    expect(juliet.heard()).toEqual([push(4, item), done])
  })

  test('R-13: addresses are stored prepared and bare; domains may be contacts', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    await juliet.send(put('Nurse@EXAMPLE.com/kitchen'))
    await juliet.send(put('icq.example.net'))
    expect(juliet.heard()).toEqual([
      push(1, "<item jid='nurse@example.com' subscription='none'/>"),
      done,
      push(2, "<item jid='icq.example.net' subscription='none'/>"),
      done,
    ])
  })

  test('R-14: changes from two resources at the same moment both survive, with a version each', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    const other = await host.online(chamber)
    juliet.heard()
    const contacts = Array.from({ length: 20 }, (_, i) => `contact${i}@example.net`)
    await Promise.all(
      contacts.flatMap((contact, i) => [
        juliet.send(put(contact, ` name='${i}'`)),
        other.send(set(`<item jid='${contact}' name='${i}'><group>all</group></item>`)),
      ]),
    )
    const { items, version } = await host.store.load(juliet.jid.bare)
    expect(items).toHaveLength(20)
    expect(version).toBe(1_700_000_000_000 + 40)
    const versions = juliet.heard().flatMap((stanza) => stanza.match(/ver='(\d+)'/)?.[1] ?? [])
    expect(versions).toEqual([...versions].sort())
    expect(new Set(versions).size).toBe(40)
  })
})

describe('what is refused (RFC 6121 §2.3.3)', () => {
  const text = 'x'.repeat(1024)
  test.each([
    ['R-1', 'the roster of somebody else', set("<item jid='a@b'/>", " to='romeo@example.com'"), 'forbidden'],
    ['R-1', 'reading it', `<iq type='get' id='s' to='romeo@example.com'><query ${ns}/></iq>`, 'forbidden'],
    ['R-2', 'no item', set(''), 'bad-request'],
    ['R-2', 'two items', set("<item jid='a@b'/><item jid='c@d'/>"), 'bad-request'],
    ['R-3', 'a group twice', set("<item jid='a@b'><group>x</group><group>x</group></item>"), 'bad-request'],
    ['R-3', 'a group without a name', set("<item jid='a@b'><group/></item>"), 'not-acceptable'],
    ['R-3', 'a group too long', set(`<item jid='a@b'><group>${text}</group></item>`), 'not-acceptable'],
    ['R-3', 'a name too long', put('a@b', ` name='${text}'`), 'not-acceptable'],
    ['R-3', 'a name with too many octets', put('a@b', ` name='${'é'.repeat(512)}'`), 'not-acceptable'],
    ['R-6', 'removing what is not there', remove('a@b'), 'item-not-found'],
    ['R-13', 'adding oneself', put('juliet@example.com/x'), 'not-allowed'],
    ['R-13', 'an address that is none', put('@example.net'), 'bad-request'],
    ['R-2', 'an item without an address', set('<item/>'), 'bad-request'],
  ])('%s: %s', async (_rule, _what, request, expected) => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    expect(await refused(juliet, host, request)).toBe(expected)
  })

  test('R-1 R-10: a roster set in the name of a contact, a stranger or a server changes nothing', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    for (const from of ['romeo@example.com/a', 'mercutio@example.net/b', 'example.net', 'example.com']) {
      await host.arrives(
        `<iq type='set' id='e' from='${from}' to='juliet@example.com'><query ${ns} ver='1'><item jid='eve@example.net' subscription='both'/></query></iq>`,
      )
    }
    expect(await host.roster.items(juliet.jid.bare)).toEqual([])
    expect(juliet.heard()).toEqual([])
    expect(host.away().map(condition)).toEqual(['forbidden', 'forbidden'])
  })

  test('L-1: more groups than allowed are not-acceptable', async () => {
    const host = fakeHost({ options: { maxGroupsPerItem: 2 } })
    const juliet = await host.online(balcony)
    const groups = '<group>a</group><group>b</group><group>c</group>'
    expect(await refused(juliet, host, set(`<item jid='a@b'>${groups}</item>`))).toBe('not-acceptable')
  })

  test('L-1: a full roster takes no contact more, but lets those in it be changed and removed', async () => {
    const host = fakeHost({ options: { maxItems: 2, maxPendingRequests: 1 } })
    const juliet = await host.online(balcony)
    await juliet.send(put('a@example.net'))
    await host.arrives("<presence type='subscribe' from='stranger@example.net' to='juliet@example.com'/>")
    await juliet.send(put('b@example.net'))
    juliet.heard()
    expect(await refused(juliet, host, put('c@example.net'))).toBe('resource-constraint')
    await juliet.send(put('a@example.net', " name='A'"))
    await juliet.send(remove('b@example.net'))
    await juliet.send(put('c@example.net'))
    expect(juliet.heard().filter((stanza) => stanza === done)).toHaveLength(3)
  })

  test('a store that fails is internal-server-error for the client, and nothing is pushed', async () => {
    const broken = (store: RosterStore): RosterStore => ({
      ...store,
      update: () => Promise.reject(new Error('disk full, secret path /var')),
    })
    const host = fakeHost({ store: broken })
    const juliet = await host.online(balcony)
    expect(await refused(juliet, host, put('nurse@example.com'))).toBe('internal-server-error')
    expect(host.logged).toEqual(['iq handler failed'])
  })
})

describe('removing a contact (RFC 6121 §2.5)', () => {
  async function befriended(subscriptions: readonly string[]) {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    await juliet.send(put('romeo@example.net'))
    if (subscriptions.includes('to')) {
      await juliet.send("<presence type='subscribe' to='romeo@example.net'/>")
      await host.arrives("<presence type='subscribed' from='romeo@example.net' to='juliet@example.com'/>")
    }
    if (subscriptions.includes('from')) {
      await host.arrives("<presence type='subscribe' from='romeo@example.net' to='juliet@example.com'/>")
      await juliet.send("<presence type='subscribed' to='romeo@example.net'/>")
    }
    juliet.heard()
    host.away()
    return { host, juliet }
  }
  const unsubscribe = "<presence from='juliet@example.com' to='romeo@example.net' type='unsubscribe'/>"
  const gone = `<presence from='${balcony}' to='romeo@example.net' type='unavailable'/>`
  const unsubscribed = "<presence from='juliet@example.com' to='romeo@example.net' type='unsubscribed'/>"

  test.each([
    ['none', [], []],
    ['to', ['to'], [unsubscribe]],
    ['from', ['from'], [gone, unsubscribed]],
    ['both', ['to', 'from'], [unsubscribe, gone, unsubscribed]],
  ])('R-8: with subscription %s', async (_name, subscriptions, told) => {
    const { host, juliet } = await befriended(subscriptions)
    await juliet.send(remove('romeo@example.net'))
    expect(juliet.heard()).toEqual([
      expect.stringContaining("<item jid='romeo@example.net' subscription='remove'/>"),
      done,
    ])
    expect(host.away()).toEqual(told)
    expect(await host.roster.items(juliet.jid.bare)).toEqual([])
  })

  test('R-8: a request that waits is withdrawn, one of the contact refused', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    await juliet.send("<presence type='subscribe' to='romeo@example.net'/>")
    await host.arrives("<presence type='subscribe' from='romeo@example.net' to='juliet@example.com'/>")
    host.away()
    await juliet.send(remove('romeo@example.net'))
    expect(host.away()).toEqual([unsubscribe, unsubscribed])
  })

  test('R-6 R-12: a request of somebody else is not an item to remove', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    await host.arrives("<presence type='subscribe' from='romeo@example.net' to='juliet@example.com'/>")
    juliet.heard()
    expect(await refused(juliet, host, remove('romeo@example.net'))).toBe('item-not-found')
  })
})

describe('versions (RFC 6121 §2.6)', () => {
  const version = (n: number) => (1_700_000_000_000 + n).toString()
  const whole = (ver: string | undefined, items: string) =>
    `<iq from='juliet@example.com' id='g' to='${balcony}' type='result'><query ${ns}${ver === undefined ? '' : ` ver='${ver}'`}${items === '' ? '/>' : `>${items}</query>`}</iq>`
  const empty = `<iq from='juliet@example.com' id='g' to='${balcony}' type='result'/>`
  const item = (contact: string, rest = '') => `<item jid='${contact}'${rest} subscription='none'/>`

  /** A roster with three changes: a added, b added, a renamed. */
  async function scene(options = {}) {
    const host = fakeHost({ options })
    const juliet = await host.online(balcony)
    await juliet.send(put('a@example.net'))
    await juliet.send(put('b@example.net'))
    await juliet.send(put('a@example.net', " name='A'"))
    juliet.heard()
    return { host, juliet }
  }
  const all = item('b@example.net') + item('a@example.net', " name='A'")

  test.each([
    ['no version', undefined, whole(undefined, all)],
    ['an empty one', '', whole(version(3), all)],
    ['one we never gave', '12345', whole(version(3), all)],
    ['one of the future', version(4), whole(version(3), all)],
    ['one that is no number', 'ver14', whole(version(3), all)],
    ['the current one', version(3), empty],
  ])('R-11: with %s', async (_name, ver, answer) => {
    const { juliet } = await scene()
    await juliet.send(get(ver))
    expect(juliet.heard()).toEqual([answer])
  })

  test('R-11: an older version gets an empty answer, then one push per changed item, in order', async () => {
    const { juliet } = await scene()
    await juliet.send(remove('b@example.net'))
    juliet.heard()
    await juliet.send(get(version(1)))
    expect(juliet.heard()).toEqual([
      empty,
      push(5, item('a@example.net', " name='A'"), { ver: 3 }),
      push(6, "<item jid='b@example.net' subscription='remove'/>", { ver: 4 }),
    ])
  })

  test('R-11: with too many changes the whole roster comes', async () => {
    const { juliet } = await scene({ maxVersionedChanges: 1 })
    await juliet.send(get(version(1)))
    expect(juliet.heard()).toEqual([whole(version(3), all)])
  })

  test('R-11: an account without a roster', async () => {
    const host = fakeHost()
    const juliet = await host.connect(balcony)
    await juliet.send(get(''))
    expect(juliet.heard()).toEqual([whole('0', '')])
  })

  test('R-11: a change made while the answer is on its way is pushed after it', async () => {
    const { host, juliet } = await scene()
    const other = await host.online(chamber)
    let answer = () => {}
    host.hooks.on(rosterItems, async (items) => {
      await new Promise<void>((resolve) => {
        answer = resolve
      })
      return items
    })
    juliet.heard()
    const asked = juliet.send(get())
    await other.send(put('c@example.net'))
    expect(juliet.heard()).toEqual([])
    answer()
    await asked
    expect(juliet.heard()).toEqual([whole(undefined, all), expect.stringContaining(item('c@example.net'))])
  })

  test('R-12: requests that wait stay out of the roster and of its changes', async () => {
    const { host, juliet } = await scene()
    await host.arrives("<presence type='subscribe' from='romeo@example.net' to='juliet@example.com'/>")
    await host.arrives("<presence type='subscribe' from='tybalt@example.net' to='juliet@example.com'/>")
    await juliet.send("<presence type='unsubscribed' to='tybalt@example.net'/>")
    juliet.heard()
    await juliet.send(get())
    await juliet.send(get(version(3)))
    expect(juliet.heard()).toEqual([whole(undefined, all), empty])
  })

  test('R-11 R-12: a contact that was removed and asks again is still gone for who was away', async () => {
    const { host, juliet } = await scene()
    await juliet.send(remove('b@example.net'))
    await host.arrives("<presence type='subscribe' from='b@example.net' to='juliet@example.com'/>")
    juliet.heard()
    await juliet.send(get(version(3)))
    expect(juliet.heard()).toEqual([
      empty,
      expect.stringContaining("<item jid='b@example.net' subscription='remove'/>"),
    ])
  })

  test("R-12: ask='subscribe' appears while a request of the account waits", async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    await juliet.send("<presence type='subscribe' to='romeo@example.net'/>")
    juliet.heard()
    await juliet.send(get())
    expect(juliet.heard()).toEqual([
      whole(undefined, "<item jid='romeo@example.net' subscription='none' ask='subscribe'/>"),
    ])
  })
})

describe('hooks', () => {
  test('R-11: a handler of rosterItems that adds nothing leaves versions as they are', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    await juliet.send(put('nurse@example.com'))
    const [nurse] = await host.roster.items(juliet.jid.bare)
    host.hooks.on(rosterItems, async (items) => items)
    juliet.heard()
    await juliet.send(get(nurse!.version.toString()))
    expect(juliet.heard()).toEqual([expect.not.stringContaining('<query')])
  })

  test('rosterItems adds contacts the server provides, and versions then always bring the whole roster', async () => {
    const host = fakeHost()
    const juliet = await host.online(balcony)
    await juliet.send(put('nurse@example.com'))
    const [nurse] = await host.roster.items(juliet.jid.bare)
    const boss = { ...nurse!, jid: (await host.connect('boss@example.com/x')).jid.bare, name: 'Boss' }
    host.hooks.on(rosterItems, (items) => [...items, boss])
    juliet.heard()
    await juliet.send(get(nurse!.version.toString()))
    expect(juliet.heard()[0]).toContain("<item jid='boss@example.com' name='Boss' subscription='none'/>")
  })

  test('rosterChanged tells of every change, with the item before and after', async () => {
    const host = fakeHost()
    const changes: unknown[] = []
    host.hooks.on(rosterChanged, ({ account, previous, item }) => {
      changes.push([account.toString(), previous?.name, item?.name])
    })
    const juliet = await host.online(balcony)
    await juliet.send(put('nurse@example.com', " name='A'"))
    await juliet.send(put('nurse@example.com', " name='B'"))
    await juliet.send(remove('nurse@example.com'))
    expect(changes).toEqual([
      ['juliet@example.com', undefined, 'A'],
      ['juliet@example.com', 'A', 'B'],
      ['juliet@example.com', 'B', undefined],
    ])
  })
})
