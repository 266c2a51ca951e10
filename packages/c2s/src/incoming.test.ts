import { drop } from '@xmppkit/hooks'
import { type Storing, storing } from '@xmppkit/sessions'
import { type Stanza, StanzaError } from '@xmppkit/stanza'
import { Element, textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { canonical, rig, settled } from './fake-client.js'
import type { C2sSession } from './session.js'
import { directedPresence, selfPresence, userSendPacket, userSendSeq } from './tokens.js'

const text = (stanza: Stanza | undefined) =>
  stanza && canonical(textFromWire(stanza.toWire({ declare: false })))
const stanzaNs = 'urn:ietf:params:xml:ns:xmpp-stanzas'
const byeError = (condition: string) =>
  `<stream:error xmlns:stream="http://etherx.jabber.org/streams"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error></stream:stream>`

describe('what leaves a client', () => {
  test.each([
    {
      rule: 'D-1: no sender becomes the full address',
      input: "<message to='bob@other.example'><body>Hi</body></message>",
      output: '<message to="bob@other.example" from="ann@example.com/r"><body>Hi</body></message>',
    },
    {
      rule: 'D-1: the own full address is accepted',
      input: "<message from='ann@example.com/r' to='bob@other.example'/>",
      output: '<message from="ann@example.com/r" to="bob@other.example"/>',
    },
    {
      rule: 'D-1: the own bare address becomes the full one',
      input: "<message from='ANN@example.com' to='bob@other.example'/>",
      output: '<message from="ann@example.com/r" to="bob@other.example"/>',
    },
    {
      rule: 'D-1 P-1: subscription presence is between accounts',
      input: "<presence type='subscribe' to='bob@other.example/phone'/>",
      output: '<presence type="subscribe" to="bob@other.example" from="ann@example.com"/>',
    },
    {
      rule: 'D-1: directed presence comes from the resource',
      input: "<presence to='room@other.example/ann'/>",
      output: '<presence to="room@other.example/ann" from="ann@example.com/r"/>',
    },
    {
      rule: 'M-1: the addressee is left as it is',
      input: "<iq type='get' id='1' to='other.example'><ping xmlns='urn:xmpp:ping'/></iq>",
      output:
        '<iq type="get" id="1" to="other.example" from="ann@example.com/r"><ping xmlns=\'urn:xmpp:ping\'/></iq>',
    },
    {
      rule: 'X-10: what is inside is passed on as it is',
      input:
        "<message to='bob@other.example'><x:y xmlns:x='urn:x' x:a='1'> <![CDATA[&]]> </x:y>text</message>",
      output:
        '<message to="bob@other.example" from="ann@example.com/r"><x:y xmlns:x=\'urn:x\' x:a=\'1\'> <![CDATA[&]]> </x:y>text</message>',
    },
  ])('$rule', async ({ input, output }) => {
    const { client, away } = rig()
    const ann = await client('ann', 'r')
    ann.feed(input)
    expect(await ann.heard()).toBe('')
    expect(text(away[0])).toBe(canonical(output))
  })

  test('D-7: the language of the stream is applied where none is named, and nowhere else', async () => {
    const { client, away } = rig()
    const ann = await client('ann', 'r', { extra: " xml:lang='de'" })
    ann.feed("<message to='a@other.example'/><message to='b@other.example' xml:lang='fr'/>")
    expect(away.map(({ lang }) => lang)).toEqual(['de', 'fr'])
  })

  test('D-3 D-4: a message without addressee is for the own account, and so is an iq', async () => {
    const { client, asked } = rig()
    const ann = await client('ann', 'r')
    ann.feed('<presence/>')
    ann.feed("<message><body>note to self</body></message><iq type='get' id='1'><q xmlns='urn:q'/></iq>")
    expect(await ann.heard()).toBe(
      '<message from="ann@example.com/r" to="ann@example.com"><body>note to self</body></message>' +
        '<iq from="ann@example.com" id="1" to="ann@example.com/r" type="result"/>',
    )
    expect(`${asked[0]?.to}`).toBe('ann@example.com')
  })

  test.each(['bob@example.com', 'ann@example.com/other', 'ann@other.example', 'example.com'])(
    'D-1: the sender %s is a stream error',
    async (from) => {
      const { client, away } = rig()
      const ann = await client('ann', 'r')
      ann.feed(`<message from='${from}' to='bob@other.example'/><message to='carl@other.example'/>`)
      expect(await ann.heard()).toBe(byeError('invalid-from'))
      expect(away).toEqual([])
    },
  )

  test.each([
    {
      rule: 'D-5: a malformed addressee',
      input: "<message id='1' to='@@'><body>x</body></message>",
      output: `<message id="1" type="error" to="ann@example.com/r" from="example.com"><body>x</body><error type="modify"><jid-malformed xmlns="${stanzaNs}"/>`,
    },
    {
      rule: 'Q-5: an iq without type',
      input: "<iq id='1'/>",
      output: `<iq id="1" type="error" to="ann@example.com/r" from="ann@example.com"><error type="modify"><bad-request xmlns="${stanzaNs}"/>`,
    },
    {
      rule: 'Q-5: an iq of an unknown type',
      input: "<iq id='1' type='ask' to='other.example'><q xmlns='urn:q'/></iq>",
      output: '<bad-request',
    },
    {
      rule: 'Q-5: an iq without id',
      input: "<iq type='get' to='other.example'><q xmlns='urn:q'/></iq>",
      output: '<bad-request',
    },
    {
      rule: 'Q-1: a request with two children',
      input: "<iq type='get' id='1' to='other.example'><q xmlns='urn:q'/><q xmlns='urn:q'/></iq>",
      output: '<bad-request',
    },
    { rule: 'Q-9: an unknown type of presence', input: "<presence type='here'/>", output: '<bad-request' },
    { rule: 'a subscription to nobody', input: "<presence type='subscribe'/>", output: '<bad-request' },
    {
      rule: 'N-6: a priority out of range',
      input: '<presence><priority>128</priority></presence>',
      output: '<bad-request',
    },
    {
      rule: 'N-6: a priority that is no integer',
      input: '<presence><priority>1.5</priority></presence>',
      output: '<bad-request',
    },
  ])('$rule is answered, and the stream stays up', async ({ input, output }) => {
    const { client, away, sessions } = rig()
    const ann = await client('ann', 'r')
    ann.feed(input)
    expect(await ann.heard()).toContain(canonical(output))
    expect(sessions.list({ limit: 1 }).sessions[0]?.presence).toBeUndefined()
    ann.feed("<message to='bob@other.example'/>")
    expect(away.length).toBe(1)
  })

  test('D-8: ids are kept, in errors too, and may be whatever the client likes', async () => {
    const { client, away } = rig()
    const ann = await client('ann', 'r')
    const id = 'a&lt;b&apos; \u{1f600} __proto__'
    ann.feed(
      `<iq type='get' id='${id}' to='x.other.example'><q xmlns='urn:q'/></iq><iq type='get' id='${id}'/>`,
    )
    expect(away[0]?.id).toBe("a<b' \u{1f600} __proto__")
    expect(await ann.heard()).toContain(`id="${id}"`)
  })

  test('Q-7: a malformed error is not answered with an error', async () => {
    const { client } = rig()
    const ann = await client('ann', 'r')
    ann.feed("<message type='error' to='@@'/><presence type='probe'/>")
    expect(await ann.heard()).toBe('')
  })
})

describe('userSendPacket', () => {
  test('handlers see the stamped stanza and its session in the order of their numbers, before it is routed', async () => {
    const { client, hooks, away } = rig()
    const seen: string[] = []
    for (const [name, seq] of Object.entries(userSendSeq)) {
      hooks.on(
        userSendPacket,
        (stanza, { session }) => {
          seen.push(`${name} ${stanza.from} ${session.jid} ${away.length}`)
          return stanza
        },
        { seq },
      )
    }
    const ann = await client('ann', 'r')
    ann.feed("<message to='bob@other.example'/>")
    expect(seen).toEqual(
      ['privacy', 'caps', 'archive', 'carbons'].map(
        (name) => `${name} ann@example.com/r ann@example.com/r 0`,
      ),
    )
    expect(away.length).toBe(1)
  })

  test.each(['other.example', 'example.com'])(
    'SM-1: what is stored of a message in its sender’s name is durable before the next one is read, for %s',
    async (domain) => {
      const { client, hooks, away } = rig()
      let resolve = () => {}
      const promise = new Promise<void>((done) => {
        resolve = done
      })
      const pending: Storing = { state: 'pending', flush: () => promise, whenDurable: () => {} }
      const sent: unknown[] = []
      hooks.on(userSendPacket, (stanza) => {
        sent.push(stanza.id)
        return stanza.withMeta(storing, pending)
      })
      const ann = await client('ann', 'r')
      ann.feed(`<message id='1' to='bob@${domain}'/><message id='2' to='bob@${domain}'/>`)
      await settled()
      expect(sent).toEqual(['1'])
      resolve()
      await settled()
      expect(sent).toEqual(['1', '2'])
      expect(away.length).toBe(domain === 'other.example' ? 2 : 0)
    },
  )

  test('what a handler drops goes nowhere', async () => {
    const { client, hooks, away } = rig()
    hooks.on(userSendPacket, () => drop)
    const ann = await client('ann', 'r')
    ann.feed("<message to='bob@other.example'/>")
    expect(await ann.heard()).toBe('')
    expect(away).toEqual([])
  })

  test('a refusal reaches the client with the id and the name it wrote to', async () => {
    const { client, hooks, away } = rig()
    hooks.on(userSendPacket, () => {
      throw new StanzaError('not-acceptable')
    })
    const ann = await client('ann', 'r')
    ann.feed("<message id='7' to='bob@other.example/x'/>")
    expect(await ann.heard()).toBe(
      `<message from="bob@other.example/x" id="7" to="ann@example.com/r" type="error"><error type="modify"><not-acceptable xmlns="${stanzaNs}"/></error></message>`,
    )
    expect(away).toEqual([])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('secret detail')
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret detail'))],
  ])('NODE-3: a handler that %s is reported and answered, and says nothing of why', async (_, handler) => {
    const { client, hooks, errors, sessions } = rig()
    hooks.on(userSendPacket, handler)
    const ann = await client('ann', 'r')
    ann.feed("<iq type='get' id='1' to='other.example'><q xmlns='urn:q'/></iq>")
    const heard = await ann.heard()
    expect(heard).toContain('<internal-server-error')
    expect(heard).not.toContain('secret')
    expect(errors.length).toBe(1)
    expect(sessions.count()).toBe(1)
  })

  test('S-18: the effect of one stanza is there before the next one is looked at', async () => {
    const { client, hooks, away } = rig()
    const order: string[] = []
    hooks.on(userSendPacket, async (stanza) => {
      order.push(`start ${stanza.id}`)
      await settled()
      order.push(`end ${stanza.id}`)
      return stanza
    })
    const ann = await client('ann', 'r')
    ann.feed("<message id='1' to='a@other.example'/><message id='2' to='b@other.example'/>")
    for (let i = 0; i < 5; i++) await settled()
    expect(order).toEqual(['start 1', 'end 1', 'start 2', 'end 2'])
    expect(away.map(({ id }) => id)).toEqual(['1', '2'])
  })
})

describe('presence', () => {
  test('N-7 N-2: presence without addressee is noted, told, and not routed', async () => {
    const { client, hooks, sessions, away } = rig()
    const told: string[] = []
    hooks.on(selfPresence, ({ session, stanza, first }) => {
      told.push(`${session.jid} ${stanza.type} ${stanza.to} ${first} ${session.presence?.text('show')}`)
    })
    const ann = await client('ann', 'r')
    expect(sessions.list({ limit: 1 }).sessions[0]?.priority).toBeUndefined()
    ann.feed('<presence><priority>5</priority></presence>')
    expect(sessions.list({ limit: 1 }).sessions[0]?.priority).toBe(5)
    ann.feed('<presence><show>away</show></presence>')
    ann.feed("<presence type='unavailable'/>")
    expect(sessions.list({ limit: 1 }).sessions[0]?.priority).toBeUndefined()
    ann.feed('<presence/>')
    expect(told).toEqual([
      'ann@example.com/r available undefined true undefined',
      'ann@example.com/r available undefined false away',
      'ann@example.com/r unavailable undefined false undefined',
      'ann@example.com/r available undefined true undefined',
    ])
    expect(away).toEqual([])
  })

  test('N-2: presence that is sent again in another form is as if the client had sent it', async () => {
    const { client, hooks, sessions } = rig()
    const told: string[] = []
    let own: C2sSession | undefined
    hooks.on(selfPresence, ({ session, stanza, first }) => {
      own = session
      told.push(`${stanza.type} ${first} ${stanza.text('show') ?? ''}${stanza.has('x', 'urn:x') ? ' x' : ''}`)
    })
    const ann = await client('ann', 'r')
    const addX = (stanza: Stanza) => stanza.add(new Element('x', { xmlns: 'urn:x' }))
    ann.feed('<presence><show>away</show></presence>')
    await own?.updatePresence(addX)
    expect(own?.presence?.has('x', 'urn:x')).toBe(true)
    expect(sessions.list({ limit: 1 }).sessions[0]?.presence?.has('x', 'urn:x')).toBe(true)
    await own?.updatePresence((same) => same)
    ann.feed("<presence type='unavailable'/>")
    // Whoever is not there, or gone, has no presence to be told of.
    await own?.updatePresence(addX)
    ann.feed('<presence/></stream:stream>')
    for (let i = 0; i < 5; i++) await settled()
    await own?.updatePresence(addX)
    expect(told).toEqual([
      'available true away',
      'available false away x',
      'unavailable false ',
      'available true ',
    ])
  })

  test('N-4: directed presence is told and routed, and is not the presence of the session', async () => {
    const { client, hooks, sessions, away } = rig()
    const told: string[] = []
    hooks.on(directedPresence, async ({ stanza }) => {
      await settled()
      told.push(`${stanza.type} ${stanza.to} ${away.length}`)
    })
    const ann = await client('ann', 'r')
    ann.feed(
      "<presence to='room@other.example/ann'/><presence type='unavailable' to='room@other.example/ann'/>",
    )
    for (let i = 0; i < 5; i++) await settled()
    expect(told).toEqual(['available room@other.example/ann 0', 'unavailable room@other.example/ann 1'])
    expect(away.length).toBe(2)
    expect(sessions.list({ limit: 1 }).sessions[0]?.priority).toBeUndefined()
  })
})
