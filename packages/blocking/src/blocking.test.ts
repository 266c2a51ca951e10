import { parseJid } from '@xmppkit/jid'
import { outboundRecipients } from '@xmppkit/sessions'
import { message as buildMessage } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { type Client, fakeHost, settled } from './fake-host.js'
import { createMemoryBlocklistStore } from './memory-store.js'
import { blocklistChanged } from './tokens.js'
import { blocklistData } from './user-data.js'

const account = parseJid('juliet@example.com').bare
const here = 'juliet@example.com/phone'
const other = 'juliet@example.com/desk'
const ns = "xmlns='urn:xmpp:blocking'"
const romeo = 'romeo@example.net'
const asksFor = (client: Client) => client.send(`<iq type='get' id='list'><blocklist ${ns}/></iq>`)
const result = (id: string, content = '') =>
  `<iq from='juliet@example.com' id='${id}' to='${here}' type='result'${content === '' ? '/>' : `>${content}</iq>`}`
const message = (from: string, to: string, rest = '') =>
  `<message id='m' from='${from}' to='${to}' type='chat'${rest}><body>x</body></message>`

async function scene(setup: Parameters<typeof fakeHost>[0] = {}) {
  const host = fakeHost(setup)
  const phone = await host.connect(here)
  const desk = await host.connect(other)
  for (const client of [phone, desk]) client.heard()
  return { host, phone, desk }
}

describe('the list', () => {
  test('BLOCK-1: is empty at first, then has who was blocked, in canonical form and once', async () => {
    const { phone } = await scene()
    await asksFor(phone)
    expect(phone.heard()).toEqual([result('list', `<blocklist ${ns}/>`)])
    await phone.block('Romeo@Example.NET', 'tybalt@example.net/hall', 'spam.example')
    await phone.block(romeo)
    phone.heard()
    await asksFor(phone)
    expect(phone.heard()).toEqual([
      result(
        'list',
        `<blocklist ${ns}><item jid='${romeo}'/><item jid='tybalt@example.net/hall'/><item jid='spam.example'/></blocklist>`,
      ),
    ])
  })

  test('BLOCK-2: changes are pushed to the clients that asked for it, and to no others', async () => {
    const { phone, desk } = await scene()
    await asksFor(desk)
    desk.heard()
    await phone.block(romeo)
    expect(phone.heard()).toEqual([result('block')])
    const push = (content: string) => `<iq id='push1' to='${other}' type='set'>${content}</iq>`
    expect(desk.heard()).toEqual([push(`<block ${ns}><item jid='${romeo}'/></block>`)])
    await phone.unblock(romeo)
    expect(desk.heard().map((one) => one.replace('push2', 'push1'))).toEqual([
      push(`<unblock ${ns}><item jid='${romeo}'/></unblock>`),
    ])
    await phone.block(romeo)
    await phone.unblock()
    expect(desk.heard().at(-1)).toContain(`<unblock ${ns}/>`)
  })

  test('BLOCK-1: a block of nobody and a malformed address are refused, and nothing changes', async () => {
    const { host, phone } = await scene()
    await phone.block()
    expect(phone.heard()).toEqual([expect.stringContaining('<bad-request')])
    await phone.block(romeo, '@example.net')
    expect(phone.heard()).toEqual([expect.stringContaining('block/item[2]/@jid: not an address')])
    expect(await host.blocking.items(account)).toEqual([])
  })

  test('nobody reads or changes the list of somebody else', async () => {
    const { host, phone } = await scene()
    const nurse = await host.connect('nurse@example.com/x')
    for (const xml of [
      `<iq type='get' id='1' to='juliet@example.com'><blocklist ${ns}/></iq>`,
      `<iq type='set' id='1' to='juliet@example.com'><block ${ns}><item jid='${romeo}'/></block></iq>`,
      `<iq type='set' id='1' to='juliet@example.com'><unblock ${ns}/></iq>`,
    ]) {
      await nurse.send(xml)
      expect(nurse.heard()).toEqual([expect.stringContaining('<forbidden')])
    }
    expect([await host.blocking.items(account), phone.heard()]).toEqual([[], []])
  })

  test('L-1: is only so long', async () => {
    const { host, phone } = await scene({ options: { maxItems: 2 } })
    await phone.block('a@example.net')
    await phone.block('b@example.net', 'c@example.net')
    expect(phone.heard().at(-1)).toContain('<resource-constraint')
    expect((await host.blocking.items(account)).map(String)).toEqual(['a@example.net'])
    await phone.block('a@example.net', 'b@example.net')
    expect(phone.heard()).toEqual([result('block')])
  })

  test('lasts longer than the session, and the process', async () => {
    const { host, phone, desk } = await scene()
    await phone.block(romeo)
    await phone.leave()
    await desk.leave()
    await host.arrives(message(`${romeo}/x`, 'juliet@example.com'))
    expect([host.offline, host.away()]).toEqual([[], [expect.stringContaining('<service-unavailable')]])
    const again = fakeHost({ store: host.store })
    await again.arrives(message(`${romeo}/x`, 'juliet@example.com'))
    expect(again.offline).toEqual([])
    const back = await again.connect(here)
    await again.arrives(message(`${romeo}/x`, here))
    expect(back.heard()).toEqual([])
  })

  test('an import is in force and told at once, however long it is; what was on it is not told again', async () => {
    const { host, phone, desk } = await scene({ options: { maxItems: 1 } })
    await asksFor(desk)
    await phone.block('tybalt@example.net')
    for (const client of [phone, desk]) client.heard()
    const part = blocklistData(host.store, host.blocking)
    for (const jid of [romeo, 'tybalt@example.net'])
      await part.import?.(account, parseElement(`<item ${ns} jid='${jid}'/>`), undefined)
    expect(desk.heard()).toEqual([
      `<iq id='push2' to='${other}' type='set'><block ${ns}><item jid='${romeo}'/></block></iq>`,
    ])
    await host.arrives(message(romeo, here))
    expect(phone.heard()).toEqual([])
    await asksFor(phone)
    expect(phone.heard()[0]).toContain(`<item jid='tybalt@example.net'/><item jid='${romeo}'/>`)
    expect((await host.store.load(account)).map(String)).toEqual(['tybalt@example.net', romeo])
  })

  test('P-10: ends with the account, and a session it still has adds nothing to that of the next', async () => {
    const { host, phone, desk } = await scene()
    await phone.block(romeo)
    await host.remove('juliet@example.com')
    await phone.block(romeo)
    expect(phone.heard().at(-1)).toContain('<service-unavailable')
    await phone.leave()
    await desk.leave()
    expect(await host.store.load(account)).toEqual([])
    const next = await host.connect(here)
    await next.block('iago@example.net')
    expect((await host.blocking.items(account)).map(String)).toEqual(['iago@example.net'])
  })
})

describe('what comes in', () => {
  const away = 'juliet@example.com/gone'
  const kinds: readonly [what: string, xml: string, answer: string | undefined][] = [
    ['chat to the account', message(`${romeo}/x`, 'juliet@example.com'), 'service-unavailable'],
    ['chat to a client', message(`${romeo}/x`, here), 'service-unavailable'],
    ['chat to a client that is gone', message(`${romeo}/x`, away), 'service-unavailable'],
    ['a headline', `<message from='${romeo}/x' to='${here}' type='headline' id='h'/>`, 'service-unavailable'],
    ['groupchat', `<message from='${romeo}/x' to='${here}' type='groupchat' id='g'/>`, 'service-unavailable'],
    ['a message of type error', `<message from='${romeo}/x' to='${here}' type='error'/>`, undefined],
    ['presence', `<presence from='${romeo}/x' to='juliet@example.com'/>`, undefined],
    ['a subscription', `<presence from='${romeo}' to='juliet@example.com' type='subscribe'/>`, undefined],
    ['a probe', `<presence from='${romeo}' to='juliet@example.com' type='probe'/>`, undefined],
    [
      'a request to the account',
      `<iq from='${romeo}/x' to='juliet@example.com' type='get' id='i'><q xmlns='urn:q'/></iq>`,
      'service-unavailable',
    ],
    [
      'a request to a client',
      `<iq from='${romeo}/x' to='${here}' type='set' id='i'><q xmlns='urn:q'/></iq>`,
      'service-unavailable',
    ],
    ['a result', `<iq from='${romeo}/x' to='${here}' type='result' id='i'/>`, undefined],
  ]

  test.each(kinds)(
    'BLOCK-3 M-8: %s reaches nobody, and tells no more than if there were no account',
    async (_what, xml, answer) => {
      const { host, phone, desk } = await scene({ missing: ['nobody@example.com'] })
      await phone.block(romeo)
      for (const client of [phone, desk]) client.heard()
      await host.arrives(xml)
      expect([phone.heard(), desk.heard(), host.offline]).toEqual([[], [], []])
      const told = host.away()
      expect(told).toEqual(answer === undefined ? [] : [expect.stringContaining(`<${answer}`)])
      await host.arrives(xml.replaceAll('juliet@', 'nobody@'))
      expect(host.away().map((one) => one.replaceAll('nobody@', 'juliet@'))).toEqual(told)
    },
  )

  test.each([
    [
      'romeo@example.net',
      ['romeo@example.net', 'romeo@example.net/x'],
      ['example.net', 'juliet2@example.net/x'],
    ],
    ['romeo@example.net/x', ['romeo@example.net/x'], ['romeo@example.net', 'romeo@example.net/y']],
    [
      'example.net',
      ['example.net', 'example.net/x', 'a@example.net', 'a@example.net/x'],
      ['sub.example.net', 'a@sub.example.net/x'],
    ],
    ['example.net/x', ['example.net/x'], ['example.net', 'example.net/y', 'a@example.net/x']],
  ])('BLOCK-4: %s is who is meant, and nobody else', async (blocked, out, kept) => {
    const { host, phone } = await scene()
    await phone.block(blocked)
    const judge = (jid: string) => host.blocking.blocks(account, parseJid(jid))
    expect(out.map(judge)).toEqual(out.map(() => true))
    expect(kept.map(judge)).toEqual(kept.map(() => false))
    for (const from of out) await host.arrives(`<message from='${from}' to='${here}' id='${from}'/>`)
    expect(phone.heard()).toEqual([result('block')])
    for (const from of kept) await host.arrives(`<message from='${from}' to='${here}' id='${from}'/>`)
    expect(phone.heard()).toHaveLength(kept.length)
  })

  test('BLOCK-4: the account itself and its server are never kept out', async () => {
    const { host, phone, desk } = await scene()
    await phone.block('juliet@example.com', other, 'example.com')
    for (const from of ['juliet@example.com', other, 'example.com']) {
      await host.arrives(`<message from='${from}' to='${here}' id='${from}'/>`)
    }
    expect(phone.heard()).toHaveLength(4)
    await phone.send(`<message to='${other}' type='chat'><body>x</body></message>`)
    expect(desk.heard()).toHaveLength(1)
    await host.arrives(`<message from='nurse@example.com/x' to='${here}'/>`)
    expect(phone.heard()).toEqual([])
  })

  test('an occupant of a room is kept out, and the room is not told to show the account out', async () => {
    const { host, phone } = await scene()
    await phone.block('room@rooms.example.net/tybalt')
    phone.heard()
    await host.arrives(
      `<message from='room@rooms.example.net/tybalt' to='${here}' type='groupchat'><body>x</body></message>`,
    )
    expect([phone.heard(), host.away()]).toEqual([[], []])
  })

  test('what was handed over past the account is kept out all the same', async () => {
    const { host, phone } = await scene()
    await phone.block(romeo)
    phone.heard()
    const outcomes: string[] = []
    const stored = buildMessage({ from: `${romeo}/x`, to: account, body: 'stored before' })
    await host.sessions.deliverTo(here, stored, (outcome) => outcomes.push(outcome))
    await settled()
    expect([phone.heard(), outcomes, host.away()]).toEqual([[], ['delivered'], []])
  })

  test('BLOCK-3: once unblocked, all of it comes again', async () => {
    const { host, phone } = await scene()
    await phone.block(romeo, 'iago@example.net')
    await phone.unblock(romeo)
    await host.arrives(message(`${romeo}/x`, here))
    expect(phone.heard()).toHaveLength(3)
    await phone.unblock()
    await host.arrives(message('iago@example.net/x', here))
    expect(phone.heard()).toHaveLength(2)
  })

  test('where the list cannot be read nothing passes, and it is tried again', async () => {
    const memory = createMemoryBlocklistStore()
    let broken = true
    const store = {
      ...memory,
      load: (of: typeof account) => (broken ? Promise.reject(new Error('no disk')) : memory.load(of)),
    }
    const { host, phone } = await scene({ store })
    expect(host.failures).toHaveLength(2)
    await host.arrives(message(`${romeo}/x`, here))
    expect([phone.heard(), host.away()]).toEqual([[], [expect.stringContaining('<internal-server-error')]])
    broken = false
    await host.arrives(message(`${romeo}/x`, here))
    expect(phone.heard()).toHaveLength(1)
  })
})

describe('what goes out', () => {
  test('BLOCK-5: nothing to the blocked: not-acceptable, with the reason', async () => {
    const { host, phone } = await scene()
    await phone.block(romeo)
    phone.heard()
    await phone.send(`<message to='${romeo}/x' type='chat' id='m'/>`)
    expect(phone.heard()).toEqual([
      `<message from='${romeo}/x' id='m' to='${here}' type='error'><error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><blocked xmlns='urn:xmpp:blocking:errors'/></error></message>`,
    ])
    for (const xml of [
      `<iq to='${romeo}/x' type='get' id='i'><q xmlns='urn:q'/></iq>`,
      `<presence to='${romeo}/x'/>`,
      `<presence to='${romeo}' type='subscribe'/>`,
    ]) {
      await phone.send(xml)
      expect(phone.heard()).toEqual([expect.stringContaining('<blocked')])
    }
    await phone.send(`<presence to='${romeo}' type='unavailable'/>`)
    expect([phone.heard(), host.away()]).toEqual([[], []])
  })

  test('BLOCK-5: who sends in its name leaves the blocked out', async () => {
    const { host, phone } = await scene()
    const all = [romeo, 'nurse@example.com'].map(parseJid)
    expect(host.hooks.fold(outboundRecipients, all, { account })).toBe(all)
    await phone.block(romeo)
    expect(host.hooks.fold(outboundRecipients, all, { account })).toEqual([all[1]])
  })
})

describe('presence', () => {
  const contacts = {
    'romeo@example.net': 'both',
    'tybalt@example.net': 'from',
    'iago@example.net': 'none',
    'nurse@other.example': 'to',
  } as const
  const gone = (from: string, to: string) => `<presence from='${from}' to='${to}' type='unavailable'/>`
  const back = (from: string, to: string) =>
    `<presence from='${from}' to='${to}'><status>here</status></presence>`
  const probe = (from: string, to: string) => `<presence from='${from}' to='${to}' type='probe'/>`

  test('BLOCK-6: who may see the account sees it go, from every resource, and come back', async () => {
    const { host, phone } = await scene({ contacts })
    await phone.block(romeo, 'iago@example.net', 'stranger@example.org')
    expect(host.away()).toEqual([gone(here, romeo), gone(other, romeo)])
    await phone.block(romeo)
    expect(host.away()).toEqual([])
    await phone.unblock(romeo, 'iago@example.net')
    expect(host.away()).toEqual([
      back(here, romeo),
      back(other, romeo),
      probe(here, romeo),
      probe(other, romeo),
    ])
  })

  test('BLOCK-6: so do all of a domain, a single resource, and whom it was shown to directly', async () => {
    const { host, phone, desk } = await scene({ contacts, shown: ['stranger@example.org'] })
    await desk.leave()
    await phone.block('example.net')
    expect(host.away()).toEqual([gone(here, romeo), gone(here, 'tybalt@example.net')])
    await phone.unblock('example.net')
    expect(host.away()).toEqual([back(here, romeo), back(here, 'tybalt@example.net'), probe(here, romeo)])
    await phone.block(`${romeo}/x`, 'stranger@example.org')
    expect(host.away()).toEqual([gone(here, `${romeo}/x`), gone(here, 'stranger@example.org')])
  })
})

describe('others', () => {
  test('hear what was blocked and by whom, with what the client said about it', async () => {
    const { host, phone } = await scene()
    const heard: unknown[] = []
    host.hooks.on(blocklistChanged, ({ by, blocked, unblocked }) => {
      heard.push([
        String(by),
        blocked.map((one) => [`${one.jid}`, one.extensions.map(String)]),
        unblocked.map(String),
      ])
    })
    await phone.send(
      `<iq type='set' id='1'><block ${ns}><item jid='${romeo}'><report xmlns='urn:r'/></item></block></iq>`,
    )
    await host.blocking.unblock(account)
    expect(heard).toEqual([
      [here, [[romeo, ['<report xmlns="urn:r"/>']]], []],
      ['undefined', [], [romeo]],
    ])
  })

  test('changes of one account happen in one order', async () => {
    const { host, phone, desk } = await scene()
    await asksFor(desk)
    desk.heard()
    await Promise.all([
      phone.block(romeo),
      host.blocking.unblock(account, [parseJid(romeo)]),
      desk.block(romeo),
      host.blocking.block(account, [parseJid('iago@example.net')]),
    ])
    const stored = (await host.store.load(account)).map(String).sort()
    expect((await host.blocking.items(account)).map(String).sort()).toEqual(stored)
  })

  test('when it ends nobody is kept out', async () => {
    const { host, phone } = await scene()
    await phone.block(romeo)
    await host.blocking.close()
    await host.arrives(message(`${romeo}/x`, here))
    expect(phone.heard()).toHaveLength(2)
  })
})

test('only lists of accounts with a session are kept: others are read each time', async () => {
  const memory = createMemoryBlocklistStore()
  const read: string[] = []
  const store = {
    ...memory,
    load(of: typeof account) {
      read.push(of.local)
      return memory.load(of)
    },
  }
  const host = fakeHost({ store })
  for (const name of ['a', 'a', 'b']) await host.arrives(message(`${romeo}/x`, `${name}@example.com`))
  expect(read.splice(0)).toEqual(['a', 'a', 'b'])
  const phone = await host.connect(here)
  for (const from of ['a', 'b']) await host.arrives(message(`${from}@example.net`, here))
  expect(read.splice(0)).toEqual(['juliet'])
  await phone.leave()
  await host.arrives(message(`${romeo}/x`, here))
  expect(read).toEqual(['juliet'])
})
