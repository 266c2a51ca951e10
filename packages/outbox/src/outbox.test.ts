import { registerUser, removeUser } from '@xmppkit/auth'
import { type C2sSession, delivered, userSendPacket } from '@xmppkit/c2s'
import { createCommands } from '@xmppkit/commands'
import { createHooks } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, silentLogger } from '@xmppkit/runtime'
import {
  archivedAs,
  offlineMessage,
  presenceSet,
  presenceUnset,
  type SessionRecord,
  sessionClosed,
  sessionOpened,
} from '@xmppkit/sessions'
import { message, presence, type Stanza } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import type { OutboxTarget } from './event-sink.js'
import type { OutboxEvent } from './events.js'
import { settled } from './fake-receiver.js'
import { createMemoryOutboxStore } from './memory-store.js'
import { createOutbox } from './outbox.js'
import { registerOutboxCommands } from './outbox-commands.js'
import type { OutboxOptions } from './outbox-options.js'

const romeo = parseJid('romeo@example.org/orchard')
const juliet = parseJid('juliet@example.org')
const session = { sid: '1', jid: romeo, account: romeo.bare } as C2sSession
const record: SessionRecord = {
  sid: '1',
  jid: juliet.bare.withResource('balcony'),
  order: 1,
  priority: 5,
  presence: presence({ show: 'away', status: 'lunch', priority: 5 }),
  info: { openedAt: 0, transport: 'tls' },
}
const said = (body: string, more: object = {}) =>
  message({ from: romeo, to: juliet, type: 'chat', id: body, body, ...more })

async function scene(about: Partial<OutboxTarget> = {}, options: OutboxOptions = {}) {
  const got: OutboxEvent[] = []
  const failures: string[] = []
  const hooks = createHooks({ onError: (error) => void failures.push(String(error)) })
  const clock = createManualClock(Date.UTC(2026, 0, 31, 12))
  const store = createMemoryOutboxStore()
  const deps = { store, hooks, clock, ids: createCountingIds('e'), logger: silentLogger, random: () => 0 }
  const target: OutboxTarget = { name: 'crm', deliver: (event) => void got.push(event), ...about }
  const outbox = await createOutbox(deps, [target], options)
  const send = (stanza: Stanza) => hooks.fold(userSendPacket, stanza, { session })
  return { got, failures, hooks, clock, store, outbox, send, deps }
}

describe('what happens is told', () => {
  test('a message that is sent, before it is routed', async () => {
    const { got, send } = await scene()
    const stanza = said('hi').withMeta(archivedAs, { by: romeo.bare, id: 'arch' })
    expect(await send(stanza)).toBe(stanza)
    await settled()
    expect(got).toEqual([
      {
        id: expect.any(String),
        type: 'message.sent',
        timestamp: '2026-01-31T12:00:00.000Z',
        domain: 'example.org',
        conversation: 'juliet@example.org romeo@example.org',
        data: {
          id: 'hi',
          type: 'chat',
          from: 'romeo@example.org/orchard',
          to: 'juliet@example.org',
          body: 'hi',
          stanza: expect.stringMatching(/^<message .*<body>hi<\/body><\/message>$/),
          archiveId: 'arch',
        },
      },
    ])
  })

  test('one that waits, and one that has arrived, in the same conversation', async () => {
    const { got, hooks } = await scene()
    await hooks.fold(offlineMessage, { action: 'stored', stanza: said('later') })
    await hooks.fold(offlineMessage, { action: 'bounce', stanza: said('refused') })
    await hooks.run(delivered, {
      stanza: said('now', { from: juliet, to: romeo }),
      session: { ...session, jid: romeo } as C2sSession,
    })
    await settled()
    expect(got.map(({ type, conversation, data }) => [type, conversation, 'by' in data && data.by])).toEqual([
      ['message.stored', 'juliet@example.org romeo@example.org', false],
      ['message.delivered', 'juliet@example.org romeo@example.org', 'romeo@example.org/orchard'],
    ])
  })

  test('sessions, presence and accounts', async () => {
    const { got, hooks } = await scene()
    const account = juliet.bare
    await hooks.run(registerUser, { account, id: '1' })
    await hooks.run(sessionOpened, { session: record })
    await hooks.run(presenceSet, { session: record, stanza: presence(), previousPriority: undefined })
    const gone = { ...record, presence: undefined, priority: undefined }
    await hooks.run(presenceUnset, { session: gone, stanza: presence(), previousPriority: 5 })
    await hooks.run(sessionClosed, { session: gone, reason: 'closed (peer)' })
    await hooks.run(removeUser, { account, id: '1' })
    await settled()
    const jid = 'juliet@example.org/balcony'
    expect(got.map(({ type, data }) => [type, data])).toEqual([
      ['account.registered', { account: 'juliet@example.org' }],
      ['session.opened', { jid, transport: 'tls' }],
      ['presence.changed', { jid, available: true, show: 'away', status: 'lunch', priority: 5 }],
      ['presence.changed', { jid, available: false }],
      ['session.closed', { jid, transport: 'tls', reason: 'closed (peer)' }],
      ['account.removed', { account: 'juliet@example.org' }],
    ])
  })

  test('but not errors, nor that somebody is typing; a receipt is', async () => {
    const { got, send } = await scene()
    const child = (name: string, xmlns: string) => new Element(name, { xmlns })
    const to = { from: romeo, to: juliet }
    await send(message({ ...to, type: 'error', body: 'x' }))
    await send(message({ ...to, id: 'typing' }, child('composing', 'http://jabber.org/protocol/chatstates')))
    await send(message({ ...to, id: 'seen' }, child('received', 'urn:xmpp:receipts')))
    await settled()
    expect(got.map(({ data }) => 'id' in data && data.id)).toEqual(['seen'])
  })

  test('only what is wanted, and nothing costs anything that is not', async () => {
    const { got, hooks, send } = await scene({ types: ['account.registered'] })
    expect(hooks.has(userSendPacket)).toBe(false)
    expect(hooks.has(delivered)).toBe(false)
    await send(said('x'))
    await hooks.run(registerUser, { account: juliet.bare, id: '1' })
    await settled()
    expect(got).toHaveLength(1)
  })

  test('without contents, to who is not to know them', async () => {
    const { got, send } = await scene({ contents: false })
    await send(said('secret'))
    await settled()
    expect(JSON.stringify(got)).not.toContain('<body>')
    expect(got[0]?.data).toEqual({
      id: 'secret',
      type: 'chat',
      from: 'romeo@example.org/orchard',
      to: 'juliet@example.org',
    })
  })
})

describe('X-CONS: it is written down before it counts', () => {
  test('a message whose event cannot be written down is not sent', async () => {
    const { store, deps, hooks } = await scene({ types: ['account.removed'] })
    const broken = { ...store, append: () => Promise.reject(new Error('down')) }
    await createOutbox({ ...deps, store: broken }, [{ name: 'other', deliver() {} }])
    await expect(hooks.fold(userSendPacket, said('x'), { session })).rejects.toThrow('down')
  })

  test('what has happened anyhow is reported', async () => {
    const { store, deps, hooks, failures } = await scene({ types: ['account.removed'] })
    const broken = { ...store, append: () => Promise.reject(new Error('down')) }
    await createOutbox({ ...deps, store: broken }, [{ name: 'other', deliver() {} }])
    await hooks.run(sessionOpened, { session: record })
    expect(failures).toEqual(['Error: down'])
  })

  test('L-1: as many as may wait; then it is dropped and counted, or refused', async () => {
    const deliver = () => new Promise<void>(() => {})
    const dropping = await scene({ deliver }, { maxWaiting: 1 })
    await dropping.send(said('1'))
    await dropping.send(said('2'))
    expect(await dropping.outbox.status()).toMatchObject([{ waiting: 1, dropped: 1 }])
    const refusing = await scene({ deliver }, { maxWaiting: 1, onFull: 'refuse' })
    await refusing.send(said('1'))
    await expect(refusing.send(said('2'))).rejects.toMatchObject({ condition: 'resource-constraint' })
  })

  test('after a restart it goes on, and closing leaves nothing', async () => {
    const one = await scene({ deliver: () => new Promise<void>(() => {}) }, { drainTimeoutMs: 0 })
    await one.send(said('1'))
    const closing = one.outbox.close()
    await one.clock.advance(0)
    await closing
    expect(one.hooks.has(userSendPacket)).toBe(false)
    expect(one.clock.timers).toBe(0)
    const got: string[] = []
    const again = await createOutbox(one.deps, [{ name: 'crm', deliver: ({ type }) => void got.push(type) }])
    await settled()
    expect(got).toEqual(['message.sent'])
    await again.close()
  })
})

test('names are checked', async () => {
  const { deps } = await scene()
  const deliver = () => {}
  for (const targets of [
    [{ name: '', deliver }],
    [{ name: 'a b', deliver }],
    [
      { name: 'a', deliver },
      { name: 'a', deliver },
    ],
  ]) {
    await expect(createOutbox(deps, targets)).rejects.toMatchObject({ code: 'outbox/bad-target' })
  }
})

test('commands show what was given up, have it tried again, and remove it; an account takes its own along', async () => {
  let refuse = true
  const got: string[] = []
  const deliver: OutboxTarget['deliver'] = ({ data }) => {
    if (refuse) throw new Error('no')
    got.push('id' in data ? data.id : '')
  }
  const { send, store, outbox, clock, hooks, deps } = await scene({ deliver }, { maxRefusals: 1 })
  const commands = createCommands({ hooks: deps.hooks, clock, logger: silentLogger } as never)
  using registered = registerOutboxCommands({ commands, outbox, store, clock })
  expect(registered).toBeDefined()
  await send(said('1'))
  await send(said('2'))
  await settled()
  await settled()
  expect(await commands.call('outbox_status', {})).toEqual([
    { target: 'crm', waiting: 0, dead: 2, delivered: 0, dropped: 0 },
  ])
  const dead = (await commands.call('list_dead_events', { target: 'crm', limit: 1 })) as { id: string }[]
  expect(dead).toMatchObject([{ type: 'message.sent', account: 'romeo@example.org', error: 'no' }])
  expect(await commands.call('list_dead_events', { after: dead[0]?.id })).toHaveLength(1)
  refuse = false
  expect(await commands.call('retry_dead_events', { target: 'crm' })).toBe(2)
  await settled()
  expect(got).toEqual(['1', '2'])
  refuse = true
  await send(said('3'))
  await settled()
  expect(await commands.call('purge_dead_events', { target: 'crm', days: 1 })).toBe(0)
  expect(await commands.call('purge_dead_events', { target: 'crm', days: 0 })).toBe(1)
  await send(said('4'))
  await settled()
  await hooks.run(removeUser, { account: romeo.bare, id: '1' })
  const about = (await commands.call('list_dead_events', {})) as { account: string; type: string }[]
  expect(about.filter(({ type }) => type === 'message.sent')).toEqual([])
})
