import { removeUser } from '@xmppkit/auth'
import { messageHeld } from '@xmppkit/c2s'
import { parseJid } from '@xmppkit/jid'
import { archivedAs, late, offlineMessage } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { createMemoryPushStore } from './memory-store.js'
import type { PushNotification } from './ports.js'
import { juliet, messageOf, pushScene, settled } from './push-scene.js'

const account = parseJid(juliet).bare
const phone = `${juliet}/phone`
const enable = (rest: string, content = '') => `<enable xmlns='urn:xmpp:push:0' ${rest}>${content}</enable>`
const form = (formType: string, type = 'submit', fill = 'x') =>
  `<x xmlns='jabber:x:data' type='${type}'><field var='FORM_TYPE'><value>${formType}</value></field><field var='secret'><value>${fill}</value></field></x>`
const publishOptions = 'http://jabber.org/protocol/pubsub#publish-options'
const toText = ({ registration, summary }: PushNotification) =>
  `${registration.service} ${registration.node}: ${summary.kind} ${summary.messageCount}`

describe('XEP-0357 §5: who is to be notified', () => {
  test('PUSH-1: a client registers, renews what it registered, and stops', async () => {
    const { ask, store } = pushScene()
    expect(await ask(phone, enable("jid='push.example' node='a'"))).toBe('done')
    expect(await ask(phone, enable("jid='push.example' node='b'"))).toBe('done')
    expect(await ask(phone, enable("jid='push.example' node='a'", form(publishOptions)))).toBe('done')
    const all = await store.list(account)
    expect(all.map(({ service, node, client }) => [service, node, client])).toEqual([
      ['push.example', 'b', 'phone'],
      ['push.example', 'a', 'phone'],
    ])
    expect(all[1]?.options).toContain('secret')
    expect(await ask(phone, "<disable xmlns='urn:xmpp:push:0' jid='push.example' node='b'/>")).toBe('done')
    expect((await store.list(account)).map(({ node }) => node)).toEqual(['a'])
    expect(await ask(phone, "<disable xmlns='urn:xmpp:push:0' jid='push.example'/>")).toBe('done')
    expect(await store.list(account)).toEqual([])
    expect(await ask(phone, "<disable xmlns='urn:xmpp:push:0' jid='push.example'/>")).toBe('done')
  })

  test.each([
    ['no service', enable("node='a'"), 'bad-request'],
    ['a service that is no address', enable("jid='@' node='a'"), 'bad-request'],
    ['a node that is too long', enable(`jid='push.example' node='${'x'.repeat(1024)}'`), 'bad-request'],
    ['another form', enable("jid='push.example' node='a'", form('urn:example')), 'bad-request'],
    ['a form to fill in', enable("jid='push.example' node='a'", form(publishOptions, 'form')), 'bad-request'],
    ['two forms', enable("jid='push.example'", form(publishOptions).repeat(2)), 'bad-request'],
    [
      'a form that is too large',
      enable("jid='push.example'", form(publishOptions, 'submit', 'x'.repeat(5000))),
      'policy-violation',
    ],
    ['what else', "<disable xmlns='urn:xmpp:push:0'/>", 'bad-request'],
  ])('SEC-33: %s is refused without repeating it', async (_, payload, condition) => {
    const { ask, store } = pushScene()
    expect(await ask(phone, payload)).toBe(condition)
    expect(await store.list(account)).toEqual([])
  })

  test('L-6 SEC-16: nobody registers for somebody else, and there is no telling who exists', async () => {
    const { ask, store } = pushScene()
    for (const to of [juliet, 'nobody@example.com']) {
      expect(await ask('romeo@example.net/orchard', enable("jid='push.example' node='a'"), to)).toBe(
        'forbidden',
      )
      expect(
        await ask('romeo@example.net/orchard', "<disable xmlns='urn:xmpp:push:0' jid='push.example'/>", to),
      ).toBe('forbidden')
    }
    expect(await store.list(account)).toEqual([])
  })

  test('L-1: of too many the oldest goes', async () => {
    const { enable: register, clock, store } = pushScene({ options: { maxRegistrations: 2 } })
    for (const node of ['a', 'b', 'c']) {
      await register(node)
      await clock.advance(1)
    }
    expect((await store.list(account)).map(({ node }) => node)).toEqual(['b', 'c'])
  })

  test('SEC-25: registrations go with the account, and what waits for it too', async () => {
    const { enable: register, hooks, store, away, sent, push } = pushScene()
    await register()
    await hooks.run(removeUser, { account, id: '1' })
    expect(await store.list(account)).toEqual([])
    await away()
    expect([sent.length, push.stats().sent]).toEqual([0, 0])
  })
})

describe('XEP-0357 §7: when somebody is notified', () => {
  test('PUSH-2 OFF-1: of a message that was stored, once on each device', async () => {
    const { enable: register, away, sent, clock } = pushScene()
    await register('phone')
    await register('tablet', `${juliet}/tablet`)
    await away()
    await clock.advance(60_000)
    expect(sent.map(toText).sort()).toEqual([
      'push.example phone: message 1',
      'push.example tablet: message 1',
    ])
    expect(sent[0]?.account.toString()).toBe(juliet)
  })

  test('PUSH-2: not of what was refused, is not worth it, or has nobody registered', async () => {
    const { enable: register, away, sent, push } = pushScene()
    await register()
    await away('<body>x</body>', { action: 'bounce' })
    await away("<composing xmlns='http://jabber.org/protocol/chatstates'/>")
    await away('<body>x</body>', { to: 'romeo@example.com' })
    expect(sent).toEqual([])
    expect(push.stats()).toEqual({ sent: 0, failed: 0, coalesced: 0, dropped: 0, removed: 0, waiting: 1 })
  })

  test('PUSH-2: of a message held for a client that sleeps: itself and those that are not there', async () => {
    const { enable: register, hooks, connect, sent } = pushScene()
    const session = connect(phone)
    connect(`${juliet}/laptop`)
    await register('phone')
    await register('laptop', `${juliet}/laptop`)
    await register('old tablet', `${juliet}/tablet`)
    await hooks.run(messageHeld, { session, stanza: messageOf('<body>hi</body>') })
    await hooks.run(messageHeld, { session, stanza: messageOf('<subject>hi</subject>') })
    await settled()
    expect(sent.map(toText)).toEqual(['push.example phone: message 1', 'push.example old tablet: message 1'])
  })

  test('SM-9: once of a held message, though it is stored when its session has ended', async () => {
    const { enable: register, hooks, connect, sent, clock } = pushScene()
    const session = connect(phone)
    await register('phone')
    const stored = async (stanza: Stanza) => {
      await clock.advance(60_000)
      await hooks.fold(offlineMessage, { action: 'stored', stanza })
      await settled()
      return sent.splice(0).map(toText)
    }
    const named = messageOf('<body>hi</body>').with({ id: '1' })
    const archived = messageOf('<body>hi</body>').withMeta(archivedAs, { by: account, id: 'a1' })
    for (const stanza of [named, archived, messageOf('<body>nameless</body>')])
      await hooks.run(messageHeld, { session, stanza })
    await clock.advance(60_000)
    await settled()
    expect(sent.splice(0).map(toText)).toEqual([
      'push.example phone: message 1',
      'push.example phone: message 2',
    ])
    // As it is given back: it says when it came.
    expect(await stored(late(named, clock.now()))).toEqual([])
    expect(await stored(late(archived, clock.now()))).toEqual([])
    // Once; and what has no name is like no other.
    expect(await stored(named)).toEqual(['push.example phone: message 1'])
    expect(await stored(messageOf('<body>nameless</body>'))).toEqual(['push.example phone: message 1'])
  })

  test('what comes in quick succession becomes one; the next one waits for the pause to end', async () => {
    const { enable: register, away, sent, clock, push } = pushScene({ options: { minIntervalMs: 1000 } })
    await register()
    await away()
    await clock.advance(999)
    for (let n = 0; n < 5; n += 1) await away()
    await away("<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>")
    await away()
    expect(sent.map(toText)).toEqual(['push.example token: message 1'])
    await clock.advance(1)
    await settled()
    expect(sent.map(toText).slice(1)).toEqual(['push.example token: call 7'])
    expect(push.stats()).toMatchObject({ sent: 2, coalesced: 6, waiting: 1 })
    await clock.advance(1000)
    expect(push.stats().waiting).toBe(0)
    await push.close()
    expect(clock.timers).toBe(0)
  })

  test('how many wait is told by who stores them; if that fails, how many this is about', async () => {
    let fails = false
    const waiting = () => (fails ? Promise.reject(new Error('disk full')) : Promise.resolve(7))
    const { enable: register, away, sent, clock } = pushScene({ waiting })
    await register()
    await away()
    await clock.advance(1000)
    fails = true
    await away()
    expect(sent.map(({ summary }) => summary.messageCount)).toEqual([7, 1])
  })

  test('PUSH-4 SEC-37: neither sender nor text is told unless the options say so', async () => {
    const quiet = pushScene({ options: { includeCount: false } })
    await quiet.enable()
    await quiet.away('<body>secret</body>')
    expect(quiet.sent.map(({ summary }) => summary)).toEqual([{ kind: 'message' }])

    const options = { includeSender: true, includeBody: true, maxBodyLength: 5 }
    const chatty = pushScene({ options })
    await chatty.enable()
    await chatty.away('<body>abcd\u{1F600}f</body>')
    expect(chatty.sent.map(({ summary }) => ({ ...summary, sender: String(summary.sender) }))).toEqual([
      { kind: 'message', messageCount: 1, sender: 'romeo@example.net/orchard', body: 'abcd' },
    ])
    expect([...quiet.logged, ...chatty.logged].join('')).not.toContain('secret')
  })
})

describe('a sender', () => {
  const never = new Promise<never>(() => {})

  test('that is slow keeps no message waiting, and further accounts are dropped and counted', async () => {
    const signals: AbortSignal[] = []
    const sender = {
      send({ signal }: PushNotification) {
        signals.push(signal)
        return never
      },
    }
    const scene = pushScene({ sender, options: { concurrency: 1, maxWaiting: 2, sendTimeoutMs: 5000 } })
    const people = ['a', 'b', 'c', 'd'].map((name) => `${name}@example.com`)
    for (const who of people) {
      await scene.ask(`${who}/phone`, enable("jid='push.example' node='t'"), who)
      await scene.away('<body>hi</body>', { to: who })
    }
    expect(signals).toHaveLength(1)
    expect(scene.push.stats()).toMatchObject({ dropped: 2, waiting: 2, failed: 0 })
    expect(scene.logged.filter((line) => line.includes('were dropped'))).toHaveLength(1)

    // Time is up for the first, and the next one has its turn.
    await scene.clock.advance(5000)
    await settled()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    expect(scene.push.stats().failed).toBe(1)

    await scene.push.close()
    expect(signals[1]?.aborted).toBe(true)
    expect(scene.push.notify(account, messageOf('<body>x</body>'))).toBe('dropped')
    expect(scene.clock.timers).toBe(0)
  })

  test('PUSH-3: that says a device is gone has it removed, and no other', async () => {
    const sender = {
      send: async ({ registration }: PushNotification) =>
        registration.node === 'gone' ? ('gone' as const) : ('sent' as const),
    }
    const { enable: register, away, store, push } = pushScene({ sender })
    await register('gone')
    await register('here')
    await away()
    expect((await store.list(account)).map(({ node }) => node)).toEqual(['here'])
    expect(push.stats()).toMatchObject({ sent: 1, removed: 1, failed: 0 })
  })

  test('PUSH-3: that fails too often in a row has the device removed; a success in between starts anew', async () => {
    let works = false
    const sender = {
      async send() {
        if (!works) throw new Error('APNs is down')
        return 'sent' as const
      },
    }
    const {
      enable: register,
      away,
      store,
      push,
      clock,
      logged,
    } = pushScene({ sender, options: { maxFailures: 3 } })
    await register()
    const again = async (times: number) => {
      for (let n = 0; n < times; n += 1) {
        await away()
        await clock.advance(1000)
      }
    }
    await again(2)
    works = true
    await again(1)
    works = false
    await again(2)
    expect(await store.list(account)).toHaveLength(1)
    await again(1)
    expect(await store.list(account)).toEqual([])
    expect(push.stats()).toMatchObject({ sent: 1, failed: 5, removed: 1 })
    expect(logged.join()).toContain('too many failures')
  })

  test.each(['gone', 'failing'])(
    'PUSH-3: of one that is %s, a registration that was renewed meanwhile stays',
    async (how) => {
      let answer = () => {}
      const sender = {
        async send() {
          await new Promise<void>((resolve) => {
            answer = resolve
          })
          if (how === 'failing') throw new Error('APNs is down')
          return 'gone' as const
        },
      }
      const {
        enable: register,
        away,
        store,
        push,
        clock,
      } = pushScene({ sender, options: { maxFailures: 1 } })
      await register('a')
      await away()
      await clock.advance(1000)
      await register('a')
      answer()
      await settled()
      expect(await store.list(account)).toMatchObject([{ node: 'a', enabledAt: clock.now() }])
      expect(push.stats().removed).toBe(0)
      await away()
      await clock.advance(1000)
      answer()
      await settled()
      expect(await store.list(account)).toEqual([])
      expect(push.stats().removed).toBe(1)
    },
  )

  test('chooses what it sends', async () => {
    const seen: string[] = []
    const {
      away,
      enable: register,
      push,
    } = pushScene({
      sender: {
        accepts: ({ node }) => node === 'mine',
        async send({ registration }) {
          seen.push(registration.node)
          return 'sent'
        },
      },
    })
    await register('mine')
    await register('yours')
    await away()
    expect(seen).toEqual(['mine'])
    expect(push.stats().failed).toBe(0)
  })
})

test('a store that fails costs a notification, not a message', async () => {
  const store = { ...createMemoryPushStore(), list: () => Promise.reject(new Error('disk full')) }
  const { away, logged, sent } = pushScene({ store })
  await away()
  expect(sent).toEqual([])
  expect(logged.join()).toContain('nobody could be notified')
})
