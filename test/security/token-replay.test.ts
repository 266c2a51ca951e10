import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import { NS } from '@xmppkit/stanza'
import { generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  agent,
  laptop,
  login,
  mechanismOf,
  phone,
  profiles,
  repeat,
  request,
  type TokenLogin,
  tokenOf,
  withToken,
} from './logins.js'
import { domain, everyWay, otherDomain, password, type Scene } from './scene.js'
import { audience, claims, createIssuer, type Issuer, signed, startSeconds } from './tokens.js'

const fast = 'urn:xmpp:fast:0'
const mechanism = 'HT-SHA-256-NONE'
const day = 24 * 3600_000
const mallory = parseJid(`mallory@${domain}`).bare

describe.each(everyWay)('SEC-32: tokens of FAST, %s', (_name, way) => {
  let scene: Scene
  beforeAll(async () => {
    scene = await way.open()
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  const fresh = async (username = 'mallory', client = phone) => {
    // A login that began before tokens were taken gets none.
    await scene.clock.advance(1)
    return tokenOf(scene, { username, client, mechanism })
  }
  const use = async (token: string, about: Partial<TokenLogin> = {}) => {
    const visitor = await scene.visit()
    const outcome = await login(
      visitor,
      withToken({ token, client: phone, mechanism, ...about }, visitor.bindings),
    )
    visitor.client.cut()
    return outcome
  }
  const word = async (token: string, about: Partial<TokenLogin> = {}) => (await use(token, about)).word

  test('SEC-32: a login that counts is good once, however often it is sent, and one at a time', async () => {
    const token = await fresh()
    const { said, word: first } = await use(token, { fast: "count='5'" })
    expect(first).toBe('success')
    for (let n = 0; n < 3; n++)
      expect(await repeat(await scene.visit(), said[0] as string)).toBe('not-authorized')
    for (const count of [5, 4, 1])
      expect(await word(token, { fast: `count='${count}'` })).toBe('not-authorized')
    for (const count of ['0', '-1', 'x', '9999999999', '6.5'])
      expect(await word(token, { fast: `count='${count}'` })).toBe('not-authorized')
    const race = await Promise.all([6, 6, 6, 6].map((count) => word(token, { fast: `count='${count}'` })))
    expect(race.filter((one) => one === 'success')).toHaveLength(1)
  })

  test('SEC-32: once the new one was used, the older one is none', async () => {
    const old = await fresh()
    expect(await word(old)).toBe('success')
    const more = `<request-token xmlns='${fast}' mechanism='${mechanism}'/>`
    const { answer } = await use(old, { more })
    const next = answer.child('token', fast)?.attr('token') ?? ''
    // The client may never have got it: until it uses it, the old one is good.
    expect(await word(old)).toBe('success')
    expect(await word(next)).toBe('success')
    expect(await word(old)).toBe('not-authorized')
    expect(await word(next)).toBe('success')
  })

  test('SEC-32: one that was invalidated is none, and neither is that of its rotation', async () => {
    const token = await fresh()
    expect(await word(token, { fast: "invalidate='true'" })).toBe('success')
    expect(await word(token)).toBe('not-authorized')
    const rotated = await fresh()
    const more = `<request-token xmlns='${fast}' mechanism='${mechanism}'/>`
    const { answer } = await use(rotated, { more })
    const next = answer.child('token', fast)?.attr('token') ?? ''
    expect(await word(rotated, { fast: "invalidate='1'" })).toBe('success')
    for (const gone of [rotated, next]) expect(await word(gone)).toBe('not-authorized')
  })

  test('SEC-32: one is of no use to another account, another installation, or none', async () => {
    const token = await fresh()
    await fresh('juliet')
    await fresh('mallory', laptop)
    expect(await word(token, { username: 'juliet' })).toBe('not-authorized')
    expect(await word(token, { client: laptop })).toBe('not-authorized')
    const visitor = await scene.visit()
    const { mechanism: proof } = withToken({ token, client: phone, mechanism }, visitor.bindings)
    const anonymous = await login(visitor, {
      profile: 'SASL2',
      mechanism: proof,
      more: `<fast xmlns='${fast}'/>`,
    })
    expect(anonymous.word).toBe('invalid-mechanism')
    expect(await word(token)).toBe('success')
  })

  test('SEC-32: one is no password, and proves nothing at another domain', async () => {
    const token = await fresh()
    const visitor = await scene.visit()
    const plain = mechanismOf('PLAIN', { secret: token }, visitor.bindings)
    expect((await login(visitor, { profile: 'SASL2', mechanism: plain })).word).toBe('not-authorized')
    const julietsToken = await fresh('juliet')
    const elsewhere = await scene.visit({ to: otherDomain })
    const attempt = withToken(
      { username: 'juliet', token: julietsToken, client: phone, mechanism },
      elsewhere.bindings,
    )
    expect((await login(elsewhere, attempt)).word).toBe('not-authorized')
  })

  test('A-20: none is good after a new password, nor the session it made', async () => {
    const token = await fresh()
    const visitor = await scene.visit()
    await login(
      visitor,
      withToken({ token, client: phone, mechanism, more: `<bind xmlns='${NS.bind2}'/>` }, visitor.bindings),
    )
    await scene.server.host().get(AccountsService).changePassword(mallory, password)
    await visitor.client.find(
      `<error xmlns='${NS.streams}'><not-authorized xmlns='${NS.streamErrors}'/></error>`,
    )
    expect(await word(token)).toBe('not-authorized')
  })

  test('SEC-32: one that was revoked is none', async () => {
    const token = await fresh()
    await scene.server.commands.call('revoke_login_tokens', { account: mallory.toString(), client: phone })
    expect(await word(token)).toBe('not-authorized')
  })

  test('SEC-32: one has an end, and using it does not put that off', async () => {
    const token = await fresh()
    for (let days = 0; days < 20; days += 5) {
      expect(await word(token)).toBe('success')
      await scene.clock.advance(5 * day)
    }
    // Before it is swept away.
    await scene.clock.advance(day + 10)
    expect(await word(token)).toBe('credentials-expired')
  })

  test('SEC-33: no token, proof or id of a client reaches the log', async () => {
    const before = scene.log.length
    const token = await fresh()
    const { said } = await use(token)
    const logged = scene.log.slice(before).join('\n')
    expect(logged).toContain(mechanism)
    const proof = /<initial-response>([^<]+)/.exec(said[0] as string)?.[1] ?? ''
    expect(proof).not.toBe('')
    for (const secret of [token, proof, phone]) expect(logged).not.toContain(secret)
  })

  test('SEC-32: nothing was wrong on our side', () => expect(scene.errors()).toEqual([]))
})

describe.each(everyWay)('SEC-32: tokens of an issuer, %s', (_name, way) => {
  let scene: Scene
  let issuer: Issuer
  beforeAll(async () => {
    issuer = await createIssuer()
    scene = await way.open({ services: [issuer.service] })
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  const outcomes = async (token: string) => {
    const words: string[] = []
    for (const profile of profiles) {
      const visitor = await scene.visit()
      const bearer = mechanismOf('OAUTHBEARER', { secret: token }, visitor.bindings)
      words.push((await login(visitor, { profile, mechanism: bearer })).word)
      visitor.client.cut()
    }
    return words
  }
  const refused = ['not-authorized', 'not-authorized']
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  test('SEC-32: a good one lets in whom it names', async () => {
    expect(await outcomes(await issuer.sign(claims()))).toEqual(['success', 'success'])
  })

  test.each([
    ['has expired', { exp: startSeconds - 60 }],
    ['has no end', { exp: undefined as never }],
    ['begins later', { nbf: startSeconds + 60 }],
    ['is for somebody else', { aud: 'https://shop.test' }],
    ['is for others beside', { aud: ['https://shop.test', `${audience}x`] }],
    ['is for nobody', { aud: undefined as never }],
    ['is of somebody else', { iss: 'https://evil.test' }],
    ['names nobody', { sub: '' }],
    ['names an account of another domain', { sub: `juliet@${otherDomain}` }],
    ['names a session', { sub: `juliet@${domain}/r` }],
  ])('SEC-32: one that %s lets nobody in', async (_what, about) => {
    expect(await outcomes(await issuer.sign(claims(about)))).toEqual(refused)
  })

  test('SEC-32: alg none, however it is spelt, is no signature', async () => {
    for (const alg of ['none', 'None', 'NONE', '', 'nOnE']) {
      expect(await outcomes(`${part({ alg })}.${part(claims())}.`)).toEqual(refused)
    }
    const [header, , signature] = (await issuer.sign(claims())).split('.')
    expect(await outcomes(`${header}.${part(claims({ sub: 'juliet' }))}.${signature}`)).toEqual(refused)
    expect(await outcomes(`${header}.${part(claims({ sub: 'juliet' }))}.`)).toEqual(refused)
  })

  test('SEC-32: a public key is no secret: HS256 with the key of RS256', async () => {
    for (const secret of [
      issuer.publicPem,
      issuer.publicPem.trim(),
      issuer.publicPem.replace(/-----[^-]+-----|\s/g, ''),
    ]) {
      expect(await outcomes(await signed(claims(), Buffer.from(secret), 'HS256'))).toEqual(refused)
      expect(await outcomes(await signed(claims(), Buffer.from(secret), 'HS256', { kid: 'ours' }))).toEqual(
        refused,
      )
    }
  })

  test('SEC-32: a token does not bring its own key', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = await crypto.subtle.exportKey('jwk', publicKey)
    for (const header of [
      { jwk },
      { jku: 'https://evil.test/keys' },
      { kid: 'ours' },
      { x5u: 'https://evil.test/' },
    ]) {
      expect(await outcomes(await signed(claims(), privateKey, 'RS256', header))).toEqual(refused)
    }
    expect(
      await outcomes(await issuer.sign(claims(), { crit: ['urn:x'], 'urn:x': 1 }).catch(() => 'a.b.c')),
    ).toEqual(refused)
  })

  test('SEC-33: no token reaches the log, good or not', async () => {
    const tokens = [await issuer.sign(claims()), await issuer.sign(claims({ exp: startSeconds - 60 }))]
    for (const token of tokens) {
      await outcomes(token)
      for (const piece of token.split('.').slice(1)) expect(scene.log.join('\n')).not.toContain(piece)
    }
    expect(scene.errors()).toEqual([])
  })
})

describe.each(everyWay)('SEC-32: an exchange of SCRAM that was overheard, %s', (_name, way) => {
  let scene: Scene
  beforeAll(async () => {
    scene = await way.open()
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  test.each(
    profiles.flatMap((profile) =>
      ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1'].map((name) => [profile, name] as const),
    ),
  )('A-11: %s, %s: its nonce and its proof are good once', async (profile, name) => {
    const victim = await scene.visit()
    const { said, word, challenges } = await login(victim, {
      profile,
      mechanism: mechanismOf(name, { username: 'juliet' }, new Map()),
    })
    expect(word).toBe('success')
    for (let n = 0; n < 2; n++) {
      const thief = await scene.visit()
      thief.client.send(said[0] as string)
      const challenge = Buffer.from((await thief.client.receive()).text(), 'base64').toString()
      // The same client's nonce, the same salt, and another nonce of ours behind it.
      expect(challenge).not.toBe(challenges[0])
      const nonce = (text: string) => /r=([^,]+)/.exec(text)?.[1] ?? ''
      expect(nonce(challenge).length).toBe(nonce(challenges[0] as string).length)
      expect(await repeat(thief, said[1] as string)).toBe('not-authorized')
      // With the new nonce in it the proof is that of another exchange.
      const final = Buffer.from(/>([^<]+)</.exec(said[1] as string)?.[1] ?? '', 'base64').toString()
      thief.client.send(said[0] as string)
      const again = Buffer.from((await thief.client.receive()).text(), 'base64').toString()
      const adapted = Buffer.from(final.replace(/r=[^,]+/, `r=${nonce(again)}`)).toString('base64')
      const ns = profile === 'SASL' ? NS.sasl : NS.sasl2
      expect(await repeat(thief, `<response xmlns='${ns}'>${adapted}</response>`)).toBe('not-authorized')
      thief.client.cut()
    }
  })

  test('A-11: the proof alone, without a beginning, is malformed', async () => {
    const visitor = await scene.visit()
    for (const [profile, ns] of [
      ['SASL', NS.sasl],
      ['SASL2', NS.sasl2],
    ] as const) {
      expect([profile, await repeat(visitor, `<response xmlns='${ns}'>AA==</response>`)]).toEqual([
        profile,
        'malformed-request',
      ])
    }
    expect(await repeat(visitor, request('SASL2', 'SCRAM-SHA-256', '', agent(phone)))).toBe(
      'malformed-request',
    )
  })
})
