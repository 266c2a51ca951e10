import { type C2sSession, userSendPacket } from '@xmppkit/c2s'
import { parseJid } from '@xmppkit/jid'
import { isXmppkitError } from '@xmppkit/runtime'
import { message, presence } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { alice, inboxScene, settled } from './inbox-scene.js'
import type { InboxStore } from './ports.js'
import { conversationRead } from './tokens.js'

const displayed = (id: string, to = 'bob@example.net', type = 'chat') =>
  `<message to='${to}' type='${type}'><displayed xmlns='urn:xmpp:chat-markers:0' id='${id}'/></message>`

/** Alice with two unread messages of bob's, one of carol's, and an answer to dave. */
async function scene(setup: Parameters<typeof inboxScene>[0] = {}) {
  const place = inboxScene(setup)
  place.archives('m1')
  place.archives('m2', { with: 'dave' })
  place.archives('m3', { with: 'carol' })
  place.archives('m4')
  place.archives('m5', { with: 'dave', direction: 'sent' })
  return { ...place, phone: await place.connect('phone') }
}

describe('what a client is told', () => {
  test('INBOX-1: every conversation, the latest first, then the totals', async () => {
    const { phone } = await scene()
    expect(await phone.ask()).toEqual({
      entries: ['dave 0 m5 m5', 'bob 2 m4 m4', 'carol 1 m3 m3'],
      answer: '3/2/3 0 m5 m3 3',
    })
  })

  test('INBOX-1: entries are written as the XEP does', async () => {
    const { phone, clock } = await scene()
    await phone.send("<iq type='get' id='q7'><inbox xmlns='urn:xmpp:inbox:1' unread-only='1'/></iq>")
    const [first, , fin] = phone.heard().map((stanza) => String(stanza.element))
    const stamp = new Date(clock.now()).toISOString().replace('.000', '')
    expect(first).toBe(
      '<message xmlns="jabber:client" to="alice@example.com/phone" from="alice@example.com">' +
        '<entry xmlns="urn:xmpp:inbox:1" unread="2" jid="bob@example.net" id="m4"/>' +
        '<result xmlns="urn:xmpp:mam:2" queryid="q7" id="m4"><forwarded xmlns="urn:xmpp:forward:0">' +
        `<delay xmlns="urn:xmpp:delay" stamp="${stamp}"/>` +
        '<message xmlns="jabber:client"><body>m4</body></message></forwarded></result></message>',
    )
    expect(fin).toContain('<fin xmlns="urn:xmpp:inbox:1" total="3" unread="2" all-unread="3">')
  })

  test('INBOX-1: what nobody reads is the newest of a conversation, and not its last message', async () => {
    const { archives, phone } = await scene()
    archives('receipt', { instant: false })
    archives('call', { with: 'eve', instant: false })
    expect((await phone.ask()).entries).toEqual([
      'eve 0 call nothing',
      'dave 0 m5 m5',
      'bob 2 receipt m4',
      'carol 1 m3 m3',
    ])
  })

  test('INBOX-2: only conversations with unread messages, without messages, or both', async () => {
    const { phone } = await scene()
    const unreadOnly = await phone.ask("unread-only='true'")
    expect(unreadOnly).toEqual({ entries: ['bob 2 m4 m4', 'carol 1 m3 m3'], answer: '3/2/3 0 m4 m3 2' })
    const short = await phone.ask("unread-only='true' messages='false'")
    expect(short.entries).toEqual(['bob 2 m4 nothing', 'carol 1 m3 nothing'])
  })

  test('INBOX-1: an empty inbox is empty', async () => {
    const phone = await inboxScene().connect('phone')
    expect(await phone.ask()).toEqual({ entries: [], answer: '0/0/0 - - - 0' })
  })

  test('a message that cannot be read any more is left out, and its conversation is told', async () => {
    const { archives, phone, logged } = await scene()
    archives('broken', { stanza: '<message' })
    expect((await phone.ask()).entries[0]).toBe('bob 3 broken nothing')
    expect(logged).toEqual(['an archived message cannot be read and is left out'])
  })

  test('INBOX-6: an inbox is its owner’s alone, and nobody learns who has one', async () => {
    const { phone } = await scene()
    for (const name of ['bob', 'nobody']) {
      expect(await phone.ask('', '', ` to='${name}@example.com'`)).toEqual({
        entries: [],
        answer: 'forbidden',
      })
    }
    expect((await phone.ask('', '', " to='alice@example.com'")).entries).toHaveLength(3)
  })
})

describe('pages', () => {
  const many = async (options = {}) => {
    const place = inboxScene({ options })
    for (let n = 1; n <= 7; n += 1) place.archives(`m${n}`, { with: `p${n}` })
    return { ...place, phone: await place.connect('phone') }
  }
  const names = ({ entries }: { entries: readonly string[] }) =>
    entries.map((one) => one.split(' ')[0]).join(' ')

  test('INBOX-3: forwards, backwards, from a number on, and only counted', async () => {
    const { phone } = await many()
    const first = await phone.ask('', '<max>3</max>')
    expect([names(first), first.answer]).toEqual(['p7 p6 p5', '7/7/7 0 m7 m5 7'])
    const next = await phone.ask('', '<max>3</max><after>m5</after>')
    expect([names(next), next.answer]).toEqual(['p4 p3 p2', '7/7/7 3 m4 m2 7'])
    const rest = await phone.ask('', '<max>3</max><after>m2</after>')
    expect([names(rest), rest.answer]).toEqual(['p1', '7/7/7 6 m1 m1 7'])
    expect(names(await phone.ask('', '<max>3</max><after>m1</after>'))).toBe('')
    const last = await phone.ask('', '<max>2</max><before/>')
    expect([names(last), last.answer]).toEqual(['p2 p1', '7/7/7 5 m2 m1 7'])
    const before = await phone.ask('', '<max>2</max><before>m2</before>')
    expect([names(before), before.answer]).toEqual(['p4 p3', '7/7/7 3 m4 m3 7'])
    expect(names(await phone.ask('', '<max>4</max><before>m6</before>'))).toBe('p7')
    expect(names(await phone.ask('', '<max>4</max><before>m2</before><after>m5</after>'))).toBe('p4 p3')
    expect(names(await phone.ask('', '<max>2</max><index>4</index>'))).toBe('p3 p2')
    expect(names(await phone.ask('', '<max>2</max><index>9</index>'))).toBe('')
    expect(await phone.ask('', '<max>0</max>')).toEqual({ entries: [], answer: '7/7/7 - - - 7' })
  })

  test('INBOX-3: who goes from page to page meets each conversation once, whatever happens meanwhile', async () => {
    const { phone, archives } = await many()
    const met: string[] = []
    let after = ''
    for (let turn = 0; turn < 10; turn += 1) {
      const page = await phone.ask('', `<max>2</max>${after}`)
      if (page.entries.length === 0) break
      met.push(names(page))
      after = `<after>${page.answer.split(' ')[3]}</after>`
      // One that was told of is talked in again, and there is a new one.
      archives(`again${turn}`, { with: 'p6' })
      archives(`new${turn}`, { with: `new${turn}` })
    }
    expect(met.join(' ')).toBe('p7 p6 p5 p4 p3 p2 p1')
  })

  test('INBOX-3: what is not there, or contradicts itself, is refused', async () => {
    const { phone } = await many()
    expect((await phone.ask('', '<after>nothing</after>')).answer).toBe('item-not-found')
    expect((await phone.ask('', '<before>nothing</before>')).answer).toBe('item-not-found')
    expect((await phone.ask('', '<index>1</index><after>m1</after>')).answer).toBe('bad-request')
    expect((await phone.ask("unread-only='perhaps'")).answer).toBe('bad-request')
  })

  test('a page has a size, and an inbox a limit', async () => {
    const { phone, archives } = await many({ pageSize: 2, maxPageSize: 3, maxConversations: 8, depth: 2 })
    expect(names(await phone.ask())).toBe('p7 p6')
    expect(names(await phone.ask('', '<max>100</max>'))).toBe('p7 p6 p5')
    for (const id of ['a', 'b', 'c']) archives(id, { with: 'p8' })
    expect((await phone.ask()).entries[0]).toBe('p8 2 c c')
    archives('m9', { with: 'p9' })
    expect((await phone.ask()).answer).toBe('resource-constraint')
  })

  test('not more at one time than the connection takes', async () => {
    const { connect } = await many({ resultBytes: 700 })
    const slow = await connect('slow', true)
    void slow.send("<iq type='get' id='q'><inbox xmlns='urn:xmpp:inbox:1'/></iq>")
    await settled()
    const sizes: number[] = []
    for (; slow.receipts.length > 0; await settled()) {
      sizes.push(slow.receipts.length)
      for (const receipt of slow.receipts.splice(0)) receipt('delivered')
    }
    expect(Math.max(...sizes)).toBeLessThan(3)
    expect(slow.heard()).toHaveLength(8)
  })

  test('a client that goes away is told no more, and nobody else anything', async () => {
    const { connect, phone } = await many({ resultBytes: 1 })
    const slow = await connect('slow', true)
    void slow.send("<iq type='get' id='q'><inbox xmlns='urn:xmpp:inbox:1'/></iq>")
    await settled()
    expect(slow.receipts).toHaveLength(1)
    slow.receipts.shift()?.('failed')
    await settled()
    expect(slow.heard().map(({ kind }) => kind)).toEqual(['message', 'iq'])
    expect(phone.heard()).toEqual([])
  })
})

describe('what is read', () => {
  const unread = async (inbox: ReturnType<typeof inboxScene>['inbox']) =>
    (await inbox.page(alice)).entries.map((one) => `${one.jid.local} ${one.unread}`)

  test('INBOX-4: a marker of any client reads a message and all before it, for all clients', async () => {
    const { phone, connect, archives, inbox } = await scene()
    const desk = await connect('desk')
    archives('m6')
    await desk.send(displayed('om4', 'bob@example.net/garden'))
    expect((await phone.ask()).entries).toEqual(['bob 1 m6 m6', 'dave 0 m5 m5', 'carol 1 m3 m3'])
    await phone.send(
      "<message to='bob@example.net'><acknowledged xmlns='urn:xmpp:chat-markers:0' id='om6'/></message>",
    )
    expect(await unread(inbox)).toEqual(['bob 0', 'dave 0', 'carol 1'])
  })

  test('INBOX-4: receipts, markers of others’ messages, of rooms and of errors read nothing', async () => {
    const { phone, inbox } = await scene()
    const marks = [
      "<message to='bob@example.net'><received xmlns='urn:xmpp:receipts' id='om4'/></message>",
      "<message to='bob@example.net'><received xmlns='urn:xmpp:chat-markers:0' id='om4'/></message>",
      displayed('om4', 'carol@example.net'),
      displayed('om4', 'bob@example.net', 'groupchat'),
      displayed('om4', 'bob@example.net', 'error'),
      displayed('o'.repeat(257)),
      "<message to='bob@example.net'><displayed xmlns='urn:xmpp:chat-markers:0'/></message>",
    ]
    for (const xml of marks) await phone.send(xml)
    expect(await unread(inbox)).toEqual(['dave 0', 'bob 2', 'carol 1'])
  })

  test('INBOX-4: a marker never moves back, and the stanza behind it sees what it did', async () => {
    const { phone, inbox } = await scene()
    await phone.send(displayed('om4'))
    await phone.send(displayed('om1'))
    expect(await unread(inbox)).toEqual(['dave 0', 'bob 0', 'carol 1'])
  })

  test('the program marks too: all, or up to a message', async () => {
    const { inbox, archives } = await scene()
    const bob = parseJid('bob@example.net').bare
    expect(await inbox.markRead(alice, bob, { by: 'archive-id', id: 'm1' })).toBe(true)
    expect(await unread(inbox)).toContain('bob 1')
    expect(await inbox.markRead(alice, bob)).toBe(true)
    expect(await inbox.markRead(alice, bob)).toBe(false)
    expect(await inbox.markRead(alice, parseJid('zoe@example.net').bare)).toBe(false)
    expect(await inbox.totals(alice)).toEqual({ total: 3, unread: 1, allUnread: 1 })
    archives('m6')
    expect(await inbox.totals(alice)).toEqual({ total: 3, unread: 2, allUnread: 2 })
  })

  test('INBOX-4: others are told up to where an account has read, once', async () => {
    const { hooks, phone } = await scene()
    const told: string[] = []
    hooks.on(conversationRead, ({ account, conversation, id }) => {
      told.push(`${account} ${conversation} ${id}`)
    })
    for (const id of ['om4', 'om4', 'om1']) await phone.send(displayed(id))
    expect(told).toEqual(['alice@example.com bob@example.net m4'])
  })

  test('INBOX-5: a retracted or removed message is not counted any more', async () => {
    const { log, inbox } = await scene()
    log[3] = { ...log[3]!, instant: false }
    expect(await unread(inbox)).toEqual(['dave 0', 'carol 1', 'bob 1'])
    log.splice(0, 1)
    expect(await unread(inbox)).toEqual(['dave 0', 'bob 0', 'carol 1'])
  })

  test('a message of no concern costs no promise, no look into the store and no copy', async () => {
    const never = () => Promise.reject(new Error('nobody asked'))
    const { hooks } = await scene({
      store: ({ remove, prune }) => ({
        remove,
        prune,
        mark: never,
        place: never,
        messages: never,
        conversations: never,
      }),
    })
    const session = { account: alice } as C2sSession
    for (const stanza of [
      message({ to: 'bob@example.net', type: 'chat', body: 'hi' }),
      presence({}),
      message({ to: 'bob@example.net' }, new Element('received', { xmlns: 'urn:xmpp:receipts', id: '1' })),
    ]) {
      expect(hooks.fold(userSendPacket, stanza, { session })).toBe(stanza)
    }
  })
})

describe('what goes wrong', () => {
  const failing = (method: keyof InboxStore) => ({
    store: (store: InboxStore): InboxStore => ({
      ...store,
      [method]: async () => Promise.reject(new Error('disk')),
    }),
  })

  test('a marker that could not be kept goes on its way all the same', async () => {
    const { hooks, phone, logged } = await scene(failing('mark'))
    const seen: string[] = []
    hooks.on(
      userSendPacket,
      (stanza) => {
        seen.push(stanza.kind)
        return stanza
      },
      { seq: 99 },
    )
    await phone.send(displayed('om4'))
    expect([seen, logged]).toEqual([['message'], ['a read marker was not kept']])
  })

  test('an inbox that cannot be read is an error without its text', async () => {
    const { phone } = await scene(failing('conversations'))
    expect((await phone.ask()).answer).toBe('internal-server-error')
  })

  test('markers of conversations that are over are removed, and failing to do so keeps nobody from the others', async () => {
    const { log, store, phone } = await scene()
    await phone.send(displayed('om4'))
    await phone.send(displayed('om3', 'carol@example.net'))
    log.splice(0, log.length, ...log.filter(({ id }) => id === 'm5'))
    expect((await phone.ask()).entries).toEqual(['dave 0 m5 m5'])
    expect((await store.conversations(alice, { limit: 9, depth: 9 })).marks).toBe(0)
    const other = await scene(failing('prune'))
    await other.phone.send(displayed('om4'))
    other.log.splice(0)
    expect(await other.phone.ask()).toEqual({ entries: [], answer: '0/0/0 - - - 0' })
    expect(other.logged).toEqual(['read markers of ended conversations were not removed'])
  })

  test('INBOX-6: markers go with the account, and none comes behind it', async () => {
    const { phone, remove, store, inbox } = await scene()
    await phone.send(displayed('om4'))
    await remove()
    await phone.send(displayed('om3', 'carol@example.net'))
    expect((await store.conversations(alice, { limit: 9, depth: 9 })).marks).toBe(0)
    await expect(inbox.markRead(alice, parseJid('bob@example.net').bare)).rejects.toMatchObject({
      condition: 'service-unavailable',
    })
  })

  test('errors of the block have codes', async () => {
    const { inbox } = await scene({ options: { maxConversations: 2 } })
    const code = async (work: Promise<unknown>) => {
      const error = await work.then(
        () => undefined,
        (cause: unknown) => cause,
      )
      return isXmppkitError(error, 'inbox/too-large') || isXmppkitError(error, 'inbox/unknown-id')
        ? error.code
        : error
    }
    expect(await code(inbox.totals(alice))).toBe('inbox/too-large')
    expect(await code(inbox.page(alice, { after: 'nothing' }))).toBe('inbox/unknown-id')
  })
})

test('it says what it can, and ends without a trace', async () => {
  const { inbox, disco, hooks } = await scene()
  const about = { from: parseJid(`${alice}/phone`), to: alice }
  const features = async () => (await disco.info({ target: 'account', ...about })).features
  expect(await features()).toContain('urn:xmpp:inbox:1')
  await inbox.close()
  expect(await features()).not.toContain('urn:xmpp:inbox:1')
  expect(hooks.has(userSendPacket)).toBe(false)
})
