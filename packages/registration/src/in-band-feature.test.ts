import { checkRegisterUser } from '@xmppkit/auth'
import { stop } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import { silentLogger } from '@xmppkit/runtime'
import { StanzaError } from '@xmppkit/stanza'
import type { StreamState } from '@xmppkit/stream'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { account, type Client, fakeHost } from './fake-host.js'
import { inBandFeature } from './in-band-feature.js'

const open = { allowRegistration: true }
const ns = "xmlns='jabber:iq:register'"
const set = (content: string, attributes = '') =>
  `<iq type='set' id='r'${attributes}><query ${ns}>${content}</query></iq>`
const register = (username: string, password = 'Calliope') =>
  set(`<username>${username}</username><password>${password}</password>`)
const condition = (stanza: string) =>
  stanza.match(/<([a-z-]+) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/)?.[1]

describe('when it is offered', () => {
  const feature = inBandFeature(
    { register: async () => {}, logger: silentLogger },
    { instructions: '', allowInsecure: false },
  )
  const request = parseElement(
    "<iq xmlns='jabber:client' type='set' id='1'><query xmlns='jabber:iq:register'><remove/></query></iq>",
  )
  const stranger: StreamState = {
    domain: 'example.org',
    from: undefined,
    lang: 'en',
    id: 's1',
    secure: true,
    tls: undefined,
    authenticated: undefined,
    mechanism: undefined,
    bound: undefined,
    remoteAddress: '192.0.2.1',
    framing: 'stream',
    canStartTls: false,
  }
  const juliet = { ...stranger, authenticated: parseJid('juliet@example.org').bare }

  test('requests of strangers are for the form, those of people who have logged in for their account', () => {
    expect(feature.handles?.(request, stranger)).toBe(true)
    expect(feature.handles?.(request, juliet)).toBe(false)
  })

  test('REG-1: the form is offered over TLS, and to strangers only', () => {
    expect(feature.offered(stranger)).toBe(true)
    expect(feature.offered({ ...stranger, secure: false })).toBe(false)
    expect(feature.offered(juliet)).toBe(false)
  })

  test.each([
    ['over TLS', open, true, true],
    ['without TLS', open, false, false],
    ['without TLS where that is allowed', { ...open, allowInsecure: true }, false, true],
    ['where nobody may register', {}, true, false],
  ])('XEP-0077 §8: %s', async (_where, options, tls, offered) => {
    const host = await fakeHost({ options })
    const features = await host.connect({ tls }).open()
    expect(features.includes("<register xmlns='http://jabber.org/features/iq-register'/>")).toBe(offered)
  })

  test('without TLS a registration is refused with the stream, and there is no account', async () => {
    const host = await fakeHost({ options: open })
    const client = host.connect({ tls: false })
    await client.open()
    expect(await client.say(register('bill'))).toMatch(/<stream:error .*<\/stream:stream>$/)
    expect(await host.accounts.exists(account('bill'))).toBe(false)
  })

  test('REG-1: where nobody may register, a registration is refused with the stream', async () => {
    const host = await fakeHost()
    const client = host.connect()
    await client.open()
    expect(await client.say(register('bill'))).toMatch(/<stream:error .*<\/stream:stream>$/)
    expect(await host.accounts.exists(account('bill'))).toBe(false)
  })
})

describe('XEP-0077 §3.1: registering', () => {
  async function scene(setup: Parameters<typeof fakeHost>[0] = { options: open }) {
    const host = await fakeHost(setup)
    const client = host.connect()
    await client.open()
    return { host, client }
  }

  test('the form says what is needed', async () => {
    const { client } = await scene()
    expect(await client.say(`<iq type='get' id='reg1' to='example.com'><query ${ns}/></iq>`)).toBe(
      `<iq type='result' id='reg1' from='example.com'><query ${ns}><instructions>Choose a username and password to register.</instructions><username/><password/></query></iq>`,
    )
  })

  test('A-17 J-2: an account is registered under its prepared name, and logs in on the same stream', async () => {
    const { host, client } = await scene()
    expect(await client.say(register('Bill'))).toBe("<iq type='result' id='r' from='example.com'/>")
    expect(await host.accounts.exists(account('bill'))).toBe(true)
    const plain = Buffer.from('\0bill\0Calliope').toString('base64')
    const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`
    expect(await client.say(auth, /success|failure/)).toContain('<success')
  })

  test.each([
    ['a name that is taken', register('juliet'), 'conflict'],
    ['a name that is taken, written differently', register('JULIET'), 'conflict'],
    ['no name', set('<password>x</password>'), 'not-acceptable'],
    ['no password', set('<username>bill</username>'), 'not-acceptable'],
    ['an empty password', set('<username>bill</username><password/>'), 'not-acceptable'],
    ['an unusable password', register('bill', 'a&#x85;b'), 'not-acceptable'],
    ['nothing', set(''), 'not-acceptable'],
    ['a name that cannot be one', register('bill@example.com'), 'jid-malformed'],
    ['a reserved name', register('Admin'), 'not-acceptable'],
    ['a name too long', register('x'.repeat(1024)), 'jid-malformed'],
    ['a name far too long', register('x'.repeat(4000)), 'bad-request'],
    ['two names', set('<username>a</username><username>b</username><password>x</password>'), 'bad-request'],
    ['a removal', set('<remove/>'), 'unexpected-request'],
    ['another domain', register('bill').replace("id='r'", "id='r' to='example.org'"), 'service-unavailable'],
    ['no id', register('bill').replace(" id='r'", ''), 'bad-request'],
    ['a second child', register('bill').replace('</iq>', "<x xmlns='urn:x'/></iq>"), 'bad-request'],
    ['another type', register('bill').replace("type='set'", "type='sell'"), 'bad-request'],
  ])('%s: %s', async (_what, request, expected) => {
    const { host, client } = await scene()
    const answer = await client.say(request)
    expect(answer).toContain("type='error'")
    expect(answer).toContain("from='example.com'")
    expect(condition(answer)).toBe(expected)
    expect(answer).not.toContain('Calliope')
    expect(await host.accounts.list('example.com', { limit: 10 })).toEqual(['juliet'])
    expect(condition(await client.say(register('juliet')))).toBe('conflict')
  })

  test('answers are not answered', async () => {
    const { client } = await scene()
    const silent = register('bill').replace("type='set'", "type='result'")
    expect(await client.say(`${silent}<iq type='get' id='reg1'><query ${ns}/></iq>`)).toMatch(
      /^<iq type='result' id='reg1'/,
    )
  })

  test('one stream registers one account', async () => {
    const { host, client } = await scene()
    await client.say(register('bill'))
    expect(condition(await client.say(register('will')))).toBe('not-acceptable')
    expect(await host.accounts.exists(account('will'))).toBe(false)
  })

  test('L-1: one address tries only so often, whatever comes of it; others are not concerned', async () => {
    const options = { ...open, maxRegistrationsPerAddress: 2, registrationWindowMs: 60_000 }
    const host = await fakeHost({ options })
    const from = async (remoteAddress: string): Promise<Client> => {
      const client = host.connect({ remoteAddress })
      await client.open()
      return client
    }
    const here = await from('2001:db8::1')
    await here.say(register('juliet'))
    await here.say(register('bill'))
    const neighbour = await from('2001:db8::2')
    expect(condition(await neighbour.say(register('will')))).toBe('resource-constraint')
    expect(await host.accounts.exists(account('will'))).toBe(false)
    const elsewhere = await from('2001:db8:1::1')
    expect(await elsewhere.say(register('anna'))).toContain("type='result'")
    await host.clock.advance(60_000)
    const later = await from('2001:db8::3')
    expect(await later.say(register('will'))).toContain("type='result'")
  })

  test('J-6: a name that imitates another one can be refused by a hook, or with words of its own', async () => {
    const { host, client } = await scene()
    // As a table of confusable characters would have it (Unicode TS #39).
    const skeleton = (name: string) => name.replaceAll('і', 'i').replaceAll('е', 'e').replaceAll('1', 'i')
    const seen: unknown[] = []
    host.hooks.on(checkRegisterUser, async (allowed, { account: wanted, remoteAddress }) => {
      seen.push([wanted.local, remoteAddress])
      if (wanted.local.startsWith('x')) throw new StanzaError('policy-violation', { text: 'No x here.' })
      const imitated = skeleton(wanted.local)
      const imitates = imitated !== wanted.local && (await host.accounts.exists(account(imitated)))
      return imitates ? stop(false) : allowed
    })
    expect(condition(await client.say(register('jul1et')))).toBe('not-acceptable')
    expect(condition(await client.say(register('julіеt')))).toBe('not-acceptable')
    const refused = await client.say(register('xavier'))
    expect(condition(refused)).toBe('policy-violation')
    expect(refused).toContain('No x here.')
    expect(await client.say(register('jim'))).toContain("type='result'")
    expect(seen).toEqual([
      ['jul1et', '192.0.2.7'],
      ['julіеt', '192.0.2.7'],
      ['xavier', '192.0.2.7'],
      ['jim', '192.0.2.7'],
    ])
  })

  test('a store that fails is internal-server-error; the reason stays here, the stream goes on', async () => {
    let broken = true
    const { host, client } = await scene({
      options: open,
      store: (store) => ({
        ...store,
        create: (wanted, stored) =>
          broken && wanted.local === 'bill'
            ? Promise.reject(new Error('disk /var full'))
            : store.create(wanted, stored),
      }),
    })
    const answer = await client.say(register('bill'))
    expect(condition(answer)).toBe('internal-server-error')
    expect(answer).not.toContain('disk')
    expect(host.log.join()).toContain('disk /var full')
    broken = false
    expect(await client.say(register('bill'))).toContain("type='result'")
    expect(host.log.join()).not.toContain('Calliope')
  })
})
