import { NS } from '@xmppkit/stanza'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority } from './certificates.js'
import { login, mechanismOf, offered, type Profile, phone, profiles, tokenOf, withToken } from './logins.js'
import { domain, everyWay, otherDomain, type Scene, type Visitor } from './scene.js'
import { claims, createIssuer, type Issuer } from './tokens.js'

/** Everything somebody may put where the identity to act as goes. */
const identities = [
  `juliet@${domain}`,
  `JULIET@${domain}`,
  `juliet@${domain}/r`,
  `mallory@${domain}/r`,
  'juliet',
  'mallory',
  domain,
  `mallory@${otherDomain}`,
  `juliet@${otherDomain}`,
  `mallory@x.${domain}`,
  '@',
  ' ',
]

/** What this server offers somebody with a certificate over TLS: a new mechanism has to appear in this file. */
const mechanisms = [
  'EXTERNAL',
  'SCRAM-SHA-512-PLUS',
  'SCRAM-SHA-256-PLUS',
  'SCRAM-SHA-1-PLUS',
  'SCRAM-SHA-512',
  'SCRAM-SHA-256',
  'SCRAM-SHA-1',
  'OAUTHBEARER',
  'PLAIN',
]
const cases = profiles.flatMap((profile) => mechanisms.map((mechanism) => [profile, mechanism] as const))
const authority = createAuthority('people of Verona')
const own = authority.issue([`mallory@${domain}`])

describe.each(everyWay)('SEC-9: right credentials with the identity of somebody else, %s', (_name, way) => {
  let scene: Scene
  let issuer: Issuer
  let token: string
  beforeAll(async () => {
    issuer = await createIssuer()
    token = await issuer.sign(claims())
    scene = await way.open({ services: [issuer.service] }, authority.cert)
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  const claimed = (mechanism: string, authzid: string | undefined, { bindings }: Visitor) =>
    mechanismOf(
      mechanism,
      {
        ...(mechanism === 'OAUTHBEARER' && { secret: token }),
        ...(authzid !== undefined && { authzid }),
      },
      bindings,
    )

  test('SEC-9: these are all the mechanisms there are', async () => {
    const { features } = await scene.visit({ identity: own })
    for (const profile of profiles) expect(offered(features, profile)).toEqual(mechanisms)
  })

  test.each(cases)('A-6: %s, %s: gets nobody in', async (profile, mechanism) => {
    for (const authzid of identities) {
      const visitor = await scene.visit({ identity: own })
      const { word } = await login(visitor, { profile, mechanism: claimed(mechanism, authzid, visitor) })
      expect([authzid, word]).toEqual([authzid, 'invalid-authzid'])
      await expectNobody(visitor)
    }
  })

  test.each(cases)('A-6: %s, %s: gets its own account in, named or not', async (profile, mechanism) => {
    for (const authzid of [undefined, `mallory@${domain}`, `MALLORY@${domain.toUpperCase()}`]) {
      const visitor = await scene.visit({ identity: own })
      const { word } = await login(visitor, { profile, mechanism: claimed(mechanism, authzid, visitor) })
      expect([authzid, word]).toEqual([authzid, 'success'])
      expect(await nameOf(visitor, profile)).toBe(`mallory@${domain}`)
      visitor.client.cut()
    }
  })

  test('A-6 A-19: EXTERNAL: of several names the certificate has, one must be said; no other will do', async () => {
    const identity = authority.issue([`mallory@${domain}`, `nurse@${domain}`, `juliet@${otherDomain}`])
    for (const [authzid, outcome] of [
      [undefined, 'invalid-authzid'],
      [`juliet@${domain}`, 'invalid-authzid'],
      // Its name is in the certificate, and its domain is another.
      [`juliet@${otherDomain}`, 'invalid-authzid'],
      [`nurse@${domain}`, 'success'],
    ] as const) {
      const visitor = await scene.visit({ identity })
      const mechanism = claimed('EXTERNAL', authzid, visitor)
      expect([authzid, (await login(visitor, { profile: 'SASL2', mechanism })).word]).toEqual([
        authzid,
        outcome,
      ])
      visitor.client.cut()
    }
  })

  test('A-1 A-19: EXTERNAL: a certificate nobody here vouches for lets nobody in', async () => {
    const stranger = createAuthority('people of Mantua')
    for (const identity of [
      stranger.issue([`juliet@${domain}`]),
      authority.issue([`juliet@${otherDomain}`]),
    ]) {
      const visitor = await scene.visit({ identity })
      expect(offered(visitor.features, 'SASL2')).not.toContain('EXTERNAL')
      const mechanism = claimed('EXTERNAL', `juliet@${domain}`, visitor)
      expect((await login(visitor, { profile: 'SASL2', mechanism })).word).toBe('invalid-mechanism')
      await expectNobody(visitor)
    }
  })

  test.each(['HT-SHA-256-NONE', 'HT-SHA-256-ENDP', 'HT-SHA-256-EXPR'])(
    'A-6: SASL2, %s: has no place for one, and none for another name',
    async (mechanism) => {
      const own = await tokenOf(scene, { username: 'mallory', client: phone, mechanism })
      for (const username of [
        'juliet',
        `juliet@${domain}`,
        `mallory@${otherDomain}`,
        'nobody',
        'juliet\0mallory',
      ]) {
        const visitor = await scene.visit()
        const use = { username, token: own, client: phone, mechanism }
        const { word } = await login(visitor, withToken(use, visitor.bindings))
        expect(['not-authorized', 'malformed-request']).toContain(word)
        await expectNobody(visitor)
      }
      const visitor = await scene.visit()
      const use = { username: 'mallory', token: own, client: phone, mechanism }
      expect((await login(visitor, withToken(use, visitor.bindings))).word).toBe('success')
      visitor.client.cut()
    },
  )

  test.each(mechanisms)(
    'A-6: SASL2, %s: a header in the name of somebody else does not help',
    async (mechanism) => {
      const visitor = await scene.visit({ identity: own, from: `juliet@${domain}` })
      const attempt = { profile: 'SASL2', mechanism: claimed(mechanism, undefined, visitor) } as const
      expect((await login(visitor, attempt)).word).toBe('invalid-authzid')
      await expectNobody(visitor)
    },
  )

  test('A-6: an account of the same name at another domain of the server is another account', async () => {
    const visitor = await scene.visit({ to: otherDomain })
    // juliet has the same password there, and mallory no account.
    const mechanism = mechanismOf(
      'PLAIN',
      { authzid: `juliet@${domain}`, username: 'juliet' },
      visitor.bindings,
    )
    expect((await login(visitor, { profile: 'SASL2', mechanism })).word).toBe('invalid-authzid')
    const nobody = mechanismOf('PLAIN', {}, visitor.bindings)
    expect((await login(visitor, { profile: 'SASL2', mechanism: nobody })).word).toBe('not-authorized')
    await expectNobody(visitor)
  })

  test('SEC-9: nothing was wrong on our side', () => expect(scene.errors()).toEqual([]))
})

/** The stream is as it was before: nobody is logged in on it. */
async function expectNobody({ client }: Visitor): Promise<void> {
  client.send('<presence/>')
  await client.expect(`<error xmlns='${NS.streams}'><not-authorized xmlns='${NS.streamErrors}'/></error>`)
  await client.expectEnd()
  client.cut()
}

/** Who the server says one is, once a resource is bound. */
async function nameOf({ client }: Visitor, profile: Profile): Promise<string> {
  if (profile === 'SASL') await client.open()
  else await client.receive()
  client.send(`<iq type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`)
  const bound = await client.expect("<iq type='result' id='b'/>")
  return (bound.child('bind', NS.bind)?.childText('jid', NS.bind) ?? '').split('/')[0]!
}
