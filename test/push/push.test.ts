import { messageHeld, sessionPending } from '@xmppkit/c2s'
import { CommandsService } from '@xmppkit/commands/module'
import { provide } from '@xmppkit/module'
import type { PushNotification, PushSender } from '@xmppkit/push'
import { PushSenderService, PushService } from '@xmppkit/push/module'
import { createManualClock } from '@xmppkit/runtime'
import { SessionsService } from '@xmppkit/sessions/module'
import { message } from '@xmppkit/stanza'
import { createTestServer, manageStream } from '@xmppkit/testing'
import { expect, test } from 'vitest'

const juliet = 'juliet@example.org'
const enable =
  "<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='push.example.org' node='token'/></iq>"

/** A server whose notifications are noted, and a way to wait for the next one. */
async function scene(answer: PushSender['send'] = async () => 'sent') {
  const clock = createManualClock(Date.UTC(2026, 0, 31, 12))
  const rung: string[] = []
  let heard = () => {}
  const sender: PushSender = {
    send(notification: PushNotification) {
      const { account, registration, summary } = notification
      rung.push(`${account} ${registration.node} ${summary.messageCount}`)
      heard()
      return answer(notification)
    },
  }
  const server = await createTestServer({ clock, services: [provide(PushSenderService, sender)] })
  const next = () => new Promise<void>((resolve) => (heard = resolve))
  const register = async () => {
    const phone = await server.connect(`${juliet}/phone`)
    phone.send(enable)
    await phone.find("<iq type='result' id='e'/>")
    return phone
  }
  const count = () => server.host.get(CommandsService).call('get_push_count', { host: 'example.org' })
  return { clock, rung, server, next, register, count, stats: () => server.host.get(PushService).stats() }
}

test('OFF-1: each message for somebody who is away rings once, and none for somebody who is there', async () => {
  const { clock, rung, server, next, register } = await scene()
  await using _ = server
  const phone = await register()
  phone.send('<presence/>')
  await phone.settle()
  const romeo = await server.connect('romeo@example.org/orchard')
  const says = async (body: string) => {
    romeo.send(`<message to='${juliet}' type='chat'><body>${body}</body></message>`)
    await romeo.settle()
  }
  await says('one')
  await phone.find('<message><body>one</body></message>')
  await phone.close()
  expect(rung).toEqual([])

  const first = next()
  await says('two')
  await first
  expect(rung).toEqual([`${juliet} token 1`])
  const second = next()
  await says('three')
  await says('four')
  await clock.advance(1000)
  await second
  expect(rung).toEqual([`${juliet} token 1`, `${juliet} token 3`])

  // What rang is handed over at the next login, and rings no more.
  const again = await server.connect(`${juliet}/phone`)
  again.send('<presence/>')
  for (const body of ['two', 'three', 'four']) await again.find(`<message><body>${body}</body></message>`)
  await clock.advance(60_000)
  expect(rung).toHaveLength(2)
})

test('a message held for a client that sleeps rings on it', async () => {
  const { rung, server, next, register } = await scene()
  await using _ = server
  const phone = await register()
  const [session] = server.host.get(SessionsService).resources(phone.jid!.bare)
  const stanza = message({ from: 'romeo@example.org/orchard', to: juliet, type: 'chat', body: 'hi' })
  const ring = next()
  await server.host.hooks.run(messageHeld, { session: session!, stanza })
  await ring
  expect(rung).toEqual([`${juliet} token 1`])
})

test('SM-8: a message for a session that has lost its connection rings once, and not when it is resumed', async () => {
  const { clock, rung, server, next, register } = await scene()
  await using _ = server
  const phone = await register()
  const managed = manageStream(phone)
  await managed.enable()
  managed.send('<presence/>')
  await managed.forget()
  managed.acknowledge()
  await managed.settle()
  const romeo = await server.connect('romeo@example.org/orchard')
  const says = async (children: string) => {
    romeo.send(`<message to='${juliet}' type='chat'>${children}</message>`)
    await romeo.settle()
  }
  await says('<body>there</body>')
  await managed.expect('<message><body>there</body></message>')
  managed.acknowledge()
  await managed.settle()
  const isLost = new Promise<void>((resolve) => void server.host.hooks.on(sessionPending, () => resolve()))
  phone.cut()
  await isLost
  await clock.advance(60_000)
  expect(rung).toEqual([])

  const ring = next()
  await says("<composing xmlns='http://jabber.org/protocol/chatstates'/>")
  await says('<body>away</body>')
  await ring
  await clock.advance(60_000)
  expect(rung).toEqual([`${juliet} token 1`])

  const line = server.dial()
  await line.authenticate({ username: 'juliet', password: juliet }, await line.secure())
  const again = manageStream(line)
  expect((await again.resume(managed)).name).toBe('resumed')
  await again.find('<message><body>away</body></message>')
  await clock.advance(60_000)
  expect(rung).toHaveLength(1)
})

test('SM-8: so does one that was not confirmed when the connection was lost', async () => {
  const { rung, server, next, register } = await scene()
  await using _ = server
  const phone = await register()
  const managed = manageStream(phone)
  await managed.enable()
  managed.send('<presence/>')
  const romeo = await server.connect('romeo@example.org/orchard')
  romeo.send(`<message to='${juliet}/phone' type='chat'><body>perhaps</body></message>`)
  await managed.find('<message><body>perhaps</body></message>')
  expect(rung).toEqual([])
  const ring = next()
  phone.cut()
  await ring
  expect(rung).toEqual([`${juliet} token 1`])
})

test('a sender that never answers keeps nobody waiting', async () => {
  const { clock, rung, server, register, stats } = await scene(() => new Promise<never>(() => {}))
  await using _ = server
  await (await register()).close()
  const romeo = await server.connect('romeo@example.org/orchard')
  for (let n = 0; n < 20; n += 1)
    romeo.send(`<message to='${juliet}' type='chat'><body>${n}</body></message>`)
  await romeo.settle()
  expect(rung).toHaveLength(1)
  const again = await server.connect(`${juliet}/phone`)
  again.send('<presence/>')
  for (let n = 0; n < 20; n += 1) await again.find(`<message><body>${n}</body></message>`)
  await clock.advance(10_000)
  expect(stats()).toMatchObject({ sent: 0, coalesced: 18 })
})

test('SEC-25: a device that is gone is forgotten, and all go with the account', async () => {
  const { server, next, register, count, stats } = await scene(async () => 'gone')
  await using _ = server
  await (await register()).close()
  expect(await count()).toBe(1)
  const romeo = await server.connect('romeo@example.org/orchard')
  const ring = next()
  romeo.send(`<message to='${juliet}' type='chat'><body>hi</body></message>`)
  await ring
  await romeo.settle()
  expect([await count(), stats().removed]).toEqual([0, 1])

  await (await register()).close()
  expect(await count()).toBe(1)
  await server.host.get(CommandsService).call('unregister', { account: juliet })
  expect(await count()).toBe(0)
})
