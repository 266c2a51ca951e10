import { failure, type SaslFailed } from '@xmppkit/sasl'
import { NS, SaslFailure, StreamError, saslFailureElement } from '@xmppkit/stanza'
import type { FeatureIo, StreamChange, StreamFeature } from '@xmppkit/stream'
import { Element } from '@xmppkit/xml'
import { accountOf } from './login-credentials.js'
import { createLogins, type Logins, type SaslFeatureDeps, type SaslFeatureOptions } from './logins.js'
import { runExchange, successElement } from './sasl-exchange.js'

/**
 * Makes SASL a feature of streams (RFC 6120 §6): the mechanisms the stream allows, exchanges with strict base64, a bound
 * number of tries, an identity that cannot change afterwards.
 *
 * @param source - logins shared with {@link sasl2Feature}, or what they are made of
 * @param options - of logins of its own
 * @throws SaslError `sasl/unknown-mechanism` if the options name a mechanism nobody knows
 * @example
 * ```ts
 * const sasl = saslFeature({ credentials: accounts.credentials, clock: systemClock, logger })
 * const host = { features: () => [starttlsFeature(), sasl, bindFeature({ bind, ids, logger })] }
 * ```
 */
export function saslFeature(
  source: Logins | SaslFeatureDeps,
  options: SaslFeatureOptions = {},
): StreamFeature {
  const logins = 'attempt' in source ? source : createLogins(source, options)

  // What is allowed depends on the connection, so there are few lists.
  const elements = new Map<string, Element>()
  const advertised = (list: readonly string[]): Element => {
    const key = list.join(' ')
    const el = elements.get(key) ?? mechanismsElement(list)
    elements.set(key, el)
    return el
  }

  const fail = (io: FeatureIo, failed: SaslFailed): StreamChange => {
    io.send(saslFailureElement(new SaslFailure(failed.condition)))
    logins.failed(io.state, failed)
    return {}
  }

  return {
    name: 'sasl',
    ns: NS.sasl,
    offered: (state) => state.authenticated === undefined && logins.names(state).length > 0,
    required: () => true,
    advertise: (state) => advertised(logins.names(state)),
    async negotiate(el, io) {
      const mechanism = el.attr('mechanism') ?? ''
      const result = await logins.attempt(io, mechanism, (exchange) => runExchange(el, io, exchange))
      if (result.kind === 'failure') return fail(io, result)
      io.send(successElement(result))
      return { restart: true, authenticated: accountOf(result.username, io.state), mechanism }
    },
    refuse(_el, io) {
      // who is authenticated stays who it is.
      if (io.state.authenticated === undefined) return fail(io, unencrypted)
      throw new StreamError('policy-violation', { text: 'logged in already' })
    },
  }
}

const unencrypted = failure('encryption-required', 'no mechanism is offered on this stream')

function mechanismsElement(names: readonly string[]): Element {
  const el = new Element('mechanisms', { xmlns: NS.sasl })
  for (const name of names) el.c('mechanism').t(name)
  return el
}
