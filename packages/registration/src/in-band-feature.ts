import { errorReplyTo, isDecodeError, isStanzaError, matches, NS, StanzaError } from '@xmppkit/stanza'
import type { FeatureIo, StreamFeature, StreamState } from '@xmppkit/stream'
import { Element, type RawElement } from '@xmppkit/xml'
import { type RegisterPayload, registerQuery } from './register-payload.js'
import type { RegisterNewcomer } from './registration.js'

/** What the form for newcomers needs. */
export interface InBandFeatureDeps {
  readonly register: RegisterNewcomer
}

/** Settings of {@link inBandFeature}. */
export interface InBandFeatureOptions {
  readonly instructions: string
  readonly allowInsecure: boolean
}

/**
 * Registration before login (XEP-0077 §3.1), as a stream feature: offered until somebody has
 * authenticated, and over TLS only.
 */
export function inBandFeature(deps: InBandFeatureDeps, options: InBandFeatureOptions): StreamFeature {
  const answer = async (request: RawElement, state: StreamState): Promise<Element | undefined> => {
    const payload = readRequest(request)
    if (request.attr('type') === 'get') return registerQuery.encode(emptyForm(options))
    if (payload.remove) throw new StanzaError('unexpected-request') // nobody has logged in
    await deps.register(state.domain, payload, state.remoteAddress)
    return undefined
  }
  return {
    name: 'registration',
    ns: NS.register,
    offered: (state) => state.authenticated === undefined && (state.secure || options.allowInsecure),
    advertise: () => new Element('register', { xmlns: NS.registerFeature }),
    // Once somebody has logged in, the same request is about their account (XEP-0077 §3.2, §3.3).
    handles: (el, state) =>
      state.authenticated === undefined && el.name === 'iq' && el.has('query', NS.register),
    async negotiate(el, io) {
      try {
        io.send(resultTo(el, io, await answer(el, io.state)))
      } catch (error) {
        const reply = errorReplyTo(el, asStanzaError(error), {})
        if (reply) io.send(reply.withAttributes({ from: io.state.domain }))
      }
      return {}
    },
  }
}

function readRequest(request: RawElement): RegisterPayload {
  const type = request.attr('type')
  if ((type !== 'get' && type !== 'set') || !request.attr('id') || request.children.length !== 1) {
    throw new StanzaError('bad-request')
  }
  const query = request.childAt(0).toElement()
  if (!matches(registerQuery, query)) throw new StanzaError('bad-request')
  return registerQuery.decode(query)
}

function emptyForm({ instructions }: InBandFeatureOptions): RegisterPayload {
  return { instructions, username: '', password: '' }
}

function resultTo(request: RawElement, io: FeatureIo, payload: Element | undefined): Element {
  const id = request.attr('id') ?? ''
  const reply = new Element('iq', { xmlns: NS.client, type: 'result', id, from: io.state.domain })
  if (payload) reply.cnode(payload)
  return reply
}

/** Whatever is neither an answer nor a malformed request ends the stream and is logged by the engine. */
function asStanzaError(error: unknown): StanzaError {
  if (isStanzaError(error)) return error
  if (isDecodeError(error)) return new StanzaError('bad-request', { text: error.message })
  throw error
}
