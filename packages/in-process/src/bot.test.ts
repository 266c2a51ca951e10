import { checkRegisterUser } from '@xmppkit/auth'
import { delivered, selfPresence, userReceivePacket, userSendPacket } from '@xmppkit/c2s'
import { drop } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import { offlineMessage, presenceSet, sessionOpened } from '@xmppkit/sessions'
import { attr, defineIq, element, int, StanzaError, StreamError, string, text } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import type { BotMessage } from './bot.js'
import { fakeHost, read, settled } from './fake-host.js'

const helper = 'helper@example.org'
const juliet = 'juliet@example.org/balcony'
const says = (body: string, from = juliet, to = helper) =>
  `<message from='${from}' to='${to}' type='chat' id='${body}'><body>${body}</body></message>`

describe('a bot is a user like others', () => {
  test('in the registry, with presence and priority, several resources at a time', async () => {
    const host = fakeHost()
    const spread: string[] = []
    host.hooks.on(selfPresence, ({ session, stanza }) => void spread.push(`${session.jid} ${stanza.type}`))
    const one = await host.inProcess.bot(`${helper}/one`, { presence: { priority: 5, show: 'chat' } })
    const two = await host.inProcess.bot(helper, { presence: false })
    const seen = () =>
      host.sessions
        .resources(parseJid(helper).bare)
        .map(({ jid, priority, info }) => [jid.resource, priority, info.transport])
    expect(seen()).toEqual([
      ['one', 5, 'in-process'],
      [two.jid.resource, undefined, 'in-process'],
    ])
    await two.setPresence({ priority: -1 })
    await one.setPresence(false)
    expect(seen().map(([, priority]) => priority)).toEqual([undefined, -1])
    expect(spread).toEqual([`${helper}/one available`, `${two.jid} available`, `${helper}/one unavailable`])
    await Promise.all([one.close(), two.close(), two.close()])
    expect(seen()).toEqual([])
    expect(await one.ended).toBe('closed')
  })

  test('it answers in the tone it was spoken to', async () => {
    const host = fakeHost()
    const client = await host.connect(juliet)
    await host.inProcess.bot(`${helper}/main`, {
      onMessage: async (message) => {
        expect(await message.reply(`${message.body}!`)).toEqual({
          status: 'delivered',
          id: expect.any(String),
        })
      },
    })
    await host.arrives(
      `<message from='${juliet}' to='${helper}' type='chat' id='m'><body>hey</body><thread>t</thread></message>`,
    )
    await settled()
    expect(client.heard()).toEqual([
      expect.stringMatching(
        /^<message from='helper@example.org\/main' id='id\d+' to='juliet@example.org\/balcony' type='chat'><body[^>]*>hey!<\/body><thread[^>]*>t<\/thread><\/message>$/,
      ),
    ])
  })

  test('what it sends is refused like anybody’s', async () => {
    const host = fakeHost()
    host.inProcess.onMessage((message) => message.reject('quiet'))
    const bot = await host.inProcess.bot(helper, {})
    const outcome = await bot.send({ to: juliet, body: 'x' })
    expect(outcome).toMatchObject({ status: 'rejected', error: { condition: 'policy-violation' } })
    await bot.close()
    await expect(bot.send({ to: juliet })).rejects.toMatchObject({ code: 'in-process/closed' })
  })

  test('E-12: it answers requests, asks others, and refuses what it does not know', async () => {
    const host = fakeHost()
    const roll = defineIq({
      type: 'get',
      request: element('roll', 'urn:example:dice', { sides: attr('sides', int) }),
      result: text('rolled', 'urn:example:dice', string),
    })
    const dealer = await host.inProcess.bot('dealer@example.org/d', {})
    dealer.handle(roll, ({ payload }) => `1 of ${payload.sides}`)
    const player = await host.inProcess.bot('player@example.org/p', {})
    expect(await player.request(roll, dealer.jid, { sides: 6 })).toBe('1 of 6')
    await expect(dealer.request(roll, player.jid, { sides: 6 })).rejects.toMatchObject({
      condition: 'service-unavailable',
    })
  })

  test('it can accept contacts, and see presence', async () => {
    const host = fakeHost()
    const seen: string[] = []
    const bot = await host.inProcess.bot(helper, {
      acceptsContacts: true,
      onPresence: (stanza) => void seen.push(`${stanza.type} ${stanza.from}`),
    })
    await host.sessions.deliverTo(
      host.sessions.resources(bot.account)[0]!.sid,
      read(`<presence type='subscribe' from='a@away.example' to='${helper}'/>`),
    )
    await settled()
    expect(host.away()).toEqual([`<presence from='${helper}' to='a@away.example' type='subscribed'/>`])
    expect(seen).toEqual(['subscribe a@away.example'])
  })

  test('it ends when an administrator says so, and its name is nobody else’s while it is there', async () => {
    const host = fakeHost()
    const bot = await host.inProcess.bot(helper, {})
    const register = (remoteAddress?: string) =>
      host.hooks.fold(checkRegisterUser, true, {
        account: bot.account,
        password: 'x',
        ...(remoteAddress !== undefined && { remoteAddress }),
      })
    expect([register('192.0.2.1'), register()]).toEqual([false, true])
    await host.sessions.kick(bot.jid, new StreamError('policy-violation'))
    expect(await bot.ended).toBe('policy-violation (server)')
    expect(register('192.0.2.1')).toBe(true)
    await bot.close()
  })

  test('L-1: so many, and only at home', async () => {
    const host = fakeHost({ maxBots: 1 })
    await expect(host.inProcess.bot('a@away.example', {})).rejects.toMatchObject({
      code: 'in-process/unknown-account',
    })
    const bot = await host.inProcess.bot(helper, {})
    await expect(host.inProcess.bot('b@example.org', {})).rejects.toMatchObject({ code: 'in-process/limit' })
    await host.inProcess.close()
    expect(await bot.ended).toBe('closed')
    expect(host.sessions.count()).toBe(0)
  })
})

/** A bot whose handler goes on when the test says so. */
async function slow(options: Parameters<typeof fakeHost>[0] = {}) {
  const host = fakeHost(options)
  const begun: string[] = []
  const open = new Map<string, (error?: unknown) => void>()
  const bot = await host.inProcess.bot(`${helper}/main`, {
    onMessage: (message: BotMessage) =>
      new Promise<void>((resolve, reject) => {
        begun.push(message.body ?? '')
        open.set(message.body ?? '', (error) => (error === undefined ? resolve() : reject(error)))
      }),
  })
  const end = async (body: string, error?: unknown) => {
    open.get(body)?.(error)
    await settled()
  }
  return { host, bot, begun, end }
}

describe('its inbox', () => {
  test('M-7: in order for each sender, several senders at a time', async () => {
    const { host, bot, begun, end } = await slow({ concurrency: 2 })
    for (const body of ['a1', 'a2']) await host.arrives(says(body, 'a@away.example/x'))
    for (const body of ['b1', 'b2']) await host.arrives(says(body, 'b@away.example/x'))
    await host.arrives(says('c1', 'c@away.example/x'))
    expect(begun).toEqual(['a1', 'b1'])
    expect(bot.waiting).toBe(5)
    await end('b1')
    expect(begun).toEqual(['a1', 'b1', 'b2'])
    await end('a1')
    await end('a2')
    expect(begun).toEqual(['a1', 'b1', 'b2', 'a2', 'c1'])
  })

  test('a message has arrived when it has been dealt with', async () => {
    const { host, end } = await slow()
    const arrived: string[] = []
    host.hooks.on(delivered, ({ stanza }) => void arrived.push(stanza.id ?? ''))
    await host.arrives(says('1'))
    expect(arrived).toEqual([])
    await end('1')
    expect(arrived).toEqual(['1'])
  })

  test('L-1: senders wait for room, so many and so long', async () => {
    const { host, end, begun } = await slow({ maxInbox: 1, maxWaitingSenders: 1, roomTimeoutMs: 100 })
    const from = (name: string) => host.arrives(says(name, `${name}@away.example`))
    await from('a')
    let taken = false
    const waits = from('b').then(() => {
      taken = true
    })
    await settled()
    expect(taken).toBe(false)
    await from('c')
    expect(host.away()).toEqual([expect.stringContaining('resource-constraint')])
    await end('a')
    await waits
    expect(begun).toEqual(['a', 'b'])
    const late = from('d')
    await settled()
    await host.clock.advance(100)
    await late
    expect(host.away()).toEqual([expect.stringMatching(/to='d@away.example'.*resource-constraint/)])
    expect(host.clock.timers).toBe(1) // the handler's own
  })

  test('L-1: one place that gets free is for one of those who wait', async () => {
    const { host, bot, end, begun } = await slow({ maxInbox: 2 })
    const from = (name: string) => host.arrives(says(name, `${name}@away.example`))
    await from('a')
    await from('b')
    const waits = ['c', 'd', 'e'].map(from)
    await settled()
    await end('a')
    expect(begun).toEqual(['a', 'b', 'c'])
    expect(bot.waiting).toBe(2)
    await end('b')
    await end('c')
    await Promise.all(waits)
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e'])
    await end('d')
    await end('e')
    expect(bot.waiting).toBe(0)
  })

  test('L-1: a place that is not taken is for the next', async () => {
    const { host, end, begun } = await slow({ maxInbox: 1 })
    host.hooks.on(userReceivePacket, (stanza) => (stanza.text('body') === 'b' ? drop : stanza))
    const from = (name: string) => host.arrives(says(name, `${name}@away.example`))
    await from('a')
    const waits = ['b', 'c'].map(from)
    await settled()
    await end('a')
    await Promise.all(waits)
    expect(begun).toEqual(['a', 'c'])
  })

  test('what it throws is the answer; what it did not mean to throw is logged', async () => {
    const { host, end } = await slow()
    await host.arrives(says('1', 'a@away.example'))
    await end('1', new StanzaError('not-acceptable', { text: 'What?' }))
    expect(host.away()).toEqual([expect.stringContaining('not-acceptable')])
    await host.arrives(says('2', 'a@away.example'))
    await end('2', new Error('secret'))
    const [answer] = host.away()
    expect(answer).toContain('internal-server-error')
    expect(answer).not.toContain('secret')
    expect(host.logged.map(([message]) => message)).toEqual(['a bot failed'])
  })

  test('what takes too long does not hold up what follows', async () => {
    const { host, begun, end } = await slow({ handlerTimeoutMs: 1000 })
    await host.arrives(says('1', 'a@away.example'))
    await host.arrives(says('2', 'a@away.example'))
    await host.clock.advance(1000)
    expect(begun).toEqual(['1', '2'])
    expect(host.away()).toEqual([expect.stringContaining('internal-server-error')])
    await end('1')
    await end('2')
    expect(begun).toEqual(['1', '2'])
  })

  test('a bot that says it is away while it asks for what was stored stays away', async () => {
    const { host, bot, end } = await slow({ maxInbox: 1, maxWaitingSenders: 0 })
    host.hooks.on(offlineMessage, (value) => ({ ...value, action: 'stored' }))
    let goOn = () => {}
    const gate = new Promise<void>((resolve) => {
      goOn = resolve
    })
    await host.arrives(says('1'))
    await host.arrives(says('2', 'a@away.example/x'))
    host.hooks.on(presenceSet, ({ session }) => (session.priority === -1 ? gate : undefined))
    await end('1')
    await bot.setPresence(false)
    goOn()
    await settled()
    expect(host.sessions.resources(bot.account).map(({ priority }) => priority)).toEqual([undefined])
  })

  test('X-CONS: what it has not begun when it leaves finds another way, in order', async () => {
    const { host, bot, begun, end } = await slow({ maxInbox: 2 })
    const stored: string[] = []
    host.hooks.on(offlineMessage, (value) => {
      stored.push(value.stanza.id ?? '')
      return { ...value, action: 'stored' }
    })
    await host.arrives(says('1'))
    await host.arrives(says('2'))
    const third = host.arrives(says('3', 'a@away.example'))
    await settled()
    const closing = bot.close()
    await settled()
    expect(host.sessions.count()).toBe(1)
    await end('1')
    await Promise.all([closing, third])
    expect(begun).toEqual(['1'])
    expect(stored).toEqual(['2', '3'])
  })
})

describe('a bot that does not come about leaves nothing behind', () => {
  const account = parseJid(helper).bare

  test('because its presence is refused', async () => {
    const host = fakeHost()
    host.hooks.on(userSendPacket, () => {
      throw new StanzaError('not-allowed')
    })
    await expect(host.inProcess.bot(helper, {})).rejects.toMatchObject({ condition: 'not-allowed' })
    expect(host.sessions.resources(account)).toEqual([])
  })

  test('because everything ends while it is opened', async () => {
    const host = fakeHost()
    let goOn = () => {}
    const gate = new Promise<void>((resolve) => {
      goOn = resolve
    })
    host.hooks.on(sessionOpened, () => gate)
    const opening = host.inProcess.bot(helper, {})
    await settled()
    const closing = host.inProcess.close()
    goOn()
    await closing
    expect(host.sessions.resources(account)).toEqual([])
    expect(await (await opening).ended).toBe('closed')
    await expect(host.inProcess.bot(helper, {})).rejects.toMatchObject({ code: 'in-process/closed' })
  })

  test('because it is ended while it is opened: nobody hears that it is there', async () => {
    const host = fakeHost()
    const told: string[] = []
    host.hooks.on(selfPresence, ({ stanza }) => void told.push(stanza.type))
    let goOn = () => {}
    const gate = new Promise<void>((resolve) => {
      goOn = resolve
    })
    host.hooks.on(sessionOpened, () => gate)
    const opening = host.inProcess.bot(helper, {})
    await settled()
    await host.sessions.kick(account, new StreamError('policy-violation'))
    goOn()
    expect(await (await opening).ended).toContain('policy-violation')
    expect(told).toEqual([])
  })

  test('and there are no more than there may be, also if all are opened at once', async () => {
    const host = fakeHost({ maxBots: 1 })
    const opening = await Promise.allSettled([host.inProcess.bot(helper, {}), host.inProcess.bot(helper, {})])
    expect(opening.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(host.sessions.resources(account)).toHaveLength(1)
  })
})
