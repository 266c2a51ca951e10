import { createAccess } from '@xmppkit/access'
import { createHooks, isDrop } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import type { Logger } from '@xmppkit/runtime'
import { receivePacket, resourceVisible, type SessionRecord } from '@xmppkit/sessions'
import { isStanzaError, readStanza } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { createBlockStrangers } from './block-strangers.js'
import type { BlockStrangersOptions } from './block-strangers-options.js'
import type { KnownContact } from './ports.js'

const known = (one: Partial<KnownContact>): KnownContact => ({
  subscription: 'none',
  listed: false,
  approved: false,
  ...one,
})
const roster: Record<string, KnownContact> = {
  'friend@example.net': known({ subscription: 'both', listed: true }),
  'added@example.net': known({ listed: true }),
  'approved@example.net': known({ approved: true }),
  'asked@example.net': known({}),
  'gateway.example.net': known({ subscription: 'from' }),
}

function scene(options: BlockStrangersOptions = {}, rosterFails = false) {
  const logged: unknown[] = []
  const logger: Logger = {
    debug() {},
    info: (_message, fields) => void logged.push(fields),
    warn() {},
    error() {},
    child: () => logger,
  }
  const hooks = createHooks({
    onError: (error) => {
      throw error
    },
  })
  // She has entered a room.
  hooks.on(resourceVisible, (_visible, { stanza }) => stanza.from?.domain === 'rooms.example.net')
  const session = { sid: '1' } as SessionRecord
  let asked = 0
  const strangers = createBlockStrangers(
    {
      hooks,
      sessions: { resources: () => [session] },
      contacts: {
        async item(_account, contact) {
          asked += 1
          if (rosterFails) throw new Error('no disk')
          return roster[contact.toString()]
        },
      },
      isLocal: (domain) => domain === 'example.com',
      access: createAccess({
        acls: { partners: { server: 'partner.example' } },
        accessRules: { partners: [{ allow: 'partners' }] },
      }),
      logger,
    },
    options,
  )
  return {
    strangers,
    logged,
    asked: () => asked,
    async outcome(from: string, xml = "<message type='chat'><body>x</body></message>") {
      const stanza = readStanza(parseElement(xml.replace(/[ />]/, (end) => ` xmlns="jabber:client"${end}`)))
      try {
        const end = await hooks.fold(
          receivePacket,
          stanza.with({ from: parseJid(from), to: parseJid('juliet@example.com/phone') }),
        )
        return isDrop(end) ? 'dropped' : 'passed'
      } catch (error) {
        return isStanzaError(error) ? error.condition : String(error)
      }
    },
  }
}

describe('messages', () => {
  test.each([
    ['friend@example.net/x', 'passed'],
    ['added@example.net/x', 'passed'],
    ['approved@example.net/x', 'passed'],
    ['asked@example.net/x', 'service-unavailable'],
    ['stranger@example.net/x', 'service-unavailable'],
    ['anybody@gateway.example.net', 'passed'],
    ['room@rooms.example.net/nick', 'passed'],
    ['nurse@example.com/x', 'passed'],
    ['juliet@example.com/desk', 'passed'],
    ['example.com', 'passed'],
    ['example.net', 'service-unavailable'],
  ])('BLOCK-7 SEC-34 M-8: of %s: %s', async (from, outcome) => {
    expect(await scene().outcome(from)).toBe(outcome)
  })

  test.each([
    "<message type='error'><body>x</body><error type='cancel'/></message>",
    "<message type='groupchat'><body>x</body></message>",
    "<message type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<presence type='subscribe'/>",
    '<presence/>',
    "<iq type='get' id='1'><query xmlns='urn:q'/></iq>",
  ])('BLOCK-7: what says nothing passes, and costs no look at the roster: %s', async (xml) => {
    const { outcome, asked } = scene()
    expect([await outcome('stranger@example.net/x', xml), asked()]).toEqual(['passed', 0])
  })

  test('a subject is something to say', async () => {
    expect(await scene().outcome('stranger@example.net/x', '<message><subject>x</subject></message>')).toBe(
      'service-unavailable',
    )
  })

  test('nothing passes while the roster cannot be read', async () => {
    expect(await scene({}, true).outcome('friend@example.net/x')).toBe('Error: no disk')
  })
})

describe('options', () => {
  test('blockMessages: subscriptions alone may be kept out', async () => {
    const { outcome } = scene({ blockMessages: false, blockSubscriptions: true })
    expect(await outcome('stranger@example.net/x')).toBe('passed')
    for (const [from, end] of [
      ['stranger@example.net', 'dropped'],
      ['friend@example.net', 'passed'],
    ] as const) {
      expect(await outcome(from, "<presence type='subscribe'/>")).toBe(end)
    }
    expect(await outcome('stranger@example.net', "<presence type='unsubscribed'/>")).toBe('passed')
  })

  test('allowLocalUsers and allowTransports make some strangers', async () => {
    const { outcome } = scene({ allowLocalUsers: false, allowTransports: false })
    for (const from of ['nurse@example.com/x', 'anybody@gateway.example.net']) {
      expect(await outcome(from)).toBe('service-unavailable')
    }
    expect([await outcome('juliet@example.com/desk'), await outcome('example.com')]).toEqual([
      'passed',
      'passed',
    ])
  })

  test('access: a rule says who is none, and a rule there is not is a mistake', async () => {
    expect(await scene({ access: 'partners' }).outcome('anybody@partner.example/x')).toBe('passed')
    expect(() => scene({ access: 'unheard-of' })).toThrow(/no access rule "unheard-of"/)
  })

  test('tellStrangers and log', async () => {
    const { outcome, logged } = scene({ tellStrangers: true, log: true })
    expect(await outcome('stranger@example.net/x')).toBe('policy-violation')
    expect(logged).toEqual([{ from: 'stranger@example.net/x', to: 'juliet@example.com' }])
  })
})

test('when it ends strangers are let in', async () => {
  const { strangers, outcome } = scene()
  await strangers.close()
  expect(await outcome('stranger@example.net/x')).toBe('passed')
})
