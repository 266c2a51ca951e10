import { tryParseJid } from '@xmppkit/jid'
import type { Logger } from '@xmppkit/runtime'
import {
  decodeErrorAnswer,
  errorReplyTo,
  isDecodeError,
  isStanzaError,
  isStreamError,
  matches,
  NS,
  StanzaError,
} from '@xmppkit/stanza'
import type { FeatureIo, StreamFeature, StreamState } from '@xmppkit/stream'
import { Element, type RawElement } from '@xmppkit/xml'
import type { RegisterNewcomer } from './newcomers.js'
import { type RegisterPayload, registerQuery } from './register-payload.js'
import type { RegistrationOptions } from './registration-options.js'

// The same for all streams, and so written once.
const advertised = new Element('register', { xmlns: NS.registerFeature })

/** What the form for newcomers needs. */
export interface InBandFeatureDeps {
  /** Creates the account. */
  readonly register: RegisterNewcomer
  /** Told of registrations that fail for reasons of ours. */
  readonly logger: Pick<Logger, 'error'>
}

/** Settings of {@link inBandFeature}. */
export type InBandFeatureOptions = Pick<Required<RegistrationOptions>, 'instructions' | 'allowInsecure'>

/**
 * Registration before login (XEP-0077 §3.1), as a stream feature: offered until somebody has
 * authenticated, and over TLS only. One stream registers one account.
 */
export function inBandFeature(deps: InBandFeatureDeps, options: InBandFeatureOptions): StreamFeature {
  // Streams that have registered an account, by the state that is theirs for life.
  const done = new WeakSet<StreamState>()

  const answer = async (request: RawElement, state: StreamState): Promise<Element | undefined> => {
    const payload = readRequest(request, state)
    if (request.attr('type') === 'get') return registerQuery.encode(emptyForm(options))
    if (payload.remove) throw new StanzaError('unexpected-request') // nobody has logged in
    if (done.has(state)) {
      throw new StanzaError('not-acceptable', { text: 'An account was registered here already.' })
    }
    await deps.register(state.domain, payload, state.remoteAddress)
    done.add(state)
    return undefined
  }

  const refusal = (error: unknown, state: StreamState): StanzaError => {
    if (isStanzaError(error)) return error
    if (isDecodeError(error)) return decodeErrorAnswer(error)
    if (isStreamError(error)) throw error
    deps.logger.error('an account could not be registered', { domain: state.domain, error })
    return new StanzaError('internal-server-error')
  }

  return {
    name: 'registration',
    ns: NS.register,
    offered: (state) => state.authenticated === undefined && (state.secure || options.allowInsecure),
    advertise: () => advertised,
    // Once somebody has logged in, the same request is about their account (XEP-0077 §3.2, §3.3).
    handles: (el, state) =>
      state.authenticated === undefined && el.name === 'iq' && el.has('query', NS.register),
    async negotiate(el, io) {
      try {
        io.send(resultTo(el, io, await answer(el, io.state)))
      } catch (error) {
        // What was sent is not repeated: there is a password in it.
        const request = el.filterChildren(() => false)
        const from = tryParseJid(io.state.domain)
        const reply = errorReplyTo(request, refusal(error, io.state), { from })
        if (reply) io.send(reply)
      }
      return {}
    },
  }
}

function readRequest(request: RawElement, state: StreamState): RegisterPayload {
  const type = request.attr('type')
  if ((type !== 'get' && type !== 'set') || !request.attr('id') || request.children.length !== 1) {
    throw new StanzaError('bad-request')
  }
  const to = request.attr('to')
  if (to !== undefined && tryParseJid(to)?.toString() !== state.domain) {
    throw new StanzaError('service-unavailable')
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
