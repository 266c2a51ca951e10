import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { matchXml } from '@xmppkit/testing'
import type { RawElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { inMemory } from '../wire/ways.js'
import { allWays, body, chat, domain, failure, openScene, type Person, type Scene } from './scene.js'

const resumeMs = 600_000
const streamErrors = 'urn:ietf:params:xml:ns:xmpp-streams'
const unavailable =
  "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
const query = (to: unknown, id: string) =>
  `<iq type='get' id='${id}' to='${String(to)}'><query xmlns='jabber:iq:version'/></iq>`

interface Returned {
  readonly person: Person
  readonly messages: readonly RawElement[]
  /** Ids of the messages that came late, and say so. */
  readonly late: readonly string[]
}

/** Somebody logs in and gets what waits. */
async function comesBack(scene: Scene, name: string, resource: string): Promise<Returned> {
  const person = await scene.managed(name, resource, '')
  person.send('<presence/>')
  await person.settle()
  await scene.clock.advance(0)
  const messages = (await person.receiveAll()).filter((el) => el.name === 'message')
  const late = messages.filter((el) => matchXml(el, body(el.attr('id') ?? '', true)) === undefined)
  expect(late).toHaveLength(messages.length)
  return { person, messages, late: late.map((el) => el.attr('id') ?? '') }
}

describe.each(allWays)('the end of a session %s', (_name, way) => {
  test('SM-6 SM-9: messages wait for the next login, in order, with the time they came', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    const stamp = new Date(scene.clock.now()).toISOString().slice(0, 19)
    romeo.send(chat(juliet.jid.toString(), '1') + chat(juliet.jid.bare.toString(), '2'))
    await romeo.settle()
    await juliet.expect(body('1', false))
    juliet.acknowledge()
    await juliet.client.receive() // the second message, which nobody counts
    await scene.cut(juliet)
    romeo.send(chat(juliet.jid.toString(), '3') + chat(juliet.jid.bare.toString(), '4'))
    await romeo.settle()
    await scene.clock.advance(resumeMs)
    const { late, messages } = await comesBack(scene, 'juliet', 'new')
    // The second one had arrived with the first, but was not acknowledged.
    expect(late).toEqual(['2', '3', '4'])
    for (const message of messages) {
      expect(message.child('delay', 'urn:xmpp:delay')?.attr('stamp')).toContain(stamp)
    }
    await romeo.expectNothing()
  })

  test('SM-6: what was received but not acknowledged waits too', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    await juliet.expect(body('1'))
    await scene.cut(juliet)
    await scene.clock.advance(resumeMs)
    expect((await comesBack(scene, 'juliet', 'new')).late).toEqual(['1'])
  })

  test('SM-5: who comes too late learns what had arrived', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    juliet.send(chat('romeo@capulet.test', '1'))
    await juliet.settle()
    await scene.cut(juliet)
    await scene.clock.advance(resumeMs)
    const client = await scene.authenticated('juliet')
    const failed = await client.resume(juliet)
    expect([failure(failed), failed.attr('h')]).toEqual(['failed item-not-found', '2'])
    const romeo = await scene.authenticated('romeo')
    expect((await romeo.resume(juliet)).attr('h')).toBeUndefined()
    await scene.clock.advance(172_800_000)
    const later = await (await scene.authenticated('juliet')).resume(juliet)
    expect(later.attr('h')).toBeUndefined()
  })

  test('SM-6: a new session with the address gets its messages, and none of its requests', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    romeo.send(chat(juliet.jid.toString(), '1') + query(juliet.jid, 'q') + chat(juliet.jid.toString(), '2'))
    await romeo.settle()
    const again = await scene.bound('juliet')
    await again.client.expect(body('1', true))
    await again.client.expect(body('2', true))
    await again.client.expectNothing()
    await romeo.expect(`<iq type='error' id='q' from='${juliet.jid}'>${unavailable}</iq>`)
    await romeo.expectNothing()
  })
})

describe('the end of a session', () => {
  test('SM-6: presence is dropped, requests are answered, answers and errors are nobody’s', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    const to = juliet.jid.toString()
    romeo.send(
      `<presence to='${to}'/>${query(to, 'get')}<iq type='result' id='r' to='${to}'/>` +
        `<message type='error' id='e' to='${to}'><error type='cancel'/></message>` +
        `<message type='headline' id='h' to='${to}'><body>h</body></message>` +
        `<message type='groupchat' id='g' to='${to}'><body>g</body></message>`,
    )
    await romeo.settle()
    await scene.clock.advance(resumeMs)
    const got = [await romeo.receive(), await romeo.receive()].map((el) => `${el.name} ${el.attr('id')}`)
    expect(got.sort()).toEqual(['iq get', 'message g'])
    await romeo.expectNothing()
    expect((await comesBack(scene, 'juliet', 'new')).late).toEqual([])
  })

  test('SM-6: another resource takes over what only this one was given', async () => {
    await using scene = await openScene(inMemory)
    const phone = await scene.managed('juliet', 'phone')
    const juliet = await scene.managed('juliet', 'r', '<presence><priority>5</priority></presence>')
    await phone.forget()
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    romeo.send(chat(juliet.jid.bare.toString(), '1') + chat(juliet.jid.toString(), '2'))
    await romeo.settle()
    await phone.expectNothing()
    await scene.clock.advance(resumeMs)
    await phone.expect(`<presence type='unavailable' from='${juliet.jid}'/>`)
    await phone.expect(body('1', true))
    await phone.expect(body('2', true))
    await phone.expectNothing()
  })

  test('SM-9: no resource gets a second copy, and one that nobody confirmed is kept', async () => {
    await using scene = await openScene(inMemory, { sessions: { bareMessages: 'all-non-negative' } })
    const phone = await scene.managed('juliet', 'phone')
    const juliet = await scene.managed('juliet')
    await phone.forget()
    const romeo = await scene.managed('romeo')
    romeo.send(chat(juliet.jid.bare.toString(), '1'))
    await romeo.settle()
    await juliet.expect(body('1', false))
    await phone.expect(body('1', false))
    phone.acknowledge()
    await phone.settle()
    await scene.cut(juliet)
    romeo.send(chat(juliet.jid.bare.toString(), '2'))
    await romeo.settle()
    await phone.expect(body('2', false))
    await scene.cut(phone)
    await scene.clock.advance(resumeMs)
    expect((await comesBack(scene, 'juliet', 'new')).late).toEqual(['2'])
    await romeo.expectNothing()
  })

  test('SM-5: a client may ask to be waited for not so long', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.bound('juliet')
    await juliet.enable("resume='true' max='60'")
    await scene.cut(juliet)
    await scene.clock.advance(59_999)
    const again = await scene.resumed(juliet)
    await scene.cut(again)
    await scene.clock.advance(60_000)
    expect(failure(await (await scene.authenticated('juliet')).resume(juliet))).toBe('failed item-not-found')
  })

  test('SM-6: a session that cannot be resumed gives back at once', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.bound('juliet')
    await juliet.enable('')
    const romeo = await scene.managed('romeo')
    romeo.send(chat(juliet.jid.toString(), '1') + query(juliet.jid, 'q'))
    await romeo.settle()
    await juliet.expect(body('1', false))
    await scene.cut(juliet)
    await romeo.expect(`<iq type='error' id='q'>${unavailable}</iq>`)
    expect((await comesBack(scene, 'juliet', 'new')).late).toEqual(['1'])
  })

  test('SM-6: whoever says goodbye without acknowledging gets it at the next login', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    romeo.send(chat(juliet.jid.toString(), '1') + chat(juliet.jid.toString(), '2'))
    await romeo.settle()
    await juliet.expect(body('1'))
    juliet.acknowledge()
    await juliet.client.close().catch(() => {})
    expect((await comesBack(scene, 'juliet', 'new')).late).toEqual(['2'])
  })

  test('SM-7: one stanza too many ends a session that waits, and all of it is kept in order', async () => {
    await using scene = await openScene(inMemory, { streamManagement: { maxUnacknowledged: 10 } })
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    const ids = Array.from({ length: 15 }, (_, i) => `m${i}`)
    for (const id of ids) romeo.send(chat(juliet.jid.toString(), id))
    await romeo.settle()
    expect(failure(await (await scene.authenticated('juliet')).resume(juliet))).toBe('failed item-not-found')
    expect((await comesBack(scene, 'juliet', 'new')).late).toEqual(ids)
    await romeo.expectNothing()
  })

  test('SM-7: the same goes for bytes', async () => {
    await using scene = await openScene(inMemory, { streamManagement: { maxUnacknowledgedBytes: 2_000 } })
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    const big = 'x'.repeat(1_000)
    romeo.send(chat(juliet.jid.toString(), big))
    await romeo.settle()
    expect(failure(await (await scene.authenticated('juliet')).resume(juliet))).toBe('failed item-not-found')
    expect((await comesBack(scene, 'juliet', 'new')).late).toEqual([big])
  })

  test('SM-7: a client that is there has time to acknowledge a burst, and none that never ends', async () => {
    await using scene = await openScene(inMemory, { streamManagement: { maxUnacknowledged: 10 } })
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    for (let i = 0; i < 30; i += 1) romeo.send(chat(juliet.jid.toString(), `a${i}`))
    await romeo.settle()
    await juliet.forget()
    juliet.acknowledge()
    await juliet.settle()
    await scene.clock.advance(10_000)
    await juliet.expectNothing()
    for (let i = 0; i < 11; i += 1) romeo.send(chat(juliet.jid.toString(), `b${i}`))
    await romeo.settle()
    await juliet.forget()
    await scene.clock.advance(10_000)
    expect((await juliet.client.receive()).has('resource-constraint', streamErrors)).toBe(true)
    const { late } = await comesBack(scene, 'juliet', 'new')
    expect(late).toEqual(Array.from({ length: 11 }, (_, i) => `b${i}`))
  })

  test('SM-7: of one account only some sessions wait, the last ones', async () => {
    await using scene = await openScene(inMemory, { streamManagement: { maxWaitingPerAccount: 2 } })
    const people: Person[] = []
    for (const resource of ['a', 'b', 'c']) people.push(await scene.managed('juliet', resource, ''))
    for (const person of people) await scene.cut(person)
    expect(failure(await (await scene.authenticated('juliet')).resume(people[0]!))).toBe(
      'failed item-not-found',
    )
    for (const person of people.slice(1)) await expect(scene.resumed(person)).resolves.toBeDefined()
  })

  test('SM-7: of all accounts only so many', async () => {
    await using scene = await openScene(inMemory, { streamManagement: { maxWaiting: 1 } })
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    await scene.cut(romeo)
    expect(failure(await (await scene.authenticated('juliet')).resume(juliet))).toBe('failed item-not-found')
    await expect(scene.resumed(romeo)).resolves.toBeDefined()
  })

  test('SM-6: an administrator may end it', async () => {
    await using scene = await openScene(inMemory)
    const juliet = await scene.managed('juliet')
    const romeo = await scene.managed('romeo')
    await scene.cut(juliet)
    romeo.send(chat(juliet.jid.toString(), '1'))
    await romeo.settle()
    await scene.server.commands.call('kick_session', { address: juliet.jid.toString() })
    const failed = await (await scene.authenticated('juliet')).resume(juliet)
    expect([failure(failed), failed.attr('h')]).toEqual(['failed item-not-found', '1'])
    expect((await comesBack(scene, 'juliet', 'new')).late).toEqual(['1'])
  })

  test('OFF-1: stored messages are gone when the client has acknowledged them, and only then', async () => {
    await using scene = await openScene(inMemory)
    const romeo = await scene.managed('romeo')
    for (const id of ['1', '2', '3']) romeo.send(chat(`juliet@${domain}`, id))
    await romeo.settle()
    const first = await comesBack(scene, 'juliet', 'r')
    expect(first.late).toEqual(['1', '2', '3'])
    await scene.cut(first.person)
    // The connection had them; nobody knows whether the client has.
    await scene.clock.advance(resumeMs)
    const second = await comesBack(scene, 'juliet', 'second')
    expect(second.late).toEqual(['1', '2', '3'])
    second.person.acknowledge()
    await second.person.settle()
    await second.person.client.close()
    expect((await comesBack(scene, 'juliet', 'third')).late).toEqual([])
  })

  test('OFF-1: so they are when it comes back and says that it has them', async () => {
    await using scene = await openScene(inMemory)
    const romeo = await scene.managed('romeo')
    for (const id of ['1', '2']) romeo.send(chat(`juliet@${domain}`, id))
    await romeo.settle()
    const first = await comesBack(scene, 'juliet', 'r')
    expect(first.late).toEqual(['1', '2'])
    await scene.cut(first.person)
    const again = await scene.resumed(first.person)
    await again.expectNothing()
    await again.client.close()
    expect((await comesBack(scene, 'juliet', 'new')).late).toEqual([])
  })

  test('SM-5 SM-6: a server that stops loses nothing of sessions, waiting or not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'xmppkit-sm-'))
    const options = { storage: { path: join(folder, 'test.sqlite') } }
    let nurseId = ''
    try {
      {
        await using scene = await openScene(inMemory, options)
        const juliet = await scene.managed('juliet')
        const nurse = await scene.managed('nurse')
        const romeo = await scene.managed('romeo')
        await scene.cut(juliet)
        for (const id of ['1', '2', '3']) romeo.send(chat(juliet.jid.toString(), id))
        romeo.send(chat(nurse.jid.toString(), '4'))
        await romeo.settle()
        await nurse.expect(body('4', false))
        nurse.send(chat(romeo.jid.toString(), '5'))
        await nurse.settle()
        nurseId = nurse.id
        await scene.server.close()
      }
      await using scene = await openScene(inMemory, options)
      const juliet = await scene.managed('juliet', 'r', '')
      const nurse = await scene.managed('nurse', 'r', '')
      juliet.send('<presence/>')
      nurse.send('<presence/>')
      for (const id of ['1', '2', '3']) await juliet.find(body(id, true))
      await nurse.find(body('4', true))
      // What they had sent is known still.
      const failed = await (await scene.authenticated('nurse')).resume({ id: nurseId, handled: 0 })
      expect([failure(failed), failed.attr('h')]).toEqual(['failed item-not-found', '2'])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
