import { createHooks, drop, stop } from '@xmppkit/hooks'
import { createIq, type IqTarget } from '@xmppkit/iq'
import { type BareJid, type FullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, silentLogger } from '@xmppkit/runtime'
import {
  defineIq,
  element,
  iq as iqStanza,
  NS,
  presence,
  readStanzaError,
  type Stanza,
} from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { createDisco, type DiscoOptions } from './disco.js'
import { type DiscoInfo, discoInfoGet, discoItemsGet, readDiscoInfo } from './payloads.js'
import { accountVisible, discoInfo, discoItems } from './tokens.js'
import { capsHash } from './verification-string.js'

const server = 'example.com'
const account = 'juliet@example.com'
const friend = 'romeo@montague.example/orchard'
const stranger = 'tybalt@capulet.example/hall'

/** A discovery whose answers are read off the wire. */
function scene(options: DiscoOptions = {}, resources: { jid: FullJid; presence: unknown }[] = []) {
  const answers: Stanza[] = []
  const hooks = createHooks({
    onError(error) {
      throw error
    },
  })
  const iq = createIq({
    route: (stanza) => void answers.push(stanza),
    interceptReplies: () => ({ [Symbol.dispose]() {} }),
    clock: createManualClock(),
    ids: createCountingIds('id'),
    logger: silentLogger,
  })
  const sessions = { resources: (bare: BareJid) => resources.filter((one) => one.jid.bare.equals(bare)) }
  const disco = createDisco({ iq, hooks, sessions }, options)
  hooks.on(
    accountVisible,
    (visible, { asker }) => visible || asker.bare.toString() === 'romeo@montague.example',
  )

  async function ask(ns: string, to: string, from: string, node?: string): Promise<Stanza> {
    const target: IqTarget = to === server || to.startsWith('other') ? 'server' : 'account'
    const codec = element('query', ns, {})
    const query = codec.encode({})
    if (node !== undefined) query.attrs.node = node
    await iq.dispatch(iqStanza({ type: 'get', id: 'q1', to, from }, query), target)
    expect(answers).toHaveLength(1)
    return answers.pop()!
  }
  async function info(to: string, from: string, node?: string): Promise<DiscoInfo | string | undefined> {
    const answer = await ask(NS.discoInfo, to, from, node)
    if (answer.type !== 'result') return readStanzaError(answer)?.condition
    return readDiscoInfo(answer.payload(discoInfoGet.result!)!)
  }
  async function items(to: string, from: string, node?: string): Promise<string[] | string | undefined> {
    const answer = await ask(NS.discoItems, to, from, node)
    if (answer.type !== 'result') return readStanzaError(answer)?.condition
    const result = answer.payload(discoItemsGet.result!)!
    return result.items.map(({ jid, node: of, name }) => [jid, of, name].filter(Boolean).join(' '))
  }
  return { hooks, iq, disco, ask, info, items }
}

describe('a server', () => {
  test('says what it is and that it can be asked', async () => {
    const { info, items } = scene({ name: 'Capulet' })
    expect(await info(server, stranger)).toEqual({
      identities: [{ category: 'server', type: 'im', name: 'Capulet' }],
      features: [NS.caps, NS.discoInfo, NS.discoItems],
      forms: [],
    })
    expect(await items(server, stranger)).toEqual([])
  })

  test('lists what is registered, and what iq handlers take, once and in order, until it is withdrawn', async () => {
    const { iq, disco, info } = scene()
    const registrations = [
      disco.addFeature('server', ['urn:b', 'urn:a']),
      disco.addFeature('server', 'urn:b'),
      disco.addFeature('account', 'urn:account-only'),
      iq.handle(defineIq({ type: 'get', request: element('x', 'urn:handled', {}) }), 'server', () => {}),
    ]
    const features = async () =>
      ((await info(server, stranger)) as DiscoInfo).features.filter((one) => one.startsWith('urn:'))
    expect(await features()).toEqual(['urn:a', 'urn:b', 'urn:handled'])
    registrations[0]?.[Symbol.dispose]()
    registrations[0]?.[Symbol.dispose]()
    expect(await features()).toEqual(['urn:b', 'urn:handled'])
    for (const one of registrations) one[Symbol.dispose]()
    expect(await features()).toEqual([])
  })

  test('lists identities and items of all domains or of one', async () => {
    const { disco, info, items } = scene()
    disco.addIdentity('server', { category: 'pubsub', type: 'pep' })
    disco.addIdentity('server', { category: 'server', type: 'im', name: 'a second name is not allowed' })
    disco.addItem('server', { jid: parseJid('rooms.example.com'), name: 'Rooms' }, { domain: 'example.com' })
    disco.addItem('server', { jid: parseJid('upload.example.net') })
    expect(((await info(server, stranger)) as DiscoInfo).identities).toEqual([
      { category: 'server', type: 'im', name: 'xmppkit' },
      { category: 'pubsub', type: 'pep' },
    ])
    expect(await items(server, stranger)).toEqual(['upload.example.net', 'rooms.example.com Rooms'])
    expect(await items('other.example', stranger)).toEqual(['upload.example.net'])
  })

  test('fields of one FORM_TYPE are one form, as two would be ill-formed (XEP-0115 §5.4)', async () => {
    const { disco, info } = scene()
    disco.addExtension('server', { formType: 'urn:f', fields: { a: '1', b: ['2', '3'] } })
    const second = disco.addExtension('server', { formType: 'urn:f', fields: { b: '4', __proto__x: 'y' } })
    const fields = async () =>
      ((await info(server, stranger)) as DiscoInfo).forms.map((form) =>
        form.fields.map((f) => [f.var, ...f.values]),
      )
    expect(await fields()).toEqual([
      [
        ['FORM_TYPE', 'urn:f'],
        ['a', '1'],
        ['b', '2', '3', '4'],
        ['__proto__x', 'y'],
      ],
    ])
    second[Symbol.dispose]()
    expect(await fields()).toEqual([
      [
        ['FORM_TYPE', 'urn:f'],
        ['a', '1'],
        ['b', '2', '3'],
      ],
    ])
  })

  test('E-14: what a domain says of itself stands in place of what is said of all, where there can be only one', async () => {
    const { disco, info } = scene({ name: 'Host' })
    disco.addExtension('server', { formType: 'urn:f', fields: { a: '1', b: '2' } })
    const own = [
      disco.addIdentity(
        'server',
        { category: 'server', type: 'im', name: 'Tenant' },
        { domain: 'other.example' },
      ),
      disco.addExtension(
        'server',
        { formType: 'urn:f', fields: { a: 'mine' }, replaces: true },
        { domain: 'other.example' },
      ),
    ]
    const names = async (domain: string) =>
      ((await info(domain, stranger)) as DiscoInfo).identities.map(({ name }) => name)
    const values = async (domain: string) =>
      ((await info(domain, stranger)) as DiscoInfo).forms[0]?.fields.map(({ values: all }) => all.join())
    expect([await names('other.example'), await names(server)]).toEqual([['Tenant'], ['Host']])
    expect(await values('other.example')).toEqual(['urn:f', 'mine', '2'])
    expect(await values(server)).toEqual(['urn:f', '1', '2'])
    for (const one of own) one[Symbol.dispose]()
    expect(await names('other.example')).toEqual(['Host'])
    expect(await values('other.example')).toEqual(['urn:f', '1', '2'])
  })

  test('E-14: a source is asked about single domains, and again when it has changed', async () => {
    const { disco, info } = scene({ name: 'Host' })
    const names = new Map([['other.example', 'Tenant']])
    const source = disco.addSource({
      has: (domain) => names.has(domain),
      identities: (domain) => [{ category: 'server', type: 'im', name: names.get(domain)! }],
      extensions: (domain) => [{ formType: 'urn:f', fields: { a: domain } }],
    })
    const shown = async (domain: string) => {
      const { identities, forms } = (await info(domain, stranger)) as DiscoInfo
      return [identities[0]?.name, forms.length]
    }
    expect([await shown('other.example'), await shown(server)]).toEqual([
      ['Tenant', 1],
      ['Host', 0],
    ])
    expect(disco.caps('other.example').ver).not.toBe(disco.caps(server).ver)
    names.set('other.example', 'Another')
    source.changed()
    expect(await shown('other.example')).toEqual(['Another', 1])
    source[Symbol.dispose]()
    expect(await shown('other.example')).toEqual(['Host', 0])
  })

  test('E-14: of however many domains it is right, though not all are remembered', async () => {
    const { disco, info } = scene({ name: 'Host' })
    const domains = Array.from({ length: 1500 }, (_, n) => `other${n}.example`)
    for (const domain of domains) {
      disco.addIdentity('server', { category: 'server', type: 'im', name: domain }, { domain })
    }
    const shown: (string | undefined)[] = []
    for (const domain of domains)
      shown.push(((await info(domain, stranger)) as DiscoInfo).identities[0]?.name)
    expect(shown).toEqual(domains)
    expect(disco.caps(domains[0]!).ver).not.toBe(disco.caps(domains[1]!).ver)
  })

  test('mirrors the node, an empty one too, which means none', async () => {
    const { disco, ask } = scene()
    disco.addFeature('server', 'urn:x', { node: 'n' })
    expect((await ask(NS.discoInfo, server, stranger, 'n')).payload(discoInfoGet.result!)).toMatchObject({
      node: 'n',
      features: [{ var: 'urn:x' }],
    })
    expect((await ask(NS.discoInfo, server, stranger, '')).payload(discoInfoGet.result!)).toMatchObject({
      node: '',
    })
    expect((await ask(NS.discoItems, server, stranger, 'n')).payload(discoItemsGet.result!)).toEqual({
      node: 'n',
      items: [],
    })
  })

  test('a node nobody knows is not found, unless a filter knows it', async () => {
    const { hooks, info, items } = scene()
    expect(await info(server, stranger, 'n')).toBe('item-not-found')
    expect(await items(server, stranger, 'n')).toBe('item-not-found')
    const node: DiscoInfo = {
      identities: [{ category: 'automation', type: 'command-node' }],
      features: ['urn:x'],
      forms: [],
    }
    hooks.on(discoInfo, (value, request) =>
      request.node === 'n' && request.target === 'server' ? node : value,
    )
    hooks.on(discoItems, (value, request) =>
      request.node === 'n' ? [{ jid: request.to, node: 'n/1' }] : value,
    )
    expect(await info(server, stranger, 'n')).toEqual(node)
    expect(await items(server, stranger, 'n')).toEqual(['example.com n/1'])
    expect(await info(server, stranger, 'm')).toBe('item-not-found')
  })

  test('items may depend on who asks; dropping them says that there is no such node', async () => {
    const { hooks, items } = scene()
    hooks.on(discoItems, (value = [], { from }) =>
      from.toString() === friend ? [...value, { jid: from }] : stop(value),
    )
    expect(await items(server, friend)).toEqual([friend])
    expect(await items(server, stranger)).toEqual([])
    hooks.on(discoItems, () => drop)
    expect(await items(server, friend)).toBe('item-not-found')
  })

  test('stops answering when disposed', async () => {
    const { disco, info, iq } = scene()
    disco[Symbol.dispose]()
    expect(await info(server, stranger)).toBe('service-unavailable')
    expect(iq.namespaces('server')).toEqual([])
  })
})

describe('entity capabilities of a server', () => {
  test('CAPS-1: the hash is that of what it says of itself, on each domain', async () => {
    const { disco, info } = scene({ capsNode: 'https://software.example' })
    disco.addExtension(
      'server',
      { formType: NS.contactAddresses, fields: { 'abuse-addresses': 'mailto:a@b' } },
      { domain: server },
    )
    for (const domain of [server, 'other.example']) {
      const told = (await info(domain, stranger)) as DiscoInfo
      expect(disco.caps(domain)).toEqual({
        hash: 'sha-1',
        node: 'https://software.example',
        ver: capsHash(told),
      })
    }
    expect(disco.caps(server).ver).not.toBe(disco.caps('other.example').ver)
  })

  test('its node is the server itself, as long as nothing has changed', async () => {
    const { disco, info } = scene()
    const { node, ver } = disco.caps(server)
    expect(await info(server, stranger, `${node}#${ver}`)).toEqual(await info(server, stranger))
    disco.addFeature('server', 'urn:new')
    expect(await info(server, stranger, `${node}#${ver}`)).toBe('item-not-found')
    expect(disco.caps(server).ver).not.toBe(ver)
  })
})

describe('an account', () => {
  test('DISCO-1: is shown to itself and to those that may see its presence', async () => {
    const { disco, info } = scene()
    disco.addFeature('account', 'urn:x')
    const shown = {
      identities: [{ category: 'account', type: 'registered' }],
      features: [NS.discoInfo, NS.discoItems, 'urn:x'],
      forms: [],
    }
    for (const asker of ['juliet@example.com/balcony', account, friend])
      expect(await info(account, asker)).toEqual(shown)
  })

  test('DISCO-1 L-4 L-6: to others it is as if it did not exist, with a node and without', async () => {
    const { disco, info, items } = scene({}, [
      { jid: parseJid('juliet@example.com/balcony') as FullJid, presence: presence() },
    ])
    disco.addItem('account', { jid: parseJid(account), node: 'urn:blog' })
    disco.addFeature('account', 'urn:x', { node: 'n' })
    for (const target of [account, 'nobody@example.com']) {
      for (const node of [undefined, 'n', 'unknown']) {
        expect(await info(target, stranger, node)).toBe('service-unavailable')
        expect(await items(target, stranger, node)).toEqual([])
      }
    }
    expect(await info('nobody@example.com', 'juliet@example.com/balcony')).toBe('service-unavailable')
  })

  test('L-4: a filter that fails shows nothing', async () => {
    const { hooks, info, items } = scene()
    hooks.on(accountVisible, () => {
      throw new Error('the database is away')
    })
    expect(await info(account, friend)).toBe('internal-server-error')
    expect(await items(account, friend)).toBe('internal-server-error')
  })

  test('L-4: dropping the question means no', async () => {
    const { hooks, info } = scene()
    hooks.on(accountVisible, () => drop)
    expect(await info(account, friend)).toBe('service-unavailable')
  })

  test('DISCO-1: lists its available resources and what was registered', async () => {
    const { disco, items } = scene({}, [
      { jid: parseJid('juliet@example.com/balcony') as FullJid, presence: presence() },
      { jid: parseJid('juliet@example.com/hidden') as FullJid, presence: undefined },
      { jid: parseJid('nurse@example.com/x') as FullJid, presence: presence() },
    ])
    disco.addItem('account', { jid: parseJid(account), node: 'urn:blog', name: 'Blog' })
    disco.addItem('account', { jid: parseJid(account), node: 'sub' }, { node: 'urn:blog' })
    expect(await items(account, friend)).toEqual([
      'juliet@example.com/balcony',
      'juliet@example.com urn:blog Blog',
    ])
    expect(await items(account, friend, 'urn:blog')).toEqual(['juliet@example.com sub'])
    expect(await items(account, friend, 'unknown')).toBe('item-not-found')
  })

  test('what is said of an account may be changed by a filter', async () => {
    const { hooks, info } = scene()
    hooks.on(
      discoInfo,
      async (value) => value && { ...value, identities: [{ category: 'account', type: 'admin' }] },
    )
    expect(await info(account, friend)).toMatchObject({
      identities: [{ category: 'account', type: 'admin' }],
    })
  })
})

describe('hostile questions', () => {
  test.each([['x'.repeat(1025)]])('a node that is too long is refused', async (node) => {
    const { info } = scene()
    expect(await info(server, stranger, node)).toBe('bad-request')
  })

  test.each(['__proto__', 'constructor', 'toString', '["server",null]', '#', 'urn:xmppkit#'])(
    'node %s is not found',
    async (node) => {
      const { info, items } = scene()
      expect(await info(server, stranger, node)).toBe('item-not-found')
      expect(await items(server, stranger, node)).toBe('item-not-found')
    },
  )
})
