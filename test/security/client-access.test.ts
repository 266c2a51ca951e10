import { NS } from '@xmppkit/stanza'
import type { WireClient } from '@xmppkit/testing'
import { textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { heardUntil } from './forged-payloads.js'
import { agent, laptop, login, mechanismOf, phone, tokenOf, withToken } from './logins.js'
import { domain, everyWay, type Scene } from './scene.js'
import { claims, createIssuer } from './tokens.js'

const cam = 'urn:xmpp:cam:0'
const mechanism = 'HT-SHA-256-NONE'
const bind = `<bind xmlns='${NS.bind2}'><tag>x</tag></bind>`

/** The answer to a request of an account to itself. */
async function ask(client: WireClient, payload: string, attributes = "type='get'"): Promise<string> {
  client.send(`<iq id='cam' ${attributes}>${payload}</iq>`)
  const texts = await heardUntil(client, (text) => /^<iq [^>]*\bid="cam"/.test(text))
  return texts.at(-1) ?? ''
}

const list = (client: WireClient) => ask(client, `<list xmlns='${cam}'/>`)
const revoke = (client: WireClient, id: string) =>
  ask(client, `<revoke xmlns='${cam}' id='${id}'/>`, "type='set'")

interface Shown {
  readonly id: string
  readonly connected: string
  readonly auth: string
  readonly text: string
}

function shown(text: string): Shown[] {
  return [...text.matchAll(/<client ([^>]*)>(.*?)<\/client>/g)].map(([all, attributes = '', inner = '']) => ({
    id: /\bid="([^"]*)"/.exec(attributes)?.[1] ?? '',
    connected: /connected="([^"]*)"/.exec(attributes)?.[1] ?? '',
    auth: (/<auth>(.*?)<\/auth>/.exec(inner)?.[1] ?? '').replace(/[</>]+/g, ' ').trim(),
    text: all,
  }))
}

/** Comes with a token, as that installation, and stays. */
async function comeWithToken(scene: Scene, username: string, token: string, client: string) {
  const visitor = await scene.visit()
  const { word, answer } = await login(
    visitor,
    withToken({ username, token, client, mechanism, more: bind }, visitor.bindings),
  )
  expect(word).toBe('success')
  await visitor.client.receive()
  expect(textFromWire(answer.toWire())).toContain(`${username}@${domain}/`)
  return visitor.client
}

describe.each(everyWay)('XEP-0494: who has access to an account, %s', (_name, way) => {
  test('is told to the account, and to nobody else', async () => {
    await using scene = await way.open()
    const desk = await scene.person('juliet')
    await tokenOf(scene, { username: 'juliet', client: phone, mechanism })
    const clients = shown(await list(desk))
    expect(clients.map(({ connected, auth }) => [connected, auth])).toEqual([
      ['false', 'fast'],
      ['true', 'password'],
    ])
    for (const { text, id } of clients) {
      expect(text).toContain('<permission status="unrestricted"/>')
      expect(text).toMatch(/<last-seen>2023-11-14T\d\d:\d\d:\d\dZ<\/last-seen>/)
      // What a client calls itself is its own affair, and no key to anything.
      expect(text).not.toContain(phone)
      expect(id.length).toBe(22)
    }
    const mallory = await scene.person('mallory')
    for (const to of [`juliet@${domain}`, `nobody@${domain}`]) {
      expect(await ask(mallory, `<list xmlns='${cam}'/>`, `type='get' to='${to}'`)).toContain('type="error"')
      const set = `<revoke xmlns='${cam}' id='${clients[0]?.id}'/>`
      expect(await ask(mallory, set, `type='set' to='${to}'`)).toContain('type="error"')
    }
    expect(shown(await list(mallory)).map(({ auth }) => auth)).toEqual(['password'])
    expect(shown(await list(desk))).toHaveLength(2)
  })

  test('SEC-31: access by a token is taken with its session, connected or waiting', async () => {
    await using scene = await way.open()
    const desk = await scene.person('juliet')
    for (const waits of [false, true]) {
      await scene.clock.advance(1)
      const token = await tokenOf(scene, { username: 'juliet', client: phone, mechanism })
      const thief = await comeWithToken(scene, 'juliet', token, phone)
      if (waits) {
        thief.send(`<enable xmlns='${NS.streamManagement}' resume='true'/>`)
        await thief.find(`<enabled xmlns='${NS.streamManagement}'/>`)
        thief.cut()
      }
      const stolen = shown(await list(desk)).find(({ auth }) => auth === 'fast')
      expect(stolen?.connected).toBe('true')
      expect(await revoke(desk, stolen?.id ?? '')).toContain('type="result"')
      if (!waits) {
        await thief.find(`<error xmlns='${NS.streams}'><not-authorized xmlns='${NS.streamErrors}'/></error>`)
      }
      expect(shown(await list(desk)).map(({ auth }) => auth)).toEqual(['password'])
      const again = await scene.visit()
      const attempt = withToken({ username: 'juliet', token, client: phone, mechanism }, again.bindings)
      expect((await login(again, attempt)).word).toBe('not-authorized')
    }
    expect(scene.errors()).toEqual([])
  })

  test('a client may take its own, and sees the answer', async () => {
    await using scene = await way.open()
    const token = await tokenOf(scene, { username: 'juliet', client: laptop, mechanism })
    const client = await comeWithToken(scene, 'juliet', token, laptop)
    const [own] = shown(await list(client))
    expect(await revoke(client, own?.id ?? '')).toContain('type="result"')
    await scene.clock.advance(0)
    await client.find(`<error xmlns='${NS.streams}'><not-authorized xmlns='${NS.streamErrors}'/></error>`)
  })

  test('from who has the password, or a grant of others, it is not taken, and nothing pretends so', async () => {
    const issuer = await createIssuer()
    await using scene = await way.open({ services: [issuer.service] })
    const desk = await scene.person('juliet')
    const visitor = await scene.visit()
    const bearer = mechanismOf(
      'OAUTHBEARER',
      { secret: await issuer.sign(claims({ sub: 'juliet' })) },
      visitor.bindings,
    )
    const granted = { profile: 'SASL2', mechanism: bearer, more: `${agent(phone)}${bind}` } as const
    expect((await login(visitor, granted)).word).toBe('success')
    const clients = shown(await list(desk))
    expect(clients.map(({ auth }) => auth).sort()).toEqual(['grant', 'password'])
    const idOf = (auth: string) => clients.find((one) => one.auth === auth)?.id ?? ''
    expect(await revoke(desk, idOf('password'))).toMatch(
      /<service-unavailable [^>]*\/><password-reset-required xmlns="urn:xmpp:cam:0"\/>/,
    )
    const grant = await revoke(desk, idOf('grant'))
    expect(grant).toContain('<service-unavailable')
    expect(grant).not.toContain('password-reset-required')
    expect(await revoke(desk, 'nobody')).toContain('<item-not-found')
    expect(shown(await list(desk))).toHaveLength(2)
    await visitor.client.settle()
  })
})
