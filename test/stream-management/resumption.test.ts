import { AccountsService } from '@xmppkit/auth/module'
import { sessionPending, sessionResumed, userSendPacket } from '@xmppkit/c2s'
import { SessionsService } from '@xmppkit/sessions/module'
import { createPipe, createWireClient, manageStream } from '@xmppkit/testing'
import { describe, expect, test } from 'vitest'
import { inMemory } from '../wire/ways.js'
import { allWays, body, chat, domain, failure, openScene } from './scene.js'

const streamErrors = 'urn:ietf:params:xml:ns:xmpp-streams'

describe.each(allWays)('resumption %s', (_name, way) => {
  test('SM-4: what was not handled comes again, in order, with its time; what was does not', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    for (const id of ['1', '2', '3']) romeo.send(chat(juliet.jid.toString(), id))
    await romeo.settle()
    await juliet.expect(body('1', false))
    await scene.cut(juliet)
    for (const id of ['4', '5']) romeo.send(chat(juliet.jid.bare.toString(), id))
    await romeo.settle()
    const again = await scene.resumed(juliet)
    for (const id of ['2', '3', '4', '5']) await again.expect(body(id, true))
    await again.expectNothing()
    romeo.send(chat(juliet.jid.toString(), '6'))
    await romeo.settle()
    await again.expect(body('6', false))
    again.acknowledge()
    await again.expectNothing()
    expect(again.handled).toBe(juliet.handled + 5)
  })

  test('SM-4: counts go on where they were, in both directions', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    juliet.send(chat('romeo@capulet.test', '1'))
    expect(await juliet.settle()).toBe(2)
    await scene.cut(juliet)
    const client = await scene.authenticated('juliet')
    const resumed = await client.resume(juliet)
    expect([resumed.name, resumed.attr('h'), resumed.attr('previd')]).toEqual(['resumed', '2', juliet.id])
    client.send(chat('romeo@capulet.test', '2'))
    expect(await client.settle()).toBe(3)
  })

  test('SM-4: again and again, with the same id', async () => {
    await using scene = await openScene(way)
    let juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    for (let i = 0; i < 5; i += 1) {
      await scene.cut(juliet)
      romeo.send(chat(juliet.jid.toString(), String(i)))
      await romeo.settle()
      juliet = await scene.resumed(juliet)
      await juliet.expect(body(String(i), true))
    }
    await juliet.expectNothing()
  })

  test('SM-4: a client may say everything in one go', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    romeo.send(chat(juliet.jid.toString(), 'missed'))
    await romeo.settle()
    await scene.cut(juliet)
    const client = await scene.authenticated('juliet')
    const { id, handled } = juliet
    client.send(
      `<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='${handled}'/>` +
        chat(romeo.jid.toString(), 'x') +
        chat(romeo.jid.toString(), 'y') +
        `<r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='${handled}'/>`,
    )
    expect((await client.client.receive()).attr('h')).toBe('1')
    expect((await client.client.receive()).attr('id')).toBe('missed')
    await romeo.expect(body('x'))
    await romeo.expect(body('y'))
    expect(await client.settle()).toBe(3)
  })

  test('SM-4: the old connection ends with a conflict if it is still there', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    const again = await scene.resumed(juliet)
    expect((await juliet.client.receive()).has('conflict', streamErrors)).toBe(true)
    await juliet.client.expectEnd()
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    await again.expect(body('1', false))
    expect(romeo.handled).toBe(1)
  })

  test('SM-8: contacts see nothing of it, and what is pushed is not lost', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    juliet.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>")
    await juliet.find("<iq id='roster' type='result'/>")
    const phone = await scene.managed('juliet', 'phone')
    await juliet.forget()
    await scene.cut(juliet)
    await phone.expectNothing()
    phone.send(
      "<iq type='set' id='add'><query xmlns='jabber:iq:roster'><item jid='nurse@capulet.test'/></query></iq>",
    )
    await phone.find("<iq id='add' type='result'/>")
    const again = await scene.resumed(juliet)
    await again.find(
      "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@capulet.test'/></query></iq>",
    )
    await phone.expectNothing()
  })

  test('SM-8: a goodbye ends the session at once', async () => {
    await using scene = await openScene(way)
    const phone = await scene.managed('juliet', 'phone')
    const juliet = await scene.managed('juliet')
    await phone.forget()
    await juliet.client.close()
    await phone.expect(`<presence type='unavailable' from='${juliet.jid}'/>`)
    const client = await scene.authenticated('juliet')
    const failed = await client.resume(juliet)
    expect(failure(failed)).toBe('failed item-not-found')
    expect(failed.attr('h')).toBeUndefined()
  })

  test('SEC-31: nobody resumes the session of somebody else, nor learns that there is one', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    await scene.cut(juliet)
    const romeo = await scene.authenticated('romeo')
    const theirs = await romeo.resume(juliet)
    const nobodys = await romeo.resume({ id: 'x'.repeat(24), handled: juliet.handled })
    expect(theirs.toWire()).toBe(nobodys.toWire())
    expect(failure(theirs)).toBe('failed item-not-found')
    await expect(scene.resumed(juliet)).resolves.toBeDefined()
  })

  test('SM-4: a count that cannot be leaves the session for who knows better', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    await scene.cut(juliet)
    const wrong = await scene.authenticated('juliet')
    for (const h of [juliet.handled + 1, juliet.handled - 1, 4_294_967_295]) {
      expect(failure(await wrong.resume(juliet, h))).toBe('failed item-not-found')
    }
    await expect(scene.resumed(juliet)).resolves.toBeDefined()
  })

  test('SM-4: who cannot resume may bind, on the same stream', async () => {
    await using scene = await openScene(way)
    const client = await scene.authenticated('juliet')
    expect(failure(await client.resume({ id: 'gone', handled: 0 }))).toBe('failed item-not-found')
    client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    await client.expect("<iq type='result' id='b'/>")
    expect((await client.enable()).attr('resume')).toBe('true')
  })

  test('SM-3: a session that was resumed is not enabled again', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    await scene.cut(juliet)
    const again = await scene.resumed(juliet)
    again.client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
    expect(failure(await again.client.receive())).toBe('failed unexpected-request')
    again.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    await again.expect("<iq type='error' id='b'/>")
  })

  test('SM-4: it goes on over another transport', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    romeo.send(chat(juliet.jid.toString(), 'away'))
    await romeo.settle()
    const { client, server: end } = createPipe({ remoteAddress: '192.0.2.1' })
    end.attach(scene.server.accept(end))
    const wire = createWireClient({ transport: client }, { domain })
    await wire.authenticate({ username: 'juliet', password: 'r0m30' }, await wire.secure())
    const again = manageStream(wire)
    expect((await again.resume(juliet)).name).toBe('resumed')
    await again.expect(body('away', true))
    const sessions = scene.server.host().get(SessionsService)
    expect(sessions.resources(juliet.jid.bare)[0]?.info.remoteAddress).toBe('192.0.2.1')
    wire.cut()
  })
})

describe('resumption', () => {
  test('SM-2: what the old connection brought and is still being handled counts, and is handled once', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    let go = () => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    scene.server.host().hooks.on(userSendPacket, async (stanza) => {
      if (stanza.id === 'slow') await gate
      return stanza
    })
    juliet.send(chat(romeo.jid.toString(), 'slow') + chat(romeo.jid.toString(), 'never'))
    await scene.clock.advance(0)
    const client = await scene.authenticated('juliet')
    const resuming = client.resume(juliet)
    await scene.clock.advance(0)
    go()
    expect((await resuming).attr('h')).toBe('2')
    await romeo.expect(body('slow'))
    await romeo.expectNothing()
  })

  test('SM-4: whoever is overtaken while resuming gets nothing', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.managed('juliet')
    let go = () => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    scene.server.host().hooks.on(userSendPacket, async (stanza) => {
      if (stanza.id === 'slow') await gate
      return stanza
    })
    juliet.send(chat('romeo@capulet.test', 'slow'))
    await scene.clock.advance(0)
    const first = await scene.authenticated('juliet')
    const second = await scene.authenticated('juliet')
    const [one, two] = [first.resume(juliet), second.resume(juliet)]
    one.catch(() => {})
    await scene.clock.advance(0)
    go()
    expect((await two).name).toBe('resumed')
    await expect(one).rejects.toThrow()
    expect(await second.settle()).toBe(2)
  })

  test('SM-4: modules are told of the loss and of the return', async () => {
    await using scene = await openScene(inMemory)
    const { hooks } = scene.server.host()
    const told: string[] = []
    hooks.on(sessionPending, ({ session }) => void told.push(`pending ${session.connected}`))
    hooks.on(sessionResumed, ({ session }) => void told.push(`resumed ${session.connected}`))
    const juliet = await scene.managed('juliet')
    await scene.cut(juliet)
    await scene.resumed(juliet)
    expect(told).toEqual(['pending false', 'resumed true'])
  })

  test('A-20: a new password ends sessions that wait, too', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.managed('juliet')
    await scene.cut(juliet)
    await scene.server.host().get(AccountsService).changePassword(juliet.jid.bare, 'r0m30')
    expect(failure(await (await scene.authenticated('juliet')).resume(juliet))).toBe('failed item-not-found')
  })

  test('SM-4: a client that comes back before a session has opened again waits for it', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    // Gone before it could be told that it has its session back.
    const hasty = await scene.authenticated('juliet')
    hasty.send(`<resume xmlns='urn:xmpp:sm:3' previd='${juliet.id}' h='${juliet.handled}'/>`)
    hasty.client.cut()
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    const again = await scene.resumed(juliet)
    await again.expect(body('1', true))
    await again.expectNothing()
  })
})
