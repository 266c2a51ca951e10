import { type BareJid, type FullJid, makeJid, parseJid } from '@xmppkit/jid'
import { createCountingIds } from '@xmppkit/runtime'
import { NS, StanzaError, StreamError } from '@xmppkit/stanza'
import type { StreamState } from '@xmppkit/stream'
import { Element, parseElement, textFromWire, writeElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { type Bind2Feature, createBind2 } from './bind2.js'
import type { UserAgent } from './user-agent.js'

const account = parseJid('juliet@example.org').bare
const agent: UserAgent = { id: 'd4565fa7-4d72-4749-b3d3-740edbf87770' }
const state = {} as StreamState
const text = (el: Element | undefined): string => (el === undefined ? '' : textFromWire(writeElement(el)))

interface Setup {
  readonly bind?: (account: BareJid, resource: string) => FullJid | Promise<FullJid>
  readonly features?: readonly Bind2Feature[]
  readonly errors?: unknown[]
}

function rig({ bind, features = [], errors = [] }: Setup = {}) {
  const bound: string[] = []
  const bind2 = createBind2({
    async bind(who, resource) {
      const jid = await (bind?.(who, resource) ?? makeJid({ local: who.local, domain: who.domain, resource }))
      bound.push(jid.toString())
      return { jid: jid as FullJid }
    },
    ids: createCountingIds('id'),
    logger: { error: (_message, fields) => void errors.push(fields?.error) },
  })
  for (const feature of features) bind2.add(feature)
  const request = (content: string, userAgent: UserAgent = {}, who: BareJid = account) => ({
    state,
    element: parseElement(`<authenticate xmlns='${NS.sasl2}'>${content}</authenticate>`),
    mechanism: 'PLAIN',
    userAgent,
    signal: new AbortController().signal,
    account: who,
    bound: undefined,
  })
  return {
    bind2,
    bound,
    wants: (content: string) => bind2.feature.wants(request(content)),
    negotiate: async (content: string, userAgent?: UserAgent, who?: BareJid) => {
      const answer = await bind2.feature.negotiate(request(content, userAgent, who))
      return { bound: answer.bound?.toString(), element: text(answer.element) }
    },
  }
}

const bindWith = (content: string) => `<bind xmlns='${NS.bind2}'>${content}</bind>`

describe('the resource', () => {
  const resourceOf = async (tag: string, userAgent?: UserAgent, who?: BareJid) =>
    (await rig().negotiate(bindWith(tag), userAgent, who)).bound?.split('/').slice(1).join('/')

  test('BIND2-2 SASL2-6: begins with the tag and ends in what tells nobody the id of the client', async () => {
    const resource = await resourceOf('<tag>AwesomeXMPP</tag>', agent)
    expect(resource).toMatch(/^AwesomeXMPP\/[\w-]{16}$/)
    expect(resource).not.toContain(agent.id?.slice(0, 8))
  })

  test('BIND2-2: is the same for one installation each time, and another for another', async () => {
    const first = await resourceOf('<tag>A</tag>', agent)
    expect(await resourceOf('<tag>A</tag>', agent)).toBe(first)
    const other = { id: 'd4565fa7-4d72-4749-b3d3-740edbf87771' }
    const rest = [
      await resourceOf('<tag>A</tag>', other),
      await resourceOf('<tag>B</tag>', agent),
      await resourceOf('', agent),
      await resourceOf('<tag>A</tag>', agent, parseJid('romeo@example.org').bare),
    ]
    const ends = [first, ...rest].map((resource) => resource?.split('/').at(-1))
    expect(new Set(ends).size).toBe(5)
  })

  test('B-2: is a new one for a client that does not say who it is', async () => {
    const { negotiate, bound } = rig()
    for (let n = 0; n < 3; n++) await negotiate(bindWith('<tag>A</tag>'))
    expect(new Set(bound).size).toBe(3)
  })

  test.each(['x'.repeat(1_100), 'a\tb', '\u{e0001}'])(
    'B-2: a tag nobody can have is refused',
    async (content) => {
      const { negotiate, bound } = rig()
      expect(await negotiate(bindWith(`<tag>${content}</tag>`), agent)).toEqual({
        bound: undefined,
        element: `<failed xmlns="${NS.bind2}"><bad-request xmlns="${NS.stanzaErrors}"/></failed>`,
      })
      expect(bound).toEqual([])
    },
  )
})

test('only a bind of its own namespace is meant', () => {
  expect(rig().wants(bindWith(''))).toBe(true)
  expect(rig().wants(`<bind xmlns='${NS.bind}'/>`)).toBe(false)
})

describe('what a session may want from the first moment', () => {
  const carbons = (more: Partial<Bind2Feature> = {}): Bind2Feature => ({
    name: 'carbons',
    seq: 50,
    feature: NS.carbons,
    wants: (request) => request.has('enable', NS.carbons),
    negotiate: () => undefined,
    ...more,
  })
  const metadata: Bind2Feature = {
    name: 'archive',
    seq: 90,
    wants: () => true,
    negotiate: async ({ session }) => new Element('metadata', { xmlns: NS.mam, of: session.jid.toString() }),
  }

  test('is listed, if it can be asked for', () => {
    const { bind2 } = rig({ features: [carbons(), metadata] })
    expect(text(bind2.feature.advertise(state))).toBe(
      `<bind xmlns="${NS.bind2}"><inline><feature var="${NS.carbons}"/></inline></bind>`,
    )
    expect(text(rig().bind2.feature.advertise(state))).toBe(`<bind xmlns="${NS.bind2}"/>`)
  })

  test('BIND2-3: is done in order for the session that was opened, if it was asked for', async () => {
    const done: string[] = []
    const asked = carbons({
      negotiate: ({ session, request, userAgent }) => {
        done.push(session.jid.toString(), String(request.has('enable', NS.carbons)), String(userAgent.id))
        return undefined
      },
    })
    const { negotiate } = rig({ features: [metadata, asked] })
    const one = await negotiate(bindWith('<tag>t</tag>'), agent)
    expect(done).toEqual([])
    expect(one.element).toBe(
      `<bound xmlns="${NS.bind2}"><metadata xmlns="${NS.mam}" of="${one.bound}"/></bound>`,
    )
    const two = await negotiate(bindWith(`<enable xmlns='${NS.carbons}'/>`), agent)
    expect(done).toEqual([two.bound, 'true', agent.id])
  })

  test('BIND2-3: that fails leaves the session and the others as they are', async () => {
    const errors: unknown[] = []
    const broken = [
      carbons({ seq: 1, wants: () => true, negotiate: () => Promise.reject(new Error('rejected')) }),
      carbons({
        seq: 2,
        wants: () => true,
        negotiate: () => {
          throw new Error('thrown')
        },
      }),
    ]
    const { negotiate } = rig({ features: [...broken, metadata], errors })
    const { bound, element } = await negotiate(bindWith(''), agent)
    expect(bound).toBeDefined()
    expect(element).toContain('<metadata')
    expect(errors.map(String)).toEqual(['Error: rejected', 'Error: thrown'])
  })

  test('can be taken back', () => {
    const { bind2 } = rig()
    bind2.add(carbons())[Symbol.dispose]()
    expect(text(bind2.feature.advertise(state))).toBe(`<bind xmlns="${NS.bind2}"/>`)
  })
})

describe('a session that cannot be opened', () => {
  const refusing = (error: Error, errors: unknown[] = []) =>
    rig({
      bind: () => {
        throw error
      },
      errors,
    }).negotiate(bindWith(''), agent)

  test.each(['conflict', 'resource-constraint', 'not-allowed'] as const)(
    'B-4 B-5: says why: %s',
    async (condition) => {
      expect(await refusing(new StanzaError(condition))).toEqual({
        bound: undefined,
        element: `<failed xmlns="${NS.bind2}"><${condition} xmlns="${NS.stanzaErrors}"/></failed>`,
      })
    },
  )

  test('for a reason of our own says no more than that', async () => {
    const errors: unknown[] = []
    const { element } = await refusing(new Error('the database is full of eels'), errors)
    expect(element).toContain('<internal-server-error')
    expect(element).not.toContain('eels')
    expect(errors).toHaveLength(1)
  })

  test('may end the stream', async () => {
    await expect(refusing(new StreamError('conflict'))).rejects.toThrow('conflict')
  })
})
