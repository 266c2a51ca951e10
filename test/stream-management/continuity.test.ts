import { AccountsService } from '@xmppkit/auth/module'
import { describe, expect, test } from 'vitest'
import { allWays, body, chat, failure, openScene, type Person } from './scene.js'

const resumeMs = 600_000
const streamErrors = 'urn:ietf:params:xml:ns:xmpp-streams'
const carbons = 'urn:xmpp:carbons:2'
const session = "<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>"
const ids = (count: number) => Array.from({ length: count }, (_, n) => String(n))

async function enableCarbons(person: Person): Promise<void> {
  person.send(`<iq type='set' id='carbons'><enable xmlns='${carbons}'/></iq>`)
  await person.find("<iq type='result' id='carbons'/>")
}

/** A copy of a message. */
const copy = (way: 'sent' | 'received', id: string) =>
  `<message><${way} xmlns='${carbons}'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='${id}'/></forwarded></${way}></message>`

describe.each(allWays)('what a session that goes on keeps %s', (_name, way) => {
  test('SM-4: an answer that came meanwhile to what it asked before', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    romeo.send(`<presence to='${juliet.jid}'/>`)
    await romeo.settle()
    await juliet.expect('<presence/>')
    juliet.send(`<iq type='get' id='asked' to='${romeo.jid}'><query xmlns='urn:example:question'/></iq>`)
    await romeo.expect("<iq type='get' id='asked'/>")
    await scene.cut(juliet)
    romeo.send(`<iq type='result' id='asked' to='${juliet.jid}'/>`)
    await romeo.settle()
    const again = await scene.resumed(juliet)
    await again.expect(`<iq type='result' id='asked' from='${romeo.jid}'/>`)
    await again.expectNothing()
  })

  test('SM-4 P-7: a request for a subscription, once', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    romeo.send(`<presence type='subscribe' to='${juliet.jid.bare}'/>`)
    await romeo.settle()
    const again = await scene.resumed(juliet)
    await again.expect(`<presence type='subscribe' from='${romeo.jid.bare}'/>`)
    await again.expectNothing()
  })

  test('SM-4 CARBON-3: the copies it had asked for', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const phone = await scene.managed('juliet', 'phone')
    const romeo = await scene.managed('romeo')
    await juliet.forget()
    await enableCarbons(juliet)
    await scene.cut(juliet)
    romeo.send(chat(phone.jid.toString(), 'away'))
    await romeo.settle()
    const again = await scene.resumed(juliet)
    await again.expect(copy('received', 'away'))
    phone.send(chat(romeo.jid.toString(), 'back'))
    await phone.settle()
    await again.expect(copy('sent', 'back'))
    await again.expectNothing()
  })

  test('SM-4 N-3 N-4: whom it showed itself to directly, and tells of its end, once', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    juliet.send(`<presence to='${romeo.jid}'/>`)
    await juliet.settle()
    await romeo.expect(`<presence from='${juliet.jid}'/>`)
    await scene.cut(juliet)
    const again = await scene.resumed(juliet)
    await romeo.expectNothing()
    await again.client.close()
    await romeo.expect(`<presence type='unavailable' from='${juliet.jid}'/>`)
    await romeo.expectNothing()
  })

  test('SM-4 M-7: the order, also of what comes while it goes on', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    const send = (from: number, to: number) => {
      for (const id of ids(to).slice(from)) romeo.send(chat(juliet.jid.toString(), id))
    }
    send(0, 10)
    await romeo.settle()
    const client = await scene.authenticated('juliet')
    send(10, 20)
    const resuming = client.resume(juliet)
    send(20, 30)
    await resuming
    await romeo.settle()
    for (const id of ids(30)) await client.expect(`<message id='${id}'/>`)
    await client.expectNothing()
  })
})

describe.each(allWays)('counts and ends %s', (_name, way) => {
  test('SM-1 B-6: the old request for a session counts after it is enabled, and not before', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.bound('juliet', 'before')
    juliet.client.send(session)
    await juliet.client.expect("<iq type='result' id='s'/>")
    await juliet.enable()
    expect(await juliet.settle()).toBe(0)
    const other = await scene.bound('juliet', 'after')
    await other.enable()
    other.send(session)
    await other.expect("<iq type='result' id='s'/>")
    expect(await other.settle()).toBe(1)
  })

  test('SM-1: what follows in one go with enabling counts', async () => {
    await using scene = await openScene(way)
    const romeo = await scene.managed('romeo')
    const juliet = await scene.bound('juliet')
    const sm = "xmlns='urn:xmpp:sm:3'"
    juliet.client.send(`<enable ${sm} resume='true'/>${chat(romeo.jid.toString(), '1')}<r ${sm}/>`)
    expect((await juliet.client.receive()).name).toBe('enabled')
    expect((await juliet.client.receive()).attr('h')).toBe('1')
    await romeo.expect(body('1'))
  })

  test('SM-3 S-10: elements of an earlier version are none, and leave the session for who knows better', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    await scene.cut(juliet)
    const old = await scene.authenticated('juliet')
    old.client.send(`<resume xmlns='urn:xmpp:sm:2' previd='${juliet.id}' h='${juliet.handled}'/>`)
    const error = await old.client.receive()
    expect([error.name, error.ns]).toEqual(['error', 'http://etherx.jabber.org/streams'])
    await old.client.expectEnd()
    await expect(scene.resumed(juliet)).resolves.toBeDefined()
  })

  test('SM-4: whoever has its session does not resume it again', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    const again = await scene.resumed(juliet)
    again.client.send(`<resume xmlns='urn:xmpp:sm:3' previd='${juliet.id}' h='${juliet.handled}'/>`)
    expect(failure(await again.client.receive())).toBe('failed unexpected-request')
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    await again.expect(body('1', false))
  })

  test('SM-4 B-4: a session whose place was taken by another login is over, and says how far it came', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    juliet.send(chat('romeo@capulet.test', '1'))
    await juliet.settle()
    await scene.managed('juliet')
    expect((await juliet.client.receive()).has('conflict', streamErrors)).toBe(true)
    const failed = await (await scene.authenticated('juliet')).resume(juliet)
    expect([failure(failed), failed.attr('h')]).toEqual(['failed item-not-found', '2'])
  })

  test('SM-6 P-10 SEC-25: a session whose account is removed is over, and leaves nothing to the next of that name', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    const accounts = scene.server.host().get(AccountsService)
    await accounts.remove(juliet.jid.bare)
    await accounts.register(juliet.jid.bare, 'r0m30')
    const next = await scene.authenticated('juliet')
    const nobodys = await next.resume({ id: 'x', handled: 0 })
    expect((await next.resume(juliet)).toWire()).toBe(nobodys.toWire())
    await romeo.expect("<message type='error' id='1'/>")
    const person = await scene.managed('juliet', 'new')
    await person.expectNothing()
  })

  test('SEC-25 P-10: nor does one whose client was there', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const accounts = scene.server.host().get(AccountsService)
    await accounts.remove(juliet.jid.bare)
    await scene.clock.advance(0)
    expect((await juliet.client.receive()).has('not-authorized', streamErrors)).toBe(true)
    await accounts.register(juliet.jid.bare, 'r0m30')
    const next = await scene.authenticated('juliet')
    const nobodys = await next.resume({ id: 'x', handled: 0 })
    expect((await next.resume(juliet)).toWire()).toBe(nobodys.toWire())
  })

  test('SM-6 M-7: what two sessions in a row did not acknowledge keeps its order', async () => {
    await using scene = await openScene(way)
    const romeo = await scene.managed('romeo')
    let expected: string[] = []
    for (const round of [1, 2, 3]) {
      const juliet = await scene.managed('juliet', `r${round}`, '')
      juliet.send('<presence/>')
      await juliet.settle()
      await scene.clock.advance(0)
      const late = (await juliet.receiveAll()).filter(({ name }) => name === 'message')
      expect(late.map((el) => el.attr('id'))).toEqual(expected)
      const fresh = ids(5).map((n) => `${round}-${n}`)
      romeo.send(fresh.map((id) => chat(juliet.jid.toString(), id)).join(''))
      await romeo.settle()
      expected = [...expected, ...fresh]
      await scene.cut(juliet)
      await scene.clock.advance(resumeMs)
    }
  })

  test('SM-7 OFF-1: more stored messages than may be unacknowledged come as they are acknowledged', async () => {
    await using scene = await openScene(way, { streamManagement: { maxUnacknowledged: 10 } })
    const romeo = await scene.managed('romeo')
    romeo.send(
      ids(45)
        .map((id) => chat('juliet@capulet.test', id))
        .join(''),
    )
    await romeo.settle()
    const juliet = await scene.managed('juliet', 'r', '')
    juliet.send('<presence/>')
    const got: (string | undefined)[] = []
    while (got.length < 45) {
      const el = await juliet.receive()
      if (el.name === 'message') got.push(el.attr('id'))
      juliet.acknowledge()
    }
    expect(got).toEqual(ids(45))
    const more = await juliet.settle().then(() => juliet.receiveAll())
    expect(more.filter(({ name }) => name === 'message')).toEqual([])
  })
})
