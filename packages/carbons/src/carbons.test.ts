import { userSendPacket, userSendSeq } from '@xmppkit/c2s'
import { inCustody, isCopy, offlineMessage, receivePacket, type Storing, storing } from '@xmppkit/sessions'
import { forwarded, NS } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { fakeHost, settled } from './fake-host.js'

const romeo = 'romeo@example.net/orchard'
const body = '<body>hi</body>'
const sentTo = (to: string, xml: string) =>
  `<message from='juliet@example.com' to='${to}' type='chat'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>${xml}</forwarded></sent></message>`
const receivedBy = (to: string, xml: string) => sentTo(to, xml).replaceAll('sent', 'received')
const inner = (from: string, to: string) =>
  `<message xmlns='jabber:client' type='chat' from='${from}' to='${to}'>${body}</message>`

async function household() {
  const host = fakeHost()
  const phone = await host.connectWithCarbons('juliet@example.com/phone', 0)
  const desk = await host.connectWithCarbons('juliet@example.com/desk', 0)
  const plain = await host.connect('juliet@example.com/plain', 0)
  return { host, phone, desk, plain }
}

describe('what a client sends', () => {
  test('CARBON-2: goes to the others that want copies, from the account, and not to its sender', async () => {
    const { host, phone, desk, plain } = await household()
    await plain.send(`<message type='chat' to='${romeo}'>${body}</message>`)
    const original = `<message xmlns='jabber:client' type='chat' to='${romeo}' from='juliet@example.com/plain'>${body}</message>`
    expect(phone.heard()).toEqual([sentTo('juliet@example.com/phone', original)])
    expect([desk.heard().length, plain.heard().length, host.away().length]).toEqual([1, 0, 1])
    await phone.send(`<message type='chat' to='${romeo}'>${body}</message>`)
    expect([phone.heard().length, desk.heard().length, plain.heard().length]).toEqual([0, 1, 0])
  })

  test('CARBON-2: copies are marked, so that nobody archives, stores or bounces them', async () => {
    const { plain, phone } = await household()
    await plain.send(`<message type='chat' to='${romeo}'>${body}</message>`)
    expect(phone.stanzas().map((stanza) => stanza.meta(isCopy))).toEqual([true])
  })

  test('MAM-1: are copied once they are archived, and not if they could not be', async () => {
    const host = fakeHost()
    const desk = await host.connectWithCarbons('romeo@example.com/desk', 0)
    const phone = await host.connectWithCarbons('romeo@example.com/phone', 0)
    let durable = () => {}
    const pending: Storing = {
      state: 'pending',
      flush: async () => {},
      whenDurable(tell) {
        durable = tell
      },
    }
    host.hooks.on(userSendPacket, (stanza) => stanza.withMeta(storing, pending), { seq: userSendSeq.archive })
    await desk.send("<message to='juliet@example.net' type='chat'><body>hi</body></message>")
    expect([host.away().length, phone.heard()]).toEqual([1, []])
    durable()
    await settled()
    expect(phone.heard()).toHaveLength(1)
  })

  test('nothing is copied of what is not for them: other kinds, private messages, rooms', async () => {
    const { phone, desk } = await household()
    await phone.send(`<message type='groupchat' to='room@rooms.example.net'>${body}</message>`)
    await phone.send(
      `<message type='chat' to='${romeo}'>${body}<private xmlns='urn:xmpp:carbons:2'/></message>`,
    )
    expect(desk.heard()).toEqual([])
  })
})

describe('what comes for an account', () => {
  test('CARBON-3: a client gets the message or a copy, and nobody both', async () => {
    const { host, phone, desk, plain } = await household()
    const low = await host.connectWithCarbons('juliet@example.com/low', -1)
    await host.arrives(`<message type='chat' from='${romeo}' to='juliet@example.com'>${body}</message>`)
    for (const one of [phone, desk, plain]) {
      expect(one.heard()).toEqual([
        `<message from='${romeo}' to='juliet@example.com' type='chat'>${body}</message>`,
      ])
    }
    expect(low.heard()).toEqual([receivedBy('juliet@example.com/low', inner(romeo, 'juliet@example.com'))])
  })

  test('CARBON-3: what is addressed to one client is copied to the others', async () => {
    const { host, phone, desk, plain } = await household()
    await host.arrives(`<message type='chat' from='${romeo}' to='${plain.jid}'>${body}</message>`)
    expect(plain.heard()).toHaveLength(1)
    for (const one of [phone, desk]) {
      expect(one.heard()).toEqual([receivedBy(`${one.jid}`, inner(romeo, `${plain.jid}`))])
    }
  })

  test('a private message of a room is not copied, an invitation is', async () => {
    const { host, phone, desk } = await household()
    const x = "<x xmlns='http://jabber.org/protocol/muc#user'"
    await host.arrives(
      `<message type='chat' from='room@rooms.example.net/nick' to='${phone.jid}'>${body}${x}/></message>`,
    )
    expect(desk.heard()).toEqual([])
    await host.arrives(
      `<message from='room@rooms.example.net' to='${phone.jid}'>${x}><invite from='a@example.com'/></x></message>`,
    )
    expect(desk.heard()).toHaveLength(1)
  })

  test('CARBON-3: a message to oneself reaches everybody else exactly once', async () => {
    const { phone, desk, plain } = await household()
    await phone.send(`<message type='chat'>${body}</message>`)
    // All three share the highest priority, so RFC 6121 gives each the message itself, the sender included.
    expect([phone, desk, plain].map((one) => one.heard().length)).toEqual([1, 1, 1])
    await phone.send(`<message type='chat' to='${desk.jid}'>${body}</message>`)
    expect([phone, desk, plain].map((one) => one.heard().length)).toEqual([0, 1, 0])
    await plain.send(`<message type='chat' to='${desk.jid}'>${body}</message>`)
    expect(phone.heard()).toEqual([expect.stringContaining("<received xmlns='urn:xmpp:carbons:2'>")])
    expect([desk.heard().length, plain.heard().length]).toEqual([1, 0])
  })

  test('a message between accounts of one server is copied on both sides, each copy once', async () => {
    const { host, phone, desk } = await household()
    const nurse = await host.connectWithCarbons('nurse@example.com/a', 0)
    const other = await host.connectWithCarbons('nurse@example.com/b', -1)
    await phone.send(`<message type='chat' to='nurse@example.com'>${body}</message>`)
    expect([desk, nurse, other].map((one) => one.heard().length)).toEqual([1, 1, 1])
  })

  test('SM-6: one that has the copy does not get the message when its receiver is lost', async () => {
    const { host, phone, desk, plain } = await household()
    plain.stall()
    await host.arrives(`<message type='chat' from='${romeo}' to='${plain.jid}'>${body}</message>`)
    expect([phone.heard().length, desk.heard().length]).toEqual([1, 1])
    await plain.leave()
    expect([phone.heard(), desk.heard()]).toEqual([[], []])
    expect(host.away()).toEqual([])
  })

  test('SM-6 SM-9: one whose copy is under way does not get the message besides; it is for others if the copy fails', async () => {
    const { host, phone, desk: others, plain } = await household()
    for (const client of [phone, others]) await client.leave()
    const stored: string[] = []
    host.hooks.on(offlineMessage, ({ stanza }) => {
      stored.push(stanza.text('body') ?? '')
      return { action: 'stored', stanza }
    })
    const desk = await host.connectWithCarbons('juliet@example.com/desk2', 5)
    desk.stall()
    plain.stall()
    await host.arrives(`<message type='chat' from='${romeo}' to='${plain.jid}'>${body}</message>`)
    await plain.leave()
    expect([desk.unwritten, stored]).toEqual([1, []])
    await desk.leave()
    // Neither took it, and nothing bounced.
    expect([host.away(), stored.length]).toEqual([[], 1])
  })

  test('SM-9: nor does one that had its copy in an earlier session', async () => {
    const { host, phone, desk, plain } = await household()
    plain.stall()
    await host.arrives(`<message type='chat' from='${romeo}' to='${plain.jid}'>${body}</message>`)
    expect([phone.heard().length, desk.heard().length]).toEqual([1, 1])
    for (const client of [phone, desk]) await client.leave()
    const again = await host.connectWithCarbons(phone.jid.toString(), 1)
    await plain.leave()
    expect([again.heard(), host.away()]).toEqual([[], []])
  })

  test('X-CONS: with a copy its account has a message: whoever keeps it need not any more', async () => {
    const { host, phone, plain } = await household()
    const told: string[] = []
    host.hooks.on(receivePacket, (stanza) =>
      stanza.withMeta(inCustody, { delivered: () => void told.push('delivered') }),
    )
    plain.stall()
    phone.stall()
    await host.arrives(`<message type='chat' from='${romeo}' to='${plain.jid}'>${body}</message>`)
    expect(told).toEqual(['delivered'])
    await phone.leave()
    expect(told).toEqual(['delivered'])
  })
})

describe('who gets copies', () => {
  test('CARBON-4: whoever asks, until it says otherwise, asking twice being no error', async () => {
    const { host, plain, phone } = await household()
    for (const id of ['1', '2']) {
      await plain.send(`<iq type='set' id='${id}'><enable xmlns='urn:xmpp:carbons:2'/></iq>`)
      expect(plain.heard()).toEqual([
        `<iq from='juliet@example.com' id='${id}' to='juliet@example.com/plain' type='result'/>`,
      ])
    }
    expect(host.carbons.isEnabled(plain.session)).toBe(true)
    await phone.send(`<message type='chat' to='${romeo}'>${body}</message>`)
    expect(plain.heard()).toHaveLength(1)
    for (const id of ['3', '4']) {
      await plain.send(`<iq type='set' id='${id}'><disable xmlns='urn:xmpp:carbons:2'/></iq>`)
      expect(plain.heard()).toHaveLength(1)
    }
    await phone.send(`<message type='chat' to='${romeo}'>${body}</message>`)
    expect(plain.heard()).toEqual([])
  })

  test('CARBON-4: nobody asks for another account', async () => {
    const { host, phone } = await household()
    await host.connect('nurse@example.com/a')
    for (const name of ['enable', 'disable']) {
      await phone.send(
        `<iq type='set' id='1' to='nurse@example.com'><${name} xmlns='urn:xmpp:carbons:2'/></iq>`,
      )
      expect(phone.heard()).toEqual([expect.stringContaining('<not-allowed')])
    }
  })

  test('a session that is gone is forgotten, and one that never was is not enabled', async () => {
    const { host, phone } = await household()
    await phone.leave()
    expect(host.carbons.isEnabled(phone.session)).toBe(false)
    expect(host.carbons.enable(phone.session)).toBe(false)
    expect(host.carbons.isEnabled(phone.session)).toBe(false)
  })

  test('before presence too, unless told otherwise', async () => {
    for (const [onlyAvailable, copies] of [
      [false, 1],
      [true, 0],
    ] as const) {
      const host = fakeHost({ onlyAvailable })
      const early = await host.connectWithCarbons('juliet@example.com/early')
      const other = await host.connect('juliet@example.com/other', 0)
      await other.send(`<message type='chat' to='${romeo}'>${body}</message>`)
      expect(early.heard()).toHaveLength(copies)
    }
  })
})

describe('forged copies', () => {
  const forged = (kind: string) =>
    `<${kind} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>${inner(romeo, 'juliet@example.com')}</forwarded></${kind}>`

  test.each(['sent', 'received'])(
    'CARBON-5 SEC-17: <%s/> of a client is taken out before it goes anywhere',
    async (kind) => {
      const { host, phone } = await household()
      await phone.send(`<message type='chat' to='${romeo}'>${forged(kind)}${body}${forged(kind)}</message>`)
      expect(host.away()).toEqual([
        `<message from='${phone.jid}' to='${romeo}' type='chat'>${body}</message>`,
      ])
    },
  )

  test.each(['sent', 'received'])(
    'CARBON-5 SEC-17: <%s/> from elsewhere does not reach a client',
    async (kind) => {
      const { host, phone, desk } = await household()
      for (const from of ['tybalt@example.net/x', 'juliet@example.com', 'juliet@example.com/desk']) {
        await host.arrives(`<message type='chat' from='${from}' to='${phone.jid}'>${forged(kind)}</message>`)
        expect(phone.heard()).toEqual([`<message from='${from}' to='${phone.jid}' type='chat'/>`])
      }
      expect(desk.heard().filter((one) => one.includes('tybalt') && one.includes(forged(kind)))).toEqual([])
    },
  )
})

test('the original travels byte for byte, and can be decoded', async () => {
  const { phone, plain } = await household()
  const content = "<body>&lt;caf\u00e9&gt; \u{1f339}</body><q:x xmlns:q='urn:q'><q:y/></q:x>"
  await plain.send(`<message type='chat' to='${romeo}' xml:lang='it'>${content}</message>`)
  const [copy] = phone.stanzas()
  const original = copy?.raw.child('sent', NS.carbons)?.child('forwarded', NS.forward)
  expect(original && forwarded.decode(original.toElement()).stanza.text('body')).toBe('<caf\u00e9> \u{1f339}')
})

test('when it ends nothing is copied any more', async () => {
  const { host, phone, desk } = await household()
  await host.carbons.close()
  await phone.send(`<message type='chat' to='${romeo}'>${body}</message>`)
  await host.arrives(`<message type='chat' from='${romeo}' to='${phone.jid}'>${body}</message>`)
  expect([phone.heard().length, desk.heard().length]).toEqual([1, 0])
})
