import { type BareJid, type FullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, type Logger, silentLogger } from '@xmppkit/runtime'
import { StreamError } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { expect } from 'vitest'
import { type FakeTransport, fakeTransport, settled } from './fake-transport.js'
import {
  createServerStream,
  type ServerStream,
  type ServerStreamDeps,
  type StreamHost,
} from './server-stream.js'
import type { ServerStreamOptions } from './server-stream-options.js'
import { starttlsFeature } from './starttls-feature.js'
import type { StreamEnd } from './stream-end.js'
import type { StreamFeature } from './stream-feature.js'

export const login = 'urn:example:login'
const bindNs = 'urn:ietf:params:xml:ns:xmpp-bind'

// <login user='ann'/> proves everything; `wait` makes it ask for a word in between.
export const loginFeature: StreamFeature = {
  name: 'login',
  ns: login,
  offered: (state) => state.authenticated === undefined,
  required: () => true,
  advertise: () => new Element('mechanisms', { xmlns: login }),
  async negotiate(el, io) {
    if (el.attr('wait') !== undefined) {
      io.send(new Element('challenge', { xmlns: login }))
      const word = await io.read()
      if (word.name !== 'response') throw new StreamError('policy-violation')
    }
    io.send(new Element('success', { xmlns: login }))
    const account = parseJid(`${el.attr('user')}@${io.state.domain}`) as BareJid
    return el.attr('inline') === undefined
      ? { restart: true, authenticated: account, mechanism: 'TEST' }
      : { features: true, authenticated: account }
  },
}

export const bindFeature: StreamFeature = {
  name: 'bind',
  ns: bindNs,
  offered: (state) => state.authenticated !== undefined && state.bound === undefined,
  required: () => true,
  advertise: () => new Element('bind', { xmlns: bindNs }),
  handles: (el) => el.name === 'iq' && el.has('bind', bindNs),
  negotiate(el, io) {
    io.send(new Element('iq', { type: 'result', id: el.attr('id') ?? '' }))
    return { bound: parseJid(`${io.state.authenticated}/r`) as FullJid }
  },
}

export const host: StreamHost = {
  features: () => [starttlsFeature({ required: false }), loginFeature, bindFeature],
}

export interface Rig {
  stream: ServerStream<string>
  transport: FakeTransport
  clock: ReturnType<typeof createManualClock>
  elements: string[]
  ends: StreamEnd[]
  gone: number
  outcomes: string[]
  errors: string[]
  feed(text: string): void
  /** Everything said since the last call, after all that waits for promises alone has run. */
  heard(): Promise<string>
}

export function open(
  setup: {
    transport?: FakeTransport
    host?: StreamHost
    deps?: Partial<ServerStreamDeps<string>>
    options?: ServerStreamOptions
  } = {},
): Rig {
  const transport = setup.transport ?? fakeTransport()
  const clock = createManualClock()
  const errors: string[] = []
  const logger: Logger = { ...silentLogger, error: (message) => errors.push(message) }
  const rig: Rig = {
    transport,
    clock,
    elements: [],
    ends: [],
    gone: 0,
    outcomes: [],
    errors,
    stream: createServerStream<string>(
      {
        transport,
        clock,
        ids: createCountingIds('s'),
        logger,
        resolve: (domain) =>
          domain === 'example.com' || domain === 'other.example'
            ? (setup.host ?? host)
            : domain === 'moved.example'
              ? 'gone'
              : 'unknown',
        onElement: (el) => void rig.elements.push(el.name),
        onClosed: (end) => void rig.ends.push(end),
        onGone: () => void rig.gone++,
        onSettled: (ticket, outcome) => void rig.outcomes.push(`${ticket} ${outcome}`),
        ...setup.deps,
      },
      setup.options,
    ),
    feed: (text) => rig.stream.receive(Buffer.from(text)),
    async heard() {
      await settled()
      return transport.taken()
    },
  }
  return rig
}

export const xml = "<?xml version='1.0'?>"
export const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
export const hello = `${xml}${header} to='example.com' version='1.0'>`
export const answer = (id: string, to = '') =>
  `${xml}${header} id='${id}' from='example.com'${to} version='1.0' xml:lang='en'>`
export const loginOnly = `<stream:features><mechanisms xmlns="${login}"/></stream:features>`
export const bindOnly = `<stream:features><bind xmlns="${bindNs}"/></stream:features>`
export const bye = '</stream:stream>'
export const error = (condition: string, text = '') =>
  `<stream:error xmlns:stream="http://etherx.jabber.org/streams">` +
  `<${condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>` +
  (text && `<text xmlns="urn:ietf:params:xml:ns:xmpp-streams" xml:lang="en">${text}</text>`) +
  `</stream:error>${bye}`
export const bindIq = `<iq type='set' id='b'><bind xmlns='${bindNs}'/></iq>`

export async function established(setup: Parameters<typeof open>[0] = {}): Promise<Rig> {
  const rig = open(setup)
  rig.feed(hello)
  await settled()
  rig.feed(`<login xmlns='${login}' user='ann'/>`)
  await settled()
  rig.feed(`${hello}${bindIq}`)
  await settled()
  expect(rig.stream.phase).toBe('established')
  rig.transport.taken()
  rig.transport.calls.splice(0)
  return rig
}
