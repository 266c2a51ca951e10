import { type FullJid, isFullJid, type Jid } from '@xmppkit/jid'
import { SessionsService } from '@xmppkit/sessions/module'
import { authenticate2, type ManagedClient, manageStream, type WireLogin2 } from '@xmppkit/testing'
import type { RawElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { inMemory } from '../wire/ways.js'
import { allWays, body, chat, domain, failure, openScene, password, type Scene } from './scene.js'

const sm = 'urn:xmpp:sm:3'
const clientId = 'd4565fa7-4d72-4749-b3d3-740edbf87770'
const enable = `<enable xmlns='${sm}' resume='true'/>`
const carbons = "<enable xmlns='urn:xmpp:carbons:2'/>"
const inactive = "<inactive xmlns='urn:xmpp:csi:0'/>"
const mechanism = 'HT-SHA-256-NONE'
const requestToken = `<request-token xmlns='urn:xmpp:fast:0' mechanism='${mechanism}'/>`

interface Login extends Partial<WireLogin2> {
  readonly resume?: Pick<ManagedClient, 'id' | 'handled'>
}

/** Logs in with SASL2 and everything in one go. */
async function login(scene: Scene, username: string, { resume, more = '', ...rest }: Login) {
  const client = scene.dial()
  const features = await client.secure()
  const wanted = resume && `<resume xmlns='${sm}' previd='${resume.id}' h='${resume.handled}'/>`
  const secret = rest.token === undefined ? { password } : {}
  const answer = await authenticate2(client, features, {
    username,
    ...secret,
    ...rest,
    more: more + (wanted ?? ''),
  })
  const managed = manageStream(client)
  const told = managed.loggedIn(answer.success, resume?.handled)
  return { ...answer, offered: features, managed, told, parts: partsOf(answer.success) }
}

function partsOf(el: RawElement): string[] {
  return el.children.map(({ name }) => name).filter((name) => name !== 'additional-data')
}

function fullJid(jid: Jid): FullJid {
  if (isFullJid(jid)) return jid
  throw new Error(`${jid} has no resource`)
}

// XEP-0388 §3: not where others can read it.
const confidential = allWays.filter(([, way]) => way.confidential)

describe.each(confidential)('logins %s', (_name, way) => {
  test('SM-4: a session goes on with success, without features, and gets what it missed', async () => {
    await using scene = await openScene(way)
    const romeo = await scene.managed('romeo')
    const first = await login(scene, 'juliet', { clientId, tag: 't', bind: enable })
    const juliet = Object.assign(first.managed, { jid: fullJid(first.jid) })
    juliet.send('<presence/>')
    await juliet.forget()
    await scene.cut(juliet)
    romeo.send(chat(juliet.jid.toString(), 'missed'))
    await romeo.settle()

    const again = await login(scene, 'juliet', { clientId, tag: 't', bind: enable, resume: juliet })
    expect(again.parts).toEqual(['authorization-identifier', 'resumed'])
    expect([again.told?.attr('previd'), again.told?.attr('h')]).toEqual([juliet.id, '1'])
    expect([again.jid.toString(), again.features]).toEqual([juliet.jid.toString(), undefined])
    await again.managed.expect(body('missed', true))
    await again.managed.expectNothing()
    again.managed.acknowledge()
    again.managed.send(chat(romeo.jid.toString(), 'back'))
    await romeo.find(body('back'))
    const sessions = scene.server.host().get(SessionsService).resources(juliet.jid.bare)
    expect(sessions).toMatchObject([{ info: { clientId } }])
  })

  test('SM-4: one that cannot go on says so, and a new one is bound and managed', async () => {
    await using scene = await openScene(way)
    const gone = { id: 'gone', handled: 3 }
    const { parts, success, jid, features, managed } = await login(scene, 'juliet', {
      clientId,
      tag: 't',
      bind: enable,
      resume: gone,
    })
    expect(parts).toEqual(['authorization-identifier', 'failed', 'bound'])
    expect(failure(success.child('failed', sm)!)).toBe('failed item-not-found')
    expect([jid.resource.startsWith('t/'), features?.name]).toEqual([true, 'features'])
    // Asked for already, so not offered once more.
    expect(features?.has('sm', 'urn:xmpp:sm:3')).toBe(false)
    managed.send(chat(jid.toString(), 'to myself'))
    await managed.expect(body('to myself', false))
    expect(await managed.settle()).toBe(1)
  })

  test('SM-6: what waits in a session its client has given up comes to the new one, once', async () => {
    await using scene = await openScene(way)
    const romeo = await scene.managed('romeo')
    const first = await login(scene, 'juliet', { clientId, tag: 't', bind: enable })
    const juliet = Object.assign(first.managed, { jid: fullJid(first.jid) })
    juliet.send('<presence/>')
    await juliet.forget()
    await scene.cut(juliet)
    romeo.send(chat(juliet.jid.bare.toString(), 'to the account'))
    romeo.send(chat(juliet.jid.toString(), 'to the resource'))
    await romeo.settle()

    const unknown = { id: 'gone', handled: 0 }
    const { managed, jid } = await login(scene, 'juliet', {
      clientId,
      tag: 't',
      bind: enable,
      resume: unknown,
    })
    expect(jid.toString()).toBe(juliet.jid.toString())
    managed.send('<presence/>')
    const ids = (await managed.receiveAll())
      .filter(({ name }) => name === 'message')
      .map((el) => el.attr('id'))
    // Those from offline storage may still be on their way.
    while (ids.length < 2) {
      const el = await managed.receive()
      if (el.name === 'message') ids.push(el.attr('id'))
    }
    expect(ids.toSorted()).toEqual(['to the account', 'to the resource'])
    await managed.expectNothing()
    managed.acknowledge()
    await managed.expectNothing()
    expect(romeo.handled).toBe(1)
  })

  test('BIND2-3 SM-3: a binding brings carbons, quiet and acknowledgements at once', async () => {
    await using scene = await openScene(way)
    const romeo = await scene.managed('romeo')
    const desk = await scene.managed('juliet', 'desk')
    const phone = await login(scene, 'juliet', { tag: 't', bind: carbons + enable + inactive })
    const bound = phone.success.children.findIndex(({ name }) => name === 'bound')
    expect(partsOf(phone.success.childAt(bound))).toEqual(['enabled'])
    expect(phone.told?.attr('resume')).toBe('true')
    phone.managed.send('<presence/>')
    await phone.managed.forget()
    await desk.forget()

    // Presence waits for somebody to look; a copy does not, and comes behind it.
    romeo.send(`<presence to='${phone.jid}'><status>hi</status></presence>`)
    await romeo.settle()
    await phone.managed.expectNothing()
    romeo.send(chat(desk.jid.toString(), 'to the desk'))
    await desk.expect(body('to the desk', false))
    await phone.managed.find('<presence><status>hi</status></presence>')
    await phone.managed.expect(
      "<message><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='to the desk'/></forwarded></received></message>",
    )
  })
})

describe('logins', () => {
  test('tell what can be had with them', async () => {
    await using scene = await openScene(inMemory)
    const { offered } = await login(scene, 'juliet', {})
    const inline = offered.child('authentication', 'urn:xmpp:sasl:2')?.child('inline', 'urn:xmpp:sasl:2')
    const list = inline?.child('bind', 'urn:xmpp:bind:0')?.child('inline', 'urn:xmpp:bind:0')
    const vars = list?.children.map((_, at) => list.childAt(at).attr('var'))
    expect(inline?.has('sm', sm)).toBe(true)
    expect(vars?.toSorted()).toEqual(['urn:xmpp:carbons:2', 'urn:xmpp:csi:0', sm])
  })

  test('SM-4: a token and a session that goes on take one round trip, again and again', async () => {
    await using scene = await openScene(inMemory)
    const romeo = await scene.managed('romeo')
    const first = await login(scene, 'juliet', { clientId, tag: 't', bind: enable, more: requestToken })
    let juliet = Object.assign(first.managed, { jid: fullJid(first.jid) })
    const token = { token: first.token ?? '', mechanism }
    for (const id of ['1', '2']) {
      await scene.cut(juliet)
      romeo.send(chat(juliet.jid.toString(), id))
      await romeo.settle()
      const again = await login(scene, 'juliet', { clientId, token, resume: juliet })
      expect(again.parts).toEqual(['authorization-identifier', 'resumed'])
      expect(again.features).toBeUndefined()
      juliet = Object.assign(again.managed, { jid: fullJid(again.jid) })
      await juliet.expect(body(id, true))
      juliet.acknowledge()
      await juliet.expectNothing()
    }
  })

  test('SEC-31: nobody resumes the session of somebody else with a login of their own', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.managed('juliet')
    await scene.cut(juliet)
    const romeo = await login(scene, 'romeo', { tag: 't', resume: juliet })
    expect(romeo.parts).toEqual(['authorization-identifier', 'failed', 'bound'])
    expect(romeo.jid.local).toBe('romeo')
    const again = await login(scene, 'juliet', { resume: juliet })
    expect(again.parts).toEqual(['authorization-identifier', 'resumed'])
  })

  test('SEC-31: a login that fails leaves the session for who has the password', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.managed('juliet')
    const wrong = login(scene, 'juliet', { password: 'wrong', resume: juliet })
    await expect(wrong).rejects.toMatchObject({ code: 'testing/login' })
    await juliet.expectNothing()
  })

  test('SM-4: without a binding, what cannot be resumed leaves the older way to bind', async () => {
    await using scene = await openScene(inMemory)
    const { parts, managed, jid } = await login(scene, 'juliet', { resume: { id: 'gone', handled: 0 } })
    expect([parts, jid.resource]).toEqual([['authorization-identifier', 'failed'], ''])
    managed.client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    await managed.client.expect("<iq type='result' id='b'/>")
    expect((await managed.enable()).attr('resume')).toBe('true')
  })

  test('CSI-1: a session that goes on is active again and gets what waited', async () => {
    await using scene = await openScene(inMemory)
    const romeo = await scene.managed('romeo')
    const first = await login(scene, 'juliet', { tag: 't', bind: enable + inactive })
    const juliet = Object.assign(first.managed, { jid: fullJid(first.jid) })
    juliet.send('<presence/>')
    romeo.send(`<presence to='${juliet.jid}'><status>one</status></presence>`)
    await romeo.settle()
    await juliet.forget()
    await scene.cut(juliet)
    const again = await login(scene, 'juliet', { resume: juliet })
    await again.managed.find('<presence><status>one</status></presence>')
    romeo.send(`<presence to='${juliet.jid}'><status>two</status></presence>`)
    await romeo.settle()
    await again.managed.expect('<presence><status>two</status></presence>')
  })

  test('BIND2-4 OFF-1: who binds with the login reads the archive, and is sent only what is not there', async () => {
    await using scene = await openScene(inMemory, { archive: { enabled: true } })
    const romeo = await scene.managed('romeo')
    for (let n = 0; n < 20; n += 1) romeo.send(chat(`juliet@${domain}`, `away ${n}`))
    // Not for archives, but to be kept until she is there.
    romeo.send(
      `<message to='juliet@${domain}' type='chat' id='unarchived'><body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/></message>`,
    )
    await romeo.settle()
    await scene.clock.advance(1)
    const { managed, success, jid } = await login(scene, 'juliet', { tag: 't', bind: enable })
    const metadata = success.child('bound', 'urn:xmpp:bind:0')?.child('metadata', 'urn:xmpp:mam:2')
    const end = metadata?.child('end', 'urn:xmpp:mam:2')?.attr('id')
    romeo.send(chat(`juliet@${domain}`, 'between'))
    await romeo.settle()
    managed.send('<presence/>')
    await managed.expect(`<presence from='${jid}'/>`)
    await managed.find("<message id='unarchived'/>")
    await managed.expect(body('between'))
    await managed.expectNothing()

    managed.send(
      "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><before/><max>2</max></set></query></iq>",
    )
    const page = [await managed.receive(), await managed.receive()]
    const ids = page.map((one) => one.child('result', 'urn:xmpp:mam:2')?.attr('id'))
    expect(ids[0]).toBe(end)
  })
})
