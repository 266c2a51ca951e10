import { describe, expect, test } from 'vitest'
import { type Client, type FakeHost, fakeHost, settled } from './fake-host.js'

const balcony = 'juliet@example.com/balcony'
const ns = 'http://jabber.org/protocol/offline'
const info = `<iq type='get' id='q'><query xmlns='http://jabber.org/protocol/disco#info' node='${ns}'/></iq>`
const items = `<iq type='get' id='q'><query xmlns='http://jabber.org/protocol/disco#items' node='${ns}'/></iq>`
const offline = (type: 'get' | 'set', content: string, attributes = '') =>
  `<iq type='${type}' id='q'${attributes}><offline xmlns='${ns}'>${content}</offline></iq>`
const result = `<iq from='juliet@example.com' id='q' to='${balcony}' type='result'/>`
const condition = (stanza: string | undefined) =>
  stanza?.match(/<([a-z-]+) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/)?.[1]

/** Juliet, connected and without presence, with three messages waiting. */
async function scene(options = {}): Promise<{ host: FakeHost; juliet: Client; nodes: string[] }> {
  const host = fakeHost({ options })
  for (const body of ['1', '2', '3']) await host.says(body)
  const juliet = await host.connect(balcony)
  const nodes = (await host.store.list(juliet.jid.bare, { limit: 9, now: 0 })).map((message) => message.id)
  return { host, juliet, nodes }
}

const copy = (body: string, node: string) =>
  `<message from='romeo@example.net/orchard' to='juliet@example.com' type='chat'><body>${body}</body><delay xmlns='urn:xmpp:delay' from='example.com' stamp='2002-09-10T23:08:25Z'>Offline storage</delay><offline xmlns='${ns}'><item node='${node}'/></offline></message>`

describe('XEP-0013: counting and listing', () => {
  test('§2.2: the node says what it is and how many messages wait', async () => {
    const { juliet } = await scene()
    await juliet.ask(info)
    expect(juliet.heard()).toEqual([
      `<iq from='juliet@example.com' id='q' to='${balcony}' type='result'><query xmlns='http://jabber.org/protocol/disco#info' node='${ns}'><identity category='automation' type='message-list'/><feature var='${ns}'/><x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>${ns}</value></field><field var='number_of_messages'><value>3</value></field></x></query></iq>`,
    ])
  })

  test('§2.3: the headers say who sent each message, and by which name it is fetched', async () => {
    const { juliet, nodes } = await scene()
    await juliet.ask(items)
    const list = nodes
      .map((node) => `<item jid='juliet@example.com' node='${node}' name='romeo@example.net/orchard'/>`)
      .join('')
    expect(juliet.heard()).toEqual([
      `<iq from='juliet@example.com' id='q' to='${balcony}' type='result'><query xmlns='http://jabber.org/protocol/disco#items' node='${ns}'>${list}</query></iq>`,
    ])
    expect([...nodes].sort()).toEqual(nodes)
  })

  test("§2.3: without messages the list is empty; one that cannot be read is nobody's", async () => {
    const host = fakeHost()
    const juliet = await host.connect(balcony)
    await juliet.ask(items)
    expect(juliet.heard()).toEqual([expect.stringContaining(`node='${ns}'/></iq>`)])
    await host.store.append(juliet.jid.bare, { stanza: '<message', receivedAt: 1 }, 10)
    await juliet.ask(items)
    expect(juliet.heard()).toEqual([expect.stringContaining("name=''/>")])
  })

  test('§2.3: long lists are read page by page', async () => {
    const host = fakeHost()
    for (let i = 0; i < 250; i += 1) await host.says(i.toString())
    const juliet = await host.connect(balcony)
    await juliet.ask(items)
    expect(juliet.heard()[0]?.match(/<item /g)).toHaveLength(250)
  })

  test('other nodes, and the account itself, are as they were', async () => {
    const { juliet } = await scene()
    await juliet.ask(info.replace(ns, 'urn:other'))
    expect(condition(juliet.heard()[0])).toBe('item-not-found')
    await juliet.ask("<iq type='get' id='q'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
    expect(juliet.heard()[0]).not.toContain('message-list')
  })
})

describe('XEP-0013: the flood', () => {
  test.each([
    ['counting', info],
    ['listing', items],
    ['fetching all', offline('get', '<fetch/>')],
    ['removing all', offline('set', '<purge/>')],
  ])(
    '§2.2 §2.6: %s switches it off for the session and its siblings; new messages come as usual',
    async (_what, request) => {
      const { host, juliet } = await scene()
      await juliet.ask(request)
      await host.arrives("<message from='a@example.net/b' to='juliet@example.com'><body>4</body></message>")
      juliet.heard()
      await juliet.available()
      const sibling = await host.connect('juliet@example.com/chamber')
      await sibling.available()
      expect([...juliet.bodies(), ...sibling.bodies()]).toEqual([])
      await host.says('live')
      expect(sibling.bodies()).toEqual(['live'])
    },
  )
})

describe('XEP-0013: fetching and removing', () => {
  test('§2.4 §2.5: messages are sent marked, before the result, and stay until they are removed', async () => {
    const { host, juliet, nodes } = await scene()
    await juliet.ask(offline('get', `<item action='view' node='${nodes[2]}'/><item node='${nodes[0]}'/>`))
    expect(juliet.heard()).toEqual([copy('3', nodes[2]!), copy('1', nodes[0]!), result])
    expect(await host.waiting()).toBe(3)
    await juliet.ask(
      offline('set', `<item action='remove' node='${nodes[2]}'/><item action='remove' node='${nodes[0]}'/>`),
    )
    expect(juliet.heard()).toEqual([result])
    expect((await host.store.list(juliet.jid.bare, { limit: 9, now: 0 })).map(({ id }) => id)).toEqual([
      nodes[1],
    ])
  })

  test('§2.6 §2.7: all are fetched, and all are removed', async () => {
    const { host, juliet, nodes } = await scene()
    await juliet.ask(offline('get', '<fetch/>'))
    expect(juliet.heard()).toEqual([copy('1', nodes[0]!), copy('2', nodes[1]!), copy('3', nodes[2]!), result])
    expect(await host.waiting()).toBe(3)
    await juliet.ask(offline('set', '<purge/>'))
    expect(juliet.heard()).toEqual([result])
    expect(await host.waiting()).toBe(0)
  })

  test.each([
    ['nothing', 'get', '', 'bad-request'],
    ['nothing', 'set', '', 'bad-request'],
    ['purging with a get', 'get', '<purge/>', 'bad-request'],
    ['fetching with a set', 'set', '<fetch/>', 'bad-request'],
    ['a removal with a get', 'get', "<item action='remove' node='1'/>", 'bad-request'],
    ['a view with a set', 'set', "<item action='view' node='1'/>", 'bad-request'],
    ['another action', 'set', "<item action='keep' node='1'/>", 'bad-request'],
    ['an item without a node', 'get', '<item/>', 'bad-request'],
    ['a node that does not exist', 'get', "<item node='none'/>", 'item-not-found'],
    ['removing one that does not exist', 'set', "<item node='none'/>", 'item-not-found'],
  ] as const)('%s with a %s is refused and removes nothing', async (_what, type, content, expected) => {
    const { host, juliet } = await scene()
    await juliet.ask(offline(type, content))
    expect(juliet.heard().map(condition)).toEqual([expected])
    expect(await host.waiting()).toBe(3)
  })

  test('one unknown node among others: nothing is sent, nothing removed', async () => {
    const { host, juliet, nodes } = await scene()
    for (const type of ['get', 'set'] as const) {
      await juliet.ask(offline(type, `<item node='${nodes[0]}'/><item node='none'/>`))
      expect(juliet.heard().map(condition)).toEqual(['item-not-found'])
    }
    expect(await host.waiting()).toBe(3)
  })

  test('a message that has expired is not there any more', async () => {
    const host = fakeHost()
    await host.says('short', '', "<x xmlns='jabber:x:expire' seconds='60'/>")
    const juliet = await host.connect(balcony)
    const [message] = await host.store.list(juliet.jid.bare, { limit: 1, now: 0 })
    await host.clock.advance(60_000)
    await juliet.ask(offline('get', `<item node='${message!.id}'/>`))
    expect(juliet.heard().map(condition)).toEqual(['item-not-found'])
  })

  test.each([info, items, offline('get', '<fetch/>'), offline('set', '<purge/>')])(
    'L-4 §5: nobody but the account itself gets anything: %s',
    async (request) => {
      const { host } = await scene()
      const romeo = await host.connect('romeo@example.com/orchard')
      await romeo.ask(request.replace('<iq ', "<iq to='juliet@example.com' "))
      await host.arrives(request.replace('<iq ', "<iq from='eve@example.net/x' to='juliet@example.com' "))
      for (const answer of [...romeo.heard(), ...host.answers()]) {
        expect(answer).not.toContain('romeo@example.net')
        expect(answer).not.toContain('number_of_messages')
      }
      expect(await host.waiting()).toBe(3)
    },
  )
})

describe('slow clients', () => {
  test('L-1: what is fetched is under way a little at a time, and requests are answered meanwhile', async () => {
    const host = fakeHost({ options: { releaseBytes: 400 } })
    for (const body of ['1', '2', '3', '4']) await host.says(body)
    const juliet = await host.connect(balcony, { receiptsByHand: true })
    await juliet.ask(offline('get', '<fetch/>'))
    expect(juliet.bodies()).toEqual(['1', '2', '3'])
    await juliet.ask(info)
    expect(juliet.heard()[0]).toContain('<value>4</value>')
    for (const receipt of juliet.receipts.splice(0)) receipt('delivered')
    await settled()
    expect(juliet.heard()).toEqual([expect.stringContaining('<body>4</body>'), result])
  })

  test('one that does not take them gets an error in the end; they stay', async () => {
    const host = fakeHost({ options: { leaseMs: 1000, releaseBytes: 1 } })
    for (const body of ['1', '2']) await host.says(body)
    const juliet = await host.connect(balcony, { receiptsByHand: true })
    await juliet.ask(offline('get', '<fetch/>'))
    expect(juliet.bodies()).toEqual(['1'])
    await host.clock.advance(1000)
    expect(juliet.heard()).toEqual([expect.stringContaining("type='error'")])
    expect(await host.waiting()).toBe(2)
  })

  test('X-CONS: of one that is lost meanwhile, no copy goes anywhere else', async () => {
    const host = fakeHost()
    await host.says('1')
    const juliet = await host.connect(balcony, { receiptsByHand: true })
    await juliet.ask(offline('get', '<fetch/>'))
    // Somebody waits for the receipt, so the session does not send it elsewhere when it ends.
    expect(juliet.receipts).toHaveLength(1)
    await juliet.leave()
    expect(await host.waiting()).toBe(1)
  })
})
