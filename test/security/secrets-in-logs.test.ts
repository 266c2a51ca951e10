import { encodeBase64 } from '@xmppkit/sasl'
import { NS } from '@xmppkit/stanza'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority } from './certificates.js'
import { login, mechanismOf, offered, type Profile, phone, profiles, repeat, request } from './logins.js'
import { domain, everyWay, password, type Scene } from './scene.js'
import { claims, createIssuer } from './tokens.js'

const authority = createAuthority('people of Verona')
const identity = authority.issue([`mallory@${domain}`])
const typo = 'correct horse battery stapel'

/** What was said in a login, in every form it could be written down. */
function secretsIn(said: readonly string[]): string[] {
  const encoded = said.flatMap((text) =>
    [...text.matchAll(/>([A-Za-z0-9+/=]{16,})</g)].map((match) => match[1] ?? ''),
  )
  const proofs = encoded.flatMap((text) =>
    [
      ...Buffer.from(text, 'base64')
        .toString('latin1')
        .matchAll(/p=([A-Za-z0-9+/]{20,}=*)$/g),
    ].map((match) => match[1] ?? ''),
  )
  return [...encoded, ...proofs]
}

describe.each(everyWay)('SEC-33: a log that tells everything, %s', (_name, way) => {
  let scene: Scene
  let token: string
  beforeAll(async () => {
    const issuer = await createIssuer()
    token = await issuer.sign(claims())
    scene = await way.open({ services: [issuer.service] }, authority.cert)
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  const expectSilence = (since: number, secrets: readonly string[]) => {
    const logged = scene.log.slice(since).join('\n')
    expect(logged).not.toBe('')
    expect(secrets.length).toBeGreaterThan(0)
    for (const secret of secrets) expect(logged).not.toContain(secret)
  }

  test.each(profiles)(
    'SEC-33: %s: has nothing of what proves a login, right or wrong, by any mechanism',
    async (profile: Profile) => {
      const { features } = await scene.visit({ identity })
      for (const name of offered(features, profile)) {
        for (const right of [true, false]) {
          const since = scene.log.length
          const bearer = right ? token : `${token.slice(0, -8)}AAAAAAAA`
          const secret = name === 'OAUTHBEARER' ? bearer : right ? password : typo
          const visitor = await scene.visit({ identity })
          const authzid = name === 'EXTERNAL' && !right ? { authzid: `juliet@${domain}` } : {}
          const mechanism = mechanismOf(name, { secret, ...authzid }, visitor.bindings)
          const { word, said } = await login(visitor, { profile, mechanism })
          expect([name, word === 'success']).toEqual([name, right])
          expectSilence(since, [...(name === 'EXTERNAL' ? [] : secretsIn(said)), secret])
          visitor.client.cut()
        }
      }
    },
  )

  test('SEC-33: has nothing of a password in the wrong place, nor of what a client says later', async () => {
    const since = scene.log.length
    const secret = 'my deepest secret'
    const plain = Buffer.from(`\0mallory\0${secret}`)
    const wrong = [
      request('SASL', secret.replaceAll(' ', '-'), encodeBase64(plain)),
      request('SASL2', 'SCRAM-SHA-256', encodeBase64(plain)),
      request('SASL2', 'PLAIN', encodeBase64(Buffer.concat([plain, Buffer.from('\0')]))),
      request(
        'SASL2',
        'OAUTHBEARER',
        encodeBase64(plain),
        `<user-agent id='${phone}'><device>${secret}</device></user-agent>`,
      ),
    ]
    for (const text of wrong) await repeat(await scene.visit(), text)
    const client = await scene.person('mallory')
    client.send(`<message to='juliet@${domain}' type='chat'><body>${secret}</body></message>`)
    client.send(`<message to='juliet@${domain}' type='${secret}'><body>${secret}</body></message>`)
    client.send(
      `<iq type='set' id='${secret}' to='${domain}'><query xmlns='${NS.register}'><username>mallory</username><password>${secret}</password></query></iq>`,
    )
    await client.settle()
    // The name of a mechanism is told as it came, for operators to see what clients want; nothing else is.
    const logged = scene.log.slice(since).join('\n')
    expect(logged).not.toContain(secret)
    expect(logged).not.toContain(encodeBase64(plain))
    expect(scene.errors()).toEqual([])
  })
})
