import { element } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { createIqScene } from './iq-scene.js'
import { createPing, pingGet } from './ping.js'

const server = 'capulet.example'
const account = 'juliet@capulet.example'

describe('XEP-0199', () => {
  test('a server answers anybody with an empty result', async () => {
    const scene = createIqScene()
    createPing(scene)
    const answer = await scene.send('get', server, 'stranger@other.example/x', pingGet.request.encode({}))
    expect([answer.type, answer.id, `${answer.to}`, `${answer.from}`]).toEqual([
      'result',
      'q1',
      'stranger@other.example/x',
      server,
    ])
    expect(answer.raw.children).toEqual([])
  })

  test('an account answers itself and those that may see its presence', async () => {
    const scene = createIqScene()
    createPing(scene)
    for (const from of [`${account}/balcony`, account, 'romeo@montague.example/orchard']) {
      expect((await scene.send('get', account, from, pingGet.request.encode({}))).type).toBe('result')
    }
  })

  test('L-6: to others it looks as if there were no such account', async () => {
    const scene = createIqScene()
    createPing(scene)
    expect(await scene.ask(pingGet, {}, account, 'stranger@other.example/x')).toBe('service-unavailable')
  })

  test('it is said to be supported while it is', async () => {
    const scene = createIqScene()
    const ping = createPing(scene)
    for (const to of [server, account]) expect(await scene.features(to)).toContain('urn:xmpp:ping')
    ping[Symbol.dispose]()
    for (const to of [server, account]) expect(await scene.features(to)).not.toContain('urn:xmpp:ping')
    expect(await scene.ask(pingGet, {}, server, 'a@b/c')).toBe('service-unavailable')
  })

  test('something else in its namespace, or a set, is not a ping', async () => {
    const scene = createIqScene()
    createPing(scene)
    const pong = element('pong', 'urn:xmpp:ping', {}).encode({})
    expect((await scene.send('get', server, 'a@b/c', pong)).type).toBe('error')
    expect((await scene.send('set', server, 'a@b/c', pingGet.request.encode({}))).type).toBe('error')
  })
})
