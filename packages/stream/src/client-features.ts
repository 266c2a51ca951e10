import { type FullJid, isFullJid, parseJid, tryParseJid } from '@xmppkit/jid'
import { type ClientMechanism, decodeBase64Strict, encodeBase64 } from '@xmppkit/sasl'
import { NS, saslFailureFrom, stanzaErrorFrom } from '@xmppkit/stanza'
import { Element, type RawElement } from '@xmppkit/xml'
import { StreamClosedError } from './errors.js'
import type { ClientFeature, FeatureIo, StreamChange } from './stream-feature.js'
import type { StreamState } from './stream-state.js'

/** Options of {@link clientStarttls}. */
export interface ClientStarttlsOptions {
  /**
   * End the stream if the server offers no TLS, instead of going on in clear text.
   * @default true
   */
  readonly required?: boolean
}

/**
 * STARTTLS on the initiating side (RFC 6120 §5).
 *
 * @example
 * ```ts
 * const features = [clientStarttls(), clientSasl({ choose }), clientBind()]
 * ```
 */
export function clientStarttls(options: ClientStarttlsOptions = {}): ClientFeature {
  const { required } = Object.freeze({ required: true, ...options })
  return {
    name: 'starttls',
    element: 'starttls',
    ns: NS.tls,
    wanted: (state) => !state.secure && (required || state.canStartTls),
    required: () => required,
    async negotiate(_offer, io) {
      io.send(new Element('starttls', { xmlns: NS.tls }))
      const answer = await io.read()
      if (answer.name !== 'proceed' || answer.ns !== NS.tls) throw unexpected('STARTTLS', answer)
      return { tls: await io.startTls(), restart: true }
    },
  }
}

/** Options of {@link clientSasl}. */
export interface ClientSaslOptions {
  /** Picks a mechanism among those the server offers; `undefined` if none will do. */
  choose(offered: readonly string[], state: StreamState): ClientMechanism | undefined
}

/**
 * SASL on the initiating side (RFC 6120 §6). A refusal ends the stream with a `SaslFailure` as its cause.
 *
 * @example
 * ```ts
 * const sasl = clientSasl({ choose: (offered) => client.choose(offered) })
 * ```
 */
export function clientSasl(options: ClientSaslOptions): ClientFeature {
  return {
    name: 'sasl',
    element: 'mechanisms',
    ns: NS.sasl,
    wanted: (state) => state.authenticated === undefined,
    required: () => true,
    async negotiate(offer, io) {
      const mechanism = options.choose(mechanismsOf(offer), io.state)
      if (mechanism === undefined) {
        throw new StreamClosedError('stream/refused', 'the server offers no mechanism we could use')
      }
      await authenticate(mechanism, io)
      const { from, domain } = io.state
      return { restart: true, mechanism: mechanism.name, authenticated: (from ?? parseJid(domain)).bare }
    },
  }
}

async function authenticate(mechanism: ClientMechanism, io: FeatureIo): Promise<void> {
  const initial = await mechanism.start()
  const auth = new Element('auth', { xmlns: NS.sasl, mechanism: mechanism.name })
  // RFC 6120 §6.4.2: '=' is an empty initial response, nothing at all is none.
  if (initial !== undefined) auth.t(encodeBase64(initial) || '=')
  io.send(auth)
  for (;;) {
    const answer = await io.read()
    if (answer.ns !== NS.sasl) throw unexpected('SASL', answer)
    if (answer.name === 'success') return mechanism.finish(additionalData(answer))
    if (answer.name === 'failure') throw saslFailureFrom(answer.toElement())
    if (answer.name !== 'challenge') throw unexpected('SASL', answer)
    const response = await mechanism.next(decodeBase64Strict(answer.text()))
    io.send(new Element('response', { xmlns: NS.sasl }).t(encodeBase64(response)))
  }
}

function additionalData(success: RawElement): Uint8Array | undefined {
  const text = success.text()
  if (text === '') return undefined
  return text === '=' ? new Uint8Array() : decodeBase64Strict(text)
}

function mechanismsOf(offer: RawElement): string[] {
  const names: string[] = []
  for (const [i, child] of offer.children.entries()) {
    if (child.name === 'mechanism' && child.ns === NS.sasl) names.push(offer.childAt(i).text())
  }
  return names
}

/** Options of {@link clientBind}. */
export interface ClientBindOptions {
  /** The resource to ask for; the server chooses one if there is none, and may choose another in any case. */
  readonly resource?: string
}

/**
 * Resource binding on the initiating side (RFC 6120 §7).
 *
 * @example
 * ```ts
 * const bind = clientBind({ resource: 'laptop' })
 * ```
 */
export function clientBind(options: ClientBindOptions = {}): ClientFeature {
  const id = 'bind'
  return {
    name: 'bind',
    element: 'bind',
    ns: NS.bind,
    wanted: (state) => state.authenticated !== undefined && state.bound === undefined,
    required: () => true,
    async negotiate(_offer, io): Promise<StreamChange> {
      const request = new Element('iq', { xmlns: NS.client, type: 'set', id })
      const bind = request.c('bind', { xmlns: NS.bind })
      if (options.resource !== undefined) bind.c('resource').t(options.resource)
      io.send(request)
      const answer = await io.read()
      if (answer.name !== 'iq' || answer.attr('id') !== id) throw unexpected('bind', answer)
      return { bound: boundJid(answer) }
    },
  }
}

function boundJid(answer: RawElement): FullJid {
  const error = answer.child('error', answer.ns)
  if (error !== undefined) {
    const { message } = stanzaErrorFrom(error.toElement())
    throw new StreamClosedError('stream/refused', `the server binds no resource: ${message}`)
  }
  const jid = tryParseJid(answer.child('bind', NS.bind)?.child('jid', NS.bind)?.text() ?? '')
  if (jid === undefined || !isFullJid(jid)) throw unexpected('bind', answer)
  return jid
}

function unexpected(to: string, answer: RawElement): StreamClosedError {
  return new StreamClosedError('stream/unexpected-reply', `the server answered ${to} with <${answer.name}/>`)
}
