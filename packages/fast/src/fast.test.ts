import { passwordChanged, removeUser } from '@xmppkit/auth'
import { parseJid } from '@xmppkit/jid'
import { NS } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { type FastRig, fastRig, laptop, phone, requestToken, tlsOf } from './fast-rig.js'
import { createMemoryFastTokenStore } from './memory-store.js'
import type { FastTokenStore } from './ports.js'

const ann = parseJid('ann@example.com').bare
const dayMs = 24 * 3600_000

async function tokenFor(rig: FastRig, client = phone, mechanism?: string): Promise<string> {
  const { held } = await rig.password('ann', client, requestToken(mechanism))
  if (held === undefined) throw new Error('no token')
  return held.token
}

describe('the offer', () => {
  test('lists the mechanisms the connection can serve', async () => {
    expect(await fastRig().features()).toContain(
      '<fast xmlns="urn:xmpp:fast:0"><mechanism>HT-SHA-256-EXPR</mechanism><mechanism>HT-SHA-256-ENDP</mechanism><mechanism>HT-SHA-256-NONE</mechanism></fast>',
    )
    const { text } = await fastRig().say('', { protocol: 'TLSv1.2' })
    expect(text).toContain('<fast xmlns="urn:xmpp:fast:0"><mechanism>HT-SHA-256-NONE</mechanism></fast>')
  })

  test('is not made where no mechanism is allowed', async () => {
    const rig = fastRig({ options: { mechanisms: ['HT-SHA-256-UNIQ'] } })
    expect(await rig.features()).not.toContain('urn:xmpp:fast:0')
  })
})

describe('a token', () => {
  test('FAST-1: is given to who asks, and logs in on another connection', async () => {
    const rig = fastRig()
    const { held, text } = await rig.password('ann', phone, requestToken())
    expect(held?.token).toMatch(/^[\w-]{43}$/)
    expect(held?.expiry).toBe(new Date(rig.clock.now() + 21 * dayMs).toISOString())
    expect(text).toContain('<success')
    const again = await rig.login({ token: held?.token ?? '', more: '' }, tlsOf(2))
    expect(again.outcome).toBe('success')
    expect(again.text).toMatch(
      /<additional-data>[^<]+<\/additional-data><authorization-identifier>ann@example.com</,
    )
    expect(again.held).toBeUndefined()
  })

  test.each(['EXPR', 'ENDP', 'NONE'] as const)(
    'FAST-1: works with the mechanism it was asked for: %s',
    async (binding) => {
      const rig = fastRig()
      const token = await tokenFor(rig, phone, `HT-SHA-256-${binding}`)
      expect((await rig.login({ token, binding })).outcome).toBe('success')
      for (const other of ['EXPR', 'ENDP', 'NONE'] as const) {
        if (other !== binding)
          expect((await rig.login({ token, binding: other })).outcome).toBe('not-authorized')
      }
    },
  )

  test('SEC-14: is another one each time', async () => {
    const rig = fastRig()
    const tokens = new Set<string>()
    for (let n = 0; n < 20; n++) tokens.add(await tokenFor(rig))
    expect(tokens.size).toBe(20)
  })

  test('SEC-32: is not in the store, nor to be made of what is there without the secret', async () => {
    const rig = fastRig()
    const token = await tokenFor(rig)
    const [stored] = await rig.store.get(ann, phone)
    expect(JSON.stringify(stored)).not.toContain(token)
    const thief = fastRig({ store: rig.store })
    expect((await thief.login({ token })).outcome).toBe('not-authorized')
    const secret = Buffer.from('kept elsewhere')
    const one = fastRig({ secret })
    const kept = await tokenFor(one)
    const restarted = fastRig({ secret, store: one.store })
    expect((await restarted.login({ token: kept })).outcome).toBe('success')
  })

  test.each([
    ['no id of the client', '', requestToken()],
    ['a mechanism that is none of these', phone, requestToken('SCRAM-SHA-1')],
    ['a mechanism the connection cannot serve', phone, requestToken('HT-SHA-256-UNIQ')],
    ['no mechanism', phone, "<request-token xmlns='urn:xmpp:fast:0'/>"],
    ['no request', phone, ''],
    ['a token that is not used', phone, "<fast xmlns='urn:xmpp:fast:0'/>"],
  ])('FAST-1: is not given for %s, and the login succeeds', async (_what, client, more) => {
    const { held, outcome } = await fastRig().password('ann', client, more)
    expect([outcome, held]).toEqual(['success', undefined])
  })
})

describe('SEC-32: a login with a token is refused', () => {
  test('FAST-1: for another account, another client, another connection than it was bound to, or a guess', async () => {
    const rig = fastRig()
    const token = await tokenFor(rig)
    await rig.password('bob', phone, requestToken())
    await rig.password('ann', laptop, requestToken())
    expect((await rig.login({ token, username: 'bob' })).outcome).toBe('not-authorized')
    expect((await rig.login({ token, username: 'nobody' })).outcome).toBe('not-authorized')
    expect((await rig.login({ token, client: laptop })).outcome).toBe('not-authorized')
    expect((await rig.login({ token: `${token.slice(0, -1)}_` })).outcome).toBe('not-authorized')
    const overheard = await rig.message({ token }, tlsOf(1))
    expect((await rig.say(overheard, tlsOf(2))).outcome).toBe('not-authorized')
    expect((await rig.login({ token })).outcome).toBe('success')
  })

  test('without the element that says it is one, and without an id of the client', async () => {
    const rig = fastRig()
    const token = await tokenFor(rig)
    const message = await rig.message({ token })
    expect((await rig.say(message.replace(/<fast [^>]*\/>/, ''))).outcome).toBe('invalid-mechanism')
    expect((await rig.login({ token, client: '' })).outcome).toBe('invalid-mechanism')
  })

  test('A-20: for a disabled account, and the token stays what it was', async () => {
    let disabled: 'account-disabled' | undefined
    const rig = fastRig({ admit: () => disabled })
    const token = await tokenFor(rig)
    disabled = 'account-disabled'
    expect((await rig.login({ token, attributes: "count='1'" })).outcome).toBe('account-disabled')
    disabled = undefined
    expect((await rig.login({ token, attributes: "count='1'" })).outcome).toBe('success')
  })

  test('FAST-3: once it has expired, in words only its owner hears', async () => {
    const rig = fastRig({ options: { lifetimeMs: dayMs, sweepIntervalMs: Number.POSITIVE_INFINITY } })
    const token = await tokenFor(rig)
    await rig.clock.advance(dayMs)
    expect((await rig.login({ token })).outcome).toBe('credentials-expired')
    expect((await rig.login({ token: `${token.slice(0, -1)}_` })).outcome).toBe('not-authorized')
  })

  test('on a stream where it is not offered', async () => {
    const rig = fastRig({ options: { mechanisms: ['HT-SHA-256-EXPR'] } })
    expect((await rig.login({ token: 'x', binding: 'NONE' })).outcome).toBe('invalid-mechanism')
  })
})

describe('SEC-32: a count', () => {
  test('FAST-4: must grow', async () => {
    const rig = fastRig()
    const token = await tokenFor(rig)
    const outcomes: string[] = []
    for (const count of ['1', '1', '5', '4', '6']) {
      outcomes.push((await rig.login({ token, attributes: `count='${count}'` })).outcome)
    }
    expect(outcomes).toEqual(['success', 'not-authorized', 'success', 'not-authorized', 'success'])
  })

  test('FAST-4: of two logins at once with one count, one succeeds', async () => {
    const rig = fastRig()
    const token = await tokenFor(rig)
    const message = await rig.message({ token, attributes: "count='1'" })
    const outcomes = (await Promise.all([rig.say(message), rig.say(message)])).map(({ outcome }) => outcome)
    expect(outcomes.sort()).toEqual(['not-authorized', 'success'])
  })

  test.each(['0', '-1', 'x', '', '99999999999'])('that is no positive number fails: %j', async (count) => {
    const rig = fastRig()
    const token = await tokenFor(rig)
    expect((await rig.login({ token, attributes: `count='${count}'` })).outcome).toBe('not-authorized')
  })
})

describe('rotation', () => {
  test('FAST-2: a token of some age is replaced as it is used, and good until the new one is used', async () => {
    const rig = fastRig({ options: { rotateAfterMs: dayMs } })
    const first = await tokenFor(rig)
    await rig.clock.advance(dayMs - 1)
    expect((await rig.login({ token: first })).held).toBeUndefined()
    await rig.clock.advance(1)
    const lost = (await rig.login({ token: first })).held?.token ?? ''
    const second = (await rig.login({ token: first })).held?.token ?? ''
    expect((await rig.login({ token: lost })).outcome).toBe('not-authorized')
    expect((await rig.login({ token: second })).outcome).toBe('success')
    expect((await rig.login({ token: first })).outcome).toBe('not-authorized')
  })

  test('FAST-2: a client may ask for another one with a token', async () => {
    const rig = fastRig()
    const first = await tokenFor(rig)
    const { held } = await rig.login({ token: first, more: requestToken('HT-SHA-256-NONE') })
    expect((await rig.login({ token: held?.token ?? '', binding: 'NONE' })).outcome).toBe('success')
  })
})

describe('the end of a token', () => {
  test('FAST-3: comes with the wish of the client, which gets no new one unless it asks', async () => {
    const rig = fastRig({ options: { rotateAfterMs: 0 } })
    const token = await tokenFor(rig)
    const { outcome, held } = await rig.login({ token, attributes: "invalidate='true'" })
    expect([outcome, held]).toEqual(['success', undefined])
    expect((await rig.login({ token })).outcome).toBe('not-authorized')
    const other = await tokenFor(rig)
    const asked = await rig.login({ token: other, attributes: "invalidate='1'", more: requestToken() })
    expect((await rig.login({ token: other })).outcome).toBe('not-authorized')
    expect((await rig.login({ token: asked.held?.token ?? '' })).outcome).toBe('success')
  })

  test('a wish that comes with a password ends nothing', async () => {
    const rig = fastRig()
    const token = await tokenFor(rig)
    await rig.password('ann', phone, "<fast xmlns='urn:xmpp:fast:0' invalidate='true'/>")
    expect((await rig.login({ token })).outcome).toBe('success')
  })

  test('FAST-3 A-20: comes with a new password, for every client', async () => {
    const rig = fastRig()
    const tokens = [
      [phone, await tokenFor(rig)],
      [laptop, await tokenFor(rig, laptop)],
    ] as const
    await rig.hooks.run(passwordChanged, { account: ann, by: undefined })
    for (const [client, token] of tokens)
      expect((await rig.login({ token, client })).outcome).toBe('not-authorized')
  })

  test('A-20: comes before the sessions end: a client that comes back at once has none any more', async () => {
    const rig = fastRig()
    const token = await tokenFor(rig)
    const outcomes: string[] = []
    const session = {
      sid: 'phone',
      jid: ann.withResource('phone'),
      deliver() {},
      async close() {
        outcomes.push((await rig.login({ token })).outcome)
        await rig.sessions.close(session)
      },
    }
    await rig.sessions.open(session)
    await rig.hooks.run(passwordChanged, { account: ann, by: undefined })
    expect([outcomes, rig.sessions.count()]).toEqual([['not-authorized'], 0])
  })

  test('A-20: a login that was under way when the password changed gets none', async () => {
    let release = () => {}
    const waiting = new Promise<void>((resolve) => {
      release = resolve
    })
    const rig = fastRig({ verifyPassword: () => waiting })
    const login = rig.password('ann', phone, requestToken())
    await rig.hooks.run(passwordChanged, { account: ann, by: undefined })
    release()
    const { outcome, held } = await login
    expect([outcome, held, await rig.store.list(ann)]).toEqual(['success', undefined, []])
    await rig.clock.advance(1)
    expect((await rig.password('ann', phone, requestToken())).held).toBeDefined()
  })

  test('A-20: one that was being stored when the password changed is taken, too', async () => {
    const memory = createMemoryFastTokenStore()
    const store: FastTokenStore = {
      ...memory,
      async issue(...token) {
        await rig.hooks.run(passwordChanged, { account: ann, by: undefined })
        await memory.issue(...token)
      },
    }
    const rig = fastRig({ store })
    const { outcome, held } = await rig.password('ann', phone, requestToken())
    expect([outcome, held, await store.list(ann)]).toEqual(['success', undefined, []])
  })

  test('ends a login with a token that was under way', async () => {
    const memory = createMemoryFastTokenStore()
    const store: FastTokenStore = {
      ...memory,
      async use(...use) {
        const good = await memory.use(...use)
        await rig.fast.revoke(ann, phone)
        return good
      },
    }
    const rig = fastRig({ store })
    const token = await tokenFor(rig)
    const { text } = await rig.login({ token, more: `<bind xmlns='${NS.bind2}'/>` })
    expect(text).toMatch(/<stream:error[^>]*><not-authorized/)
    expect(text).not.toContain('<success')
  })

  test('SEC-25: comes with the end of the account', async () => {
    const rig = fastRig()
    const token = await tokenFor(rig)
    await rig.hooks.run(removeUser, { account: ann, id: 'x' })
    expect((await rig.login({ token })).outcome).toBe('not-authorized')
  })

  test('SEC-25: and before what belongs to it, so that nobody is there meanwhile', async () => {
    const rig = fastRig()
    const token = await tokenFor(rig)
    const outcomes: string[] = []
    rig.hooks.on(removeUser, async () => void outcomes.push((await rig.login({ token })).outcome), {
      seq: 20,
    })
    await rig.hooks.run(removeUser, { account: ann, id: 'x' })
    expect(outcomes).toEqual(['not-authorized'])
  })

  test('comes with other clients, the oldest first', async () => {
    const rig = fastRig({ options: { maxClients: 1 } })
    const token = await tokenFor(rig)
    await rig.clock.advance(1)
    await tokenFor(rig, laptop)
    expect((await rig.login({ token })).outcome).toBe('not-authorized')
    expect((await rig.store.list(ann)).map(({ client }) => client)).toEqual([laptop])
  })

  test('is swept up, and not looked for once the feature is closed', async () => {
    const rig = fastRig({ options: { lifetimeMs: dayMs, sweepIntervalMs: dayMs } })
    await tokenFor(rig)
    await rig.clock.advance(dayMs)
    await rig.clock.advance(dayMs)
    expect(await rig.store.list(ann)).toEqual([])
    await rig.fast.close()
    expect(await rig.features()).not.toContain('urn:xmpp:fast:0')
    expect((await rig.password('ann', phone, requestToken())).held).toBeUndefined()
  })
})
