import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import type { WireClient } from '@xmppkit/testing'
import type { RawElement } from '@xmppkit/xml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { letAllPass } from '../transparency/tokens.js'
import { inMemory, type Place, type Way, ways } from './ways.js'

const streams = 'http://etherx.jabber.org/streams'
const sasl = 'urn:ietf:params:xml:ns:xmpp-sasl'
const password = 'r0m30'
const login = { username: 'juliet', password }
const header = (attributes: string) =>
  `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${streams}' ${attributes}>`
const usual = header("to='capulet.test' version='1.0'")

/** The pattern of a stream error. */
const streamError = (condition: string) =>
  `<error xmlns='${streams}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`

/** What is listed, by name and namespace. */
const listed = (features: RawElement) => features.children.map(({ name, ns }) => `${name} ${ns}`)

const bindRequest = (resource?: string) =>
  `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>` +
  `${resource === undefined ? '' : `<resource>${resource}</resource>`}</bind></iq>`

/** A handler in every hook that takes its time and changes nothing. */
const withHandlers: Way = {
  ...inMemory,
  name: 'in memory, with handlers that answer later',
  async open(options) {
    const place = await inMemory.open(options)
    await letAllPass(place.server, async (value) => value)
    return place
  },
}
const allWays = [...ways, withHandlers].map((way) => [way.name, way] as const)

describe.each(allWays)('%s', (_name, way) => {
  let place: Place
  beforeAll(async () => {
    place = await way.open()
    const accounts = place.server.host().get(AccountsService)
    for (const name of ['juliet', 'romeo', 'nurse']) {
      await accounts.register(parseJid(`${name}@capulet.test`).bare, password)
    }
  })
  afterAll(() => place?.[Symbol.asyncDispose]())

  /** A client that cuts its connection when the test is over. */
  const dial = () => {
    const client = place.dial('capulet.test')
    return Object.assign(client, { [Symbol.dispose]: () => client.cut() })
  }
  /** The same on a stream where one may log in. */
  const secured = async () => {
    const client = dial()
    return { client, features: await client.secure(), [Symbol.dispose]: () => client.cut() }
  }
  /** Logged in, without a resource. */
  const authenticated = async () => {
    const { client, features } = await secured()
    return {
      client,
      features: await client.authenticate(login, features),
      [Symbol.dispose]: () => client.cut(),
    }
  }
  const bound = async (resource: string, username = 'juliet') => {
    const client = dial()
    await client.login({ username, password, resource })
    return client
  }
  /** A header that must be refused: ours comes first, then the error, then the end. */
  const refused = async (client: WireClient, text: string, condition: string) => {
    client.send(text)
    const { header: answer, features } = await client.open('')
    expect(answer.name).toBe('stream')
    expect(features.has(condition, 'urn:ietf:params:xml:ns:xmpp-streams')).toBe(true)
    await client.expectEnd()
  }

  describe('headers', () => {
    test('S-2 S-3: the answer names the domain, the version, a language, the client and a fresh id each time', async () => {
      using first = dial()
      using second = dial()
      const attributes = "to='capulet.test' from='juliet@capulet.test' version='1.0' xml:lang='it'"
      const { header: answer } = await first.open(header(attributes))
      expect(answer.attr('from')).toBe('capulet.test')
      expect(answer.attr('version')).toBe('1.0')
      // BOSH has no words for these.
      if (!way.wrapped) {
        expect(answer.attr('to')).toBe('juliet@capulet.test')
        expect(answer.attr('xml:lang')).toBeTruthy()
      }
      const { header: other } = await second.open(usual)
      expect(other.attr('to')).toBeUndefined()
      expect(answer.attr('id')!.length).toBeGreaterThanOrEqual(16)
      expect(other.attr('id')).not.toBe(answer.attr('id'))
    })

    const inEveryForm: readonly (readonly [string, string, string])[] = [
      ['S-1 S-4: a domain nobody serves', header("to='elsewhere.test' version='1.0'"), 'host-unknown'],
      [
        'S-1 S-4: a domain that only looks alike',
        header("to='capulet.test.evil' version='1.0'"),
        'host-unknown',
      ],
      ['S-1 S-5: a version of the future', header("to='capulet.test' version='2.0'"), 'unsupported-version'],
    ]
    const asBytes: readonly (readonly [string, string, string])[] = [
      ['S-1 X-1: a document type', "<!DOCTYPE stream SYSTEM 'x'>", 'restricted-xml'],
    ]
    const asDocument: readonly (readonly [string, string, string])[] = [
      [
        'S-1 S-6: another namespace of streams',
        "<stream:stream xmlns='jabber:client' xmlns:stream='urn:example:streams' to='capulet.test' version='1.0'>",
        'invalid-namespace',
      ],
      [
        'S-1 S-6: another content namespace',
        `<stream:stream xmlns='urn:example' xmlns:stream='${streams}' to='capulet.test' version='1.0'>`,
        'invalid-namespace',
      ],
      ['S-1 X-3: another encoding', "<?xml version='1.0' encoding='ISO-8859-1'?>", 'unsupported-encoding'],
    ]
    const headers = [...inEveryForm, ...(way.wrapped ? [] : asBytes), ...(way.framed ? [] : asDocument)]
    test.each(headers)('%s is refused after a header of ours', async (_title, text, condition) => {
      using client = dial()
      await refused(client, text, condition)
    })

    test('S-5: a minor version of the future is answered with ours', async () => {
      using client = dial()
      const { header: answer, features } = await client.open(header("to='capulet.test' version='1.7'"))
      expect(answer.attr('version')).toBe('1.0')
      expect(features.name).toBe('features')
    })

    test('S-6: another prefix for streams is understood', async () => {
      using client = dial()
      const text = `<s:stream xmlns='jabber:client' xmlns:s='${streams}' to='capulet.test' version='1.0'>`
      expect((await client.open(text)).features.name).toBe('features')
    })
  })

  describe('negotiation', () => {
    test('S-3 S-7 T-1 T-4 A-7: what is offered, step by step, under a new id after each', async () => {
      using client = dial()
      const first = await client.open(usual)
      if (way.startTls) {
        expect(listed(first.features)).toEqual(['starttls urn:ietf:params:xml:ns:xmpp-tls'])
        expect(first.features.childAt(0).has('required', 'urn:ietf:params:xml:ns:xmpp-tls')).toBe(true)
      } else {
        expect(listed(first.features)).toContain('mechanisms urn:ietf:params:xml:ns:xmpp-sasl')
        expect(listed(first.features).join()).not.toContain('starttls')
      }
      using ready = await secured()
      expect(listed(ready.features)).toContain('mechanisms urn:ietf:params:xml:ns:xmpp-sasl')
      expect(listed(ready.features)).toContain('register http://jabber.org/features/iq-register')
      expect(listed(ready.features).join()).not.toMatch(/starttls|xmpp-bind/)
      const after = await ready.client.authenticate(login, ready.features)
      expect(listed(after)).toContain('bind urn:ietf:params:xml:ns:xmpp-bind')
      expect(listed(after)).toContain('ver urn:xmpp:features:rosterver')
      expect(listed(after)).toContain('sub urn:xmpp:features:pre-approval')
      expect(listed(after)).toContain('c http://jabber.org/protocol/caps')
      expect(listed(after).join()).not.toMatch(/starttls|xmpp-sasl|iq-register/)
      // RFC 3921's session request is optional.
      const session = after.child('session', 'urn:ietf:params:xml:ns:xmpp-session')
      expect(session?.has('optional', 'urn:ietf:params:xml:ns:xmpp-session')).toBe(true)
    })

    test.each([
      "to='montague.test' version='1.0'",
      "to='capulet.test' from='romeo@capulet.test' version='1.0'",
    ])('S-8: after login neither the domain nor the name can be changed: %s', async (attributes) => {
      using one = await secured()
      const { client } = one
      client.send(`<auth xmlns='${sasl}' mechanism='PLAIN'>${btoa(`\0juliet\0${password}`)}</auth>`)
      const answer = await client.receive()
      // Nobody takes a password in clear text where there is no TLS.
      expect(answer.name).toBe(way.confidential ? 'success' : 'failure')
      if (answer.name === 'failure') return
      const { features } = await client.open(header(attributes))
      expect(features.name).toBe('error')
      await client.expectEnd()
    })

    test.each([
      ['S-10: a message', "<message to='romeo@capulet.test'><body>hi</body></message>"],
      ['S-10: presence', '<presence/>'],
      ['S-10 B-1: a request', "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>"],
    ])('%s before the login ends the stream', async (_title, text) => {
      using ready = await secured()
      ready.client.send(text)
      await ready.client.expect(streamError('not-authorized'))
      await ready.client.expectEnd()
    })

    test('B-1: a stanza before binding ends the stream and reaches nobody', async () => {
      using romeo = await bound('garden', 'romeo')
      romeo.send('<presence/>')
      await romeo.expect('<presence/>')
      using half = await authenticated()
      half.client.send("<message to='romeo@capulet.test'><body>too early</body></message>")
      await half.client.expect(streamError('not-authorized'))
      await half.client.expectEnd()
      await romeo.expectNothing()
    })

    test('A-21: who has logged in is not logged in again', async () => {
      using juliet = await bound('a21')
      juliet.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHJvbWVvAHIwbTMw</auth>")
      const answer = await juliet.receive()
      expect(['error', 'failure']).toContain(answer.name)
    })
  })

  describe('resources', () => {
    test('B-2 B-3 J-1: a resource is generated, prepared or refused, and another may be tried', async () => {
      using one = await authenticated()
      one.client.send(bindRequest())
      const generated = (await one.client.receive()).child('bind', 'urn:ietf:params:xml:ns:xmpp-bind')
      expect(parseJid(generated!.childAt(0).text()).resource.length).toBeGreaterThanOrEqual(11)

      using two = await authenticated()
      two.client.send(bindRequest('x'.repeat(1024)))
      await two.client.expect(
        "<iq type='error' id='b'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
      )
      two.client.send(bindRequest('a\u00a0room'))
      await two.client.expect(
        `<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@capulet.test/a room</jid></bind></iq>`,
      )
    })

    test('B-6 B-7: nothing follows the result, a second resource is refused, the old session request answered', async () => {
      using juliet = await bound('b7')
      await juliet.expectNothing()
      juliet.send(bindRequest('again'))
      await juliet.expect(
        "<iq type='error' id='b'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
      )
      juliet.send("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>")
      await juliet.expect("<iq type='result' id='s'/>")
      await juliet.expectNothing()
    })

    test('B-4 N-3 S-15: a resource that is taken goes to the newcomer; the old presence ends before the new begins', async () => {
      using romeo = await bound('b4', 'romeo')
      romeo.send('<presence/>')
      await romeo.expect('<presence/>')
      using old = await bound('b4')
      old.send("<presence/><presence to='romeo@capulet.test/b4'><status>old</status></presence>")
      await romeo.expect("<presence from='juliet@capulet.test/b4'><status>old</status></presence>")
      using juliet = await bound('b4')
      await old.find(streamError('conflict'))
      await old.expectEnd()
      juliet.send("<presence to='romeo@capulet.test/b4'><status>new</status></presence>")
      await romeo.expect("<presence from='juliet@capulet.test/b4' type='unavailable'/>")
      await romeo.expect(
        "<presence from='juliet@capulet.test/b4' type='{none}'><status>new</status></presence>",
      )
      await romeo.expectNothing()
    })

    test('B-5: one resource more than an account may have is refused, and the others stay', async () => {
      const clients: WireClient[] = []
      try {
        for (let i = 1; i <= 5; i += 1) clients.push(await bound(`nr${i}`, 'nurse'))
        using extra = await secured()
        await extra.client.authenticate({ username: 'nurse', password }, extra.features)
        extra.client.send(bindRequest('nr6'))
        await extra.client.expect(
          "<iq type='error' id='b'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
        )
        // Taking one's own place is no resource more.
        clients.push(await bound('nr1', 'nurse'))
        for (const client of clients.slice(1)) await client.expectNothing()
      } finally {
        for (const client of clients) client.cut()
      }
    })
  })

  describe('established streams', () => {
    test('S-12: white space is a keepalive, other text an error', async () => {
      using juliet = await bound('s12')
      juliet.send(' \n\t ')
      await juliet.expectNothing()
      juliet.send('hello')
      if (!way.wrapped) await juliet.expect(`<error xmlns='${streams}' _children='1'/>`)
      await juliet.expectEnd()
    })

    test('S-11: goodbye is answered when everything asked before it is', async () => {
      using juliet = await bound('s11')
      juliet.send("<iq type='get' id='last'><query xmlns='jabber:iq:roster'/></iq></stream:stream>")
      await juliet.expect("<iq type='result' id='last'/>")
      await juliet.expectEnd()
    })

    test.each([
      ['S-10', "<unheard-of xmlns='urn:example'/>", 'unsupported-stanza-type'],
      ['S-10 X-11', "<message xmlns='jabber:server'/>", 'unsupported-stanza-type|invalid-namespace'],
      ['X-1', '<message><!-- psst --></message>', 'restricted-xml'],
      ['X-1', '<message><?php ?></message>', 'restricted-xml'],
      ['X-1 X-2', '<message><body>&nbsp;</body></message>', 'restricted-xml|not-well-formed'],
      ['X-2', '<message><body>&#0;</body></message>', 'not-well-formed'],
      ['X-4', "<?xml version='1.0'?><message/>", 'restricted-xml|not-well-formed'],
      ['X-5', '<message><x:y/></message>', 'not-well-formed|bad-namespace-prefix'],
      ['X-5', "<message a='1' a='2'/>", 'not-well-formed'],
      ['X-6', '<message><a></b></message>', 'not-well-formed'],
      ['X-6', '<message><body>\u0001</body></message>', 'not-well-formed'],
      ['X-14', '<message><a></stream:stream>', 'not-well-formed'],
    ])(
      '%s S-9 S-16: %j ends the stream, and what follows is not looked at',
      async (rules, text, conditions) => {
        using romeo = await bound('s9', 'romeo')
        using juliet = await bound('s9')
        juliet.send(`${text}<message to='romeo@capulet.test/s9'><body>after</body></message>`)
        if (!way.wrapped || !rules.startsWith('X')) {
          const error = await juliet.receive()
          expect(error.ns).toBe(streams)
          expect(conditions.split('|')).toContain(error.children[0]!.name)
          expect(
            error.children.every(({ ns }, i) => i > 1 || ns === 'urn:ietf:params:xml:ns:xmpp-streams'),
          ).toBe(true)
        }
        await juliet.expectEnd()
        await romeo.expectNothing()
      },
    )

    test('L-2 X-12: a stanza may be large, and one that is too large ends the stream', async () => {
      using juliet = await bound('l2')
      const message = (size: number) =>
        `<message to='juliet@capulet.test/l2'><body>${'x'.repeat(size)}</body></message>`
      juliet.send(message(200_000))
      expect((await juliet.expect('<message/>')).child('body', 'jabber:client')?.text().length).toBe(200_000)
      juliet.send(message(300_000))
      await juliet.expect(streamError('policy-violation'))
      await juliet.expectEnd()
    })

    test('X-14: tags of streams inside a stanza are content', async () => {
      using juliet = await bound('x14')
      const inner = `<stream:stream to='montague.test' version='1.0'><stream:features/></stream:stream>`
      juliet.send(`<message to='juliet@capulet.test/x14' id='x'>${inner}<body>after</body></message>`)
      await juliet.expect(
        `<message id='x'><stream xmlns='${streams}' to='montague.test'><features xmlns='${streams}'/></stream><body>after</body></message>`,
      )
      await juliet.expectNothing()
    })

    test('S-15 D-1: a kicked client is told why', async () => {
      using juliet = await bound('s15')
      await place.server.commands.call('kick_session', {
        address: 'juliet@capulet.test/s15',
        reason: 'enough',
      })
      await juliet.expect(
        `<error xmlns='${streams}'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`,
      )
      await juliet.expectEnd()
    })

    test('S-20: the failure of one stream is not felt on another', async () => {
      using romeo = await bound('s20', 'romeo')
      using juliet = await bound('s20')
      juliet.send('<message')
      juliet.cut()
      using again = dial()
      again.send('\u0000')
      await again.ended
      await romeo.expectNothing()
    })
  })
})

test.each(allWays)('S-15: a server that stops says so %s', async (_name, way) => {
  const place = await way.open()
  await place.server.host().get(AccountsService).register(parseJid('juliet@capulet.test').bare, password)
  const juliet = place.dial('capulet.test')
  await juliet.login({ username: 'juliet', password })
  const closing = place.server.close()
  await juliet.expect(streamError('system-shutdown'))
  await juliet.expectEnd()
  await juliet.close()
  await closing
})

test.each(allWays)(
  'S-17 S-1: clients of a domain that has moved are told where, over TLS only, %s',
  async (_name, way) => {
    await using place = await way.open({ c2s: { redirect: 'new.capulet.test:5222', requireTls: false } })
    const client = place.dial('capulet.test')
    const { features } = await client.open()
    const plain = !way.confidential || way.startTls
    if (plain) expect(features.name).toBe('features')
    else
      expect(features.child('see-other-host', 'urn:ietf:params:xml:ns:xmpp-streams')?.text()).toBe(
        'new.capulet.test:5222',
      )
    client.cut()
  },
)
