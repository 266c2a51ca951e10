import { advertisedHash, type ScramHash } from '@xmppkit/sasl'
import { NS } from '@xmppkit/stanza'
import { createPipe, createWireClient } from '@xmppkit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  agent,
  login,
  mechanismOf,
  offered,
  offeredBindings,
  type Profile,
  phone,
  profiles,
  repeat,
  request,
  tokenOf,
  withToken,
} from './logins.js'
import { domain, everyWay, inMemory, password, type Scene, type Visitor } from './scene.js'

const hashes: readonly ScramHash[] = ['SHA-512', 'SHA-256', 'SHA-1']
const cases = profiles.flatMap((profile) => hashes.map((hash) => [profile, hash] as const))
const none = new Map<string, Uint8Array>()
const somebodyElses = Buffer.alloc(32, 1)

describe.each(everyWay)('SEC-8: somebody in between with a certificate of their own, %s', (_name, way) => {
  let scene: Scene
  beforeAll(async () => {
    scene = await way.open()
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  /** A login with SCRAM; the client looks at the channel it is told to look at, and may say what it likes. */
  const scram = (
    visitor: Visitor,
    profile: Profile,
    name: string,
    bindings: Visitor['bindings'],
    tamper?: (challenge: string) => string,
  ) =>
    login(visitor, {
      profile,
      mechanism: mechanismOf(name, { username: 'romeo' }, bindings),
      ...(tamper && { tamper }),
    })

  test.each(cases)(
    'A-10 A-16: %s, SCRAM-%s-PLUS: has another channel, which is noticed',
    async (profile, hash) => {
      for (const type of ['tls-exporter', 'tls-server-end-point']) {
        const name = `SCRAM-${hash}-PLUS`
        const right = await scene.visit()
        const data = right.bindings.get(type)
        if (data === undefined) throw new Error(`no ${type}`)
        expect((await scram(right, profile, name, new Map([[type, data]]))).word).toBe('success')
        const wrong = await scene.visit()
        const elsewhere = new Map([[type, somebodyElses]])
        expect((await scram(wrong, profile, name, elsewhere)).word).toBe('not-authorized')
      }
    },
  )

  test.each(profiles)(
    'A-10: %s: what was said on one connection is worth nothing on another',
    async (profile) => {
      const [theirs, mine] = [await scene.visit(), await scene.visit()]
      const exporter = theirs.bindings.get('tls-exporter') as Uint8Array
      expect(mine.bindings.get('tls-exporter')).not.toEqual(exporter)
      const relayed = await scram(mine, profile, 'SCRAM-SHA-256-PLUS', new Map([['tls-exporter', exporter]]))
      expect(relayed.word).toBe('not-authorized')
    },
  )

  test.each(cases)(
    'SEC-9 A-9: %s, SCRAM-%s: takes the -PLUS mechanisms off the list, which the client’s y gives away',
    async (profile, hash) => {
      const visitor = await scene.visit()
      const first = `y,,n=romeo,r=${'n'.repeat(24)}`
      const said = request(profile, `SCRAM-${hash}`, Buffer.from(first).toString('base64'))
      expect(await repeat(visitor, said)).toBe('malformed-request')
      // A client that has no bindings says n, and gets in.
      expect((await scram(visitor, profile, `SCRAM-${hash}`, none)).word).toBe('success')
    },
  )

  test('A-9: OAUTHBEARER: the same flag, the same answer', async () => {
    const visitor = await scene.visit()
    // Nobody takes tokens here, so the mechanism is not even there.
    const said = request(
      'SASL2',
      'OAUTHBEARER',
      Buffer.from('y,,\u0001auth=Bearer x\u0001\u0001').toString('base64'),
    )
    expect(await repeat(visitor, said)).toBe('invalid-mechanism')
  })

  test.each(cases)('A-9: %s, SCRAM-%s: cannot mix mechanism and flag', async (profile, hash) => {
    const flags = [
      [`SCRAM-${hash}`, 'p=tls-exporter'],
      [`SCRAM-${hash}-PLUS`, 'n'],
      [`SCRAM-${hash}-PLUS`, 'y'],
      [`SCRAM-${hash}-PLUS`, 'p=tls-unique'],
      [`SCRAM-${hash}-PLUS`, 'p=nonsense'],
    ] as const
    for (const [mechanism, flag] of flags) {
      const visitor = await scene.visit()
      const first = Buffer.from(`${flag},,n=romeo,r=${'n'.repeat(24)}`).toString('base64')
      expect([flag, await repeat(visitor, request(profile, mechanism, first))]).toEqual([
        flag,
        'malformed-request',
      ])
      visitor.client.cut()
    }
  })

  test.each(profiles)('A-10: %s: cannot swap the gs2 header within the exchange', async (profile) => {
    // The client begins with n and is made to end with what a client that was shown no -PLUS would say.
    const visitor = await scene.visit()
    const honest = mechanismOf('SCRAM-SHA-256', { username: 'romeo' }, none)
    const swapped: typeof honest = {
      ...honest,
      async next(challenge) {
        const final = Buffer.from(await honest.next(challenge)).toString()
        return Buffer.from(final.replace('c=biws', 'c=eSws'))
      },
    }
    expect((await login(visitor, { profile, mechanism: swapped })).word).toBe('not-authorized')
  })

  test.each(cases)(
    'XEP-0474: %s, SCRAM-%s: what was advertised is signed, and so is the TLS version',
    async (profile, hash) => {
      const visitor = await scene.visit()
      const list = offered(visitor.features, profile)
      const types = offeredBindings(visitor.features)
      expect(types).toEqual(['tls-exporter', 'tls-server-end-point'])
      const signed = advertisedHash(hash, list, types)
      const { word, challenges } = await scram(visitor, profile, `SCRAM-${hash}`, none)
      expect(word).toBe('success')
      expect(challenges[0]).toContain(`,h=${signed},t=0304`)
      // Whatever is taken off a list makes another hash, which the client compares.
      const thinned = [
        advertisedHash(
          hash,
          list.filter((one) => !one.endsWith('-PLUS')),
          types,
        ),
        advertisedHash(hash, list, ['tls-server-end-point']),
        advertisedHash(hash, list, undefined),
        advertisedHash(hash, ['PLAIN'], types),
      ]
      expect(thinned).not.toContain(signed)
      // And who changes the hash, too, breaks the proof.
      const tampering = [
        (text: string) => text.replace(signed, thinned[0] as string),
        (text: string) => text.replace(',t=0304', ',t=0303'),
        (text: string) => text.replace(/,h=[^,]+/, ''),
        (text: string) => text.replace(/i=\d+/, 'i=4097'),
      ]
      for (const tamper of tampering) {
        const tampered = await scram(await scene.visit(), profile, `SCRAM-${hash}`, none, tamper)
        expect(tampered.word).toBe('not-authorized')
      }
    },
  )

  test('SEC-32: a token bound to the channel is of no use on another, nor without binding', async () => {
    for (const mechanism of ['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP']) {
      const token = await tokenOf(scene, { username: 'romeo', client: phone, mechanism })
      const use = { username: 'romeo', token, client: phone, mechanism }
      const theirs = new Map([
        ['tls-exporter', somebodyElses],
        ['tls-server-end-point', somebodyElses],
      ])
      const relayed = await login(await scene.visit(), withToken(use, theirs))
      expect(relayed.word).toBe('not-authorized')
      // The other mechanisms are offered, and the token is not theirs.
      for (const weaker of ['HT-SHA-256-NONE', 'HT-SHA-256-ENDP', 'HT-SHA-256-EXPR']) {
        if (weaker === mechanism) continue
        const visitor = await scene.visit()
        const downgraded = await login(visitor, withToken({ ...use, mechanism: weaker }, visitor.bindings))
        expect([weaker, downgraded.word]).toEqual([weaker, 'not-authorized'])
      }
      const visitor = await scene.visit()
      expect((await login(visitor, withToken(use, visitor.bindings))).word).toBe('success')
    }
  })

  test('SEC-32: a bound token overheard where TLS ends is of no use on a connection of one’s own', async () => {
    const mechanism = 'HT-SHA-256-EXPR'
    const token = await tokenOf(scene, { username: 'romeo', client: phone, mechanism })
    const visitor = await scene.visit()
    const use = { username: 'romeo', token, client: phone, mechanism, more: '' }
    const { said } = await login(visitor, withToken(use, visitor.bindings))
    expect(await repeat(await scene.visit(), said[0] as string)).toBe('not-authorized')
  })

  test('A-1: FAST is not taken for what it is not offered as', async () => {
    const visitor = await scene.visit()
    for (const name of ['HT-SHA-256-NONE', 'HT-SHA-256-EXPR']) {
      // Without <fast/> it is no token login, and the name is on no list.
      const said = request(
        'SASL2',
        name,
        Buffer.from(`romeo\0${'x'.repeat(32)}`).toString('base64'),
        agent(phone),
      )
      expect(await repeat(visitor, said)).toBe('invalid-mechanism')
      expect(await repeat(visitor, request('SASL', name, 'AA=='))).toBe('invalid-mechanism')
    }
    visitor.client.cut()
  })

  test('SEC-9: nothing was wrong on our side', () => expect(scene.errors()).toEqual([]))
})

describe('SEC-7: somebody who takes STARTTLS away', () => {
  test('finds nothing to log in with, and no secret is asked for', async () => {
    await using scene = await inMemory.open()
    const { client: end, server } = createPipe({ secure: false })
    server.attach(scene.server.accept(server))
    await using client = createWireClient({ transport: end }, { domain })
    const { features } = await client.open()
    expect(features.children.map(({ name }) => name)).toEqual(['starttls'])
    const secret = Buffer.from(`\0romeo\0${password}`).toString('base64')
    for (const profile of profiles) {
      const ns = profile === 'SASL' ? NS.sasl : NS.sasl2
      for (const mechanism of [
        'PLAIN',
        'SCRAM-SHA-256',
        'SCRAM-SHA-256-PLUS',
        'HT-SHA-256-NONE',
        'EXTERNAL',
      ]) {
        client.send(request(profile, mechanism, secret))
        const failure = await client.receive()
        expect([failure.ns, failure.children[0]?.name]).toEqual([ns, 'encryption-required'])
        if (mechanism === 'SCRAM-SHA-256') break
      }
    }
  })

  test('A-1: a channel without bindings has no -PLUS and no bound tokens', async () => {
    await using scene = await inMemory.open()
    const { client: end, server } = createPipe({ tls: { protocol: 'TLSv1.2' } })
    server.attach(scene.server.accept(server))
    await using client = createWireClient({ transport: end }, { domain })
    const { features } = await client.open()
    const visitor = { client, features, bindings: new Map([['tls-exporter', somebodyElses]]) }
    for (const profile of profiles) {
      expect(offered(features, profile).filter((name) => name.endsWith('-PLUS'))).toEqual([])
      const mechanism = mechanismOf('SCRAM-SHA-256-PLUS', { username: 'romeo' }, visitor.bindings)
      expect((await login(visitor, { profile, mechanism })).word).toBe('invalid-mechanism')
    }
    expect(offeredBindings(features)).toEqual([])
    const list = features
      .child('authentication', NS.sasl2)
      ?.child('inline', NS.sasl2)
      ?.child('fast', 'urn:xmpp:fast:0')
    expect(list?.children.map((_, i) => list.childAt(i).text())).toEqual(['HT-SHA-256-NONE'])
  })
})
