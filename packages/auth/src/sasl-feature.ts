import { parseNetwork } from '@xmppkit/access'
import type { Clock } from '@xmppkit/runtime'
import {
  type ChannelBindings,
  createSaslServer,
  type SaslCondition,
  type SaslConditions,
  saslServerDefaults,
} from '@xmppkit/sasl'
import { NS, SaslFailure, StreamError, saslFailureElement } from '@xmppkit/stanza'
import type { FeatureIo, StreamChange, StreamFeature, StreamState } from '@xmppkit/stream'
import { Element, type RawElement } from '@xmppkit/xml'
import { accountOf, type LoginConditions, loginCredentials } from './login-credentials.js'
import { type LoginReportDeps, outcomeOf, reportLogin } from './login-report.js'
import type { LoginOutcome, LoginThrottle } from './login-throttle.js'
import type { CredentialSources } from './ports.js'
import { type ExchangeResult, runExchange, successElement } from './sasl-exchange.js'

/** What {@link saslFeature} needs. */
export interface SaslFeatureDeps extends LoginReportDeps {
  /** Where logins are checked, such as `accounts.credentials`. */
  readonly credentials: CredentialSources
  /** Limits the wait for an answer. */
  readonly clock: Pick<Clock, 'after'>
  /** Slows down who guesses. */
  readonly throttle?: LoginThrottle
}

/** Options of {@link saslFeature}. */
export interface SaslFeatureOptions {
  /**
   * The mechanisms by name, in the order they are advertised. Those the credential sources cannot serve are left out.
   * ANONYMOUS must be named to be offered; give it a host of its own.
   * @default saslServerDefaults.mechanisms
   */
  readonly mechanisms?: readonly string[]
  /**
   * Offer PLAIN without TLS to clients on this machine, for development and for proxies that end TLS.
   * @default false
   */
  readonly allowPlainOnLoopback?: boolean
  /**
   * Failed tries on one stream before it is closed. RFC 6120 §6.4.5 wants 2 to 5 retries.
   * @default 5
   */
  readonly maxAttempts?: number
  /**
   * The longest wait for a credential source, in milliseconds; then the client is told to try later.
   * @default 10000
   */
  readonly credentialTimeoutMs?: number
  /**
   * The most bytes of one decoded message of a client.
   * @default 8192
   */
  readonly maxMessageBytes?: number
}

/** The defaults of {@link saslFeature}. */
export const saslFeatureDefaults: Required<SaslFeatureOptions> = Object.freeze({
  mechanisms: saslServerDefaults.mechanisms,
  allowPlainOnLoopback: false,
  maxAttempts: 5,
  credentialTimeoutMs: 10_000,
  maxMessageBytes: saslServerDefaults.maxMessageBytes,
})

/**
 * Makes SASL a feature of streams (RFC 6120 §6): the mechanisms the stream allows, exchanges with strict base64, a bound
 * number of tries, an identity that cannot change afterwards.
 *
 * @throws SaslError `sasl/unknown-mechanism` if the options name a mechanism nobody knows
 * @example
 * ```ts
 * const sasl = saslFeature({ credentials: accounts.credentials, clock: systemClock, logger })
 * const host = { features: () => [starttlsFeature(), sasl, bindFeature({ bind, ids, logger })] }
 * ```
 */
export function saslFeature(deps: SaslFeatureDeps, options: SaslFeatureOptions = {}): StreamFeature {
  const settings = Object.freeze({ ...saslFeatureDefaults, ...options })
  const { maxMessageBytes, maxAttempts } = settings
  const mechanisms = settings.mechanisms.filter((name) => hasVerifiers(name, deps.credentials))
  const answers = loginCredentials(deps, settings.credentialTimeoutMs)
  const server = createSaslServer(answers, { mechanisms, maxMessageBytes })
  const failures = new WeakMap<StreamState, number>()

  const conditions = (state: StreamState): SaslConditions => ({
    confidential: state.secure || (settings.allowPlainOnLoopback && isLoopback(state.remoteAddress)),
    channelBindings: channelBindings(state),
  })
  const names = (state: StreamState): readonly string[] => server.names(conditions(state))

  // What is allowed depends on the connection, so there are few lists.
  const elements = new Map<string, Element>()
  const advertised = (list: readonly string[]): Element => {
    const key = list.join(' ')
    const el = elements.get(key) ?? mechanismsElement(list)
    elements.set(key, el)
    return el
  }

  const exchange = async (el: RawElement, io: FeatureIo): Promise<ExchangeResult> => {
    const { state, signal } = io
    const counted = deps.throttle?.begin(state.remoteAddress)
    if (deps.throttle !== undefined && counted === undefined) return throttled
    const mechanism = el.attr('mechanism') ?? ''
    let outcome: LoginOutcome = 'spared'
    try {
      const login: LoginConditions = { ...conditions(state), state, mechanism, signal, counted }
      const result = await runExchange(el, io, server.begin(mechanism, login))
      outcome = outcomeOf(result)
      return result
    } finally {
      counted?.end(outcome)
    }
  }

  const fail = (io: FeatureIo, condition: SaslCondition): StreamChange => {
    io.send(saslFailureElement(new SaslFailure(condition)))
    const count = (failures.get(io.state) ?? 0) + 1
    failures.set(io.state, count)
    // RFC 6120 §6.4.5
    if (count >= maxAttempts) throw new StreamError('policy-violation', { text: 'too many failed logins' })
    return {}
  }

  return {
    name: 'sasl',
    ns: NS.sasl,
    offered: (state) => state.authenticated === undefined && names(state).length > 0,
    required: () => true,
    advertise: (state) => advertised(names(state)),
    async negotiate(el, io) {
      const result = await exchange(el, io)
      const mechanism = el.attr('mechanism') ?? ''
      reportLogin(deps, io, mechanism, result)
      if (result.kind === 'failure') return fail(io, result.condition)
      io.send(successElement(result))
      return { restart: true, authenticated: accountOf(result.username, io.state), mechanism }
    },
    refuse(_el, io) {
      // who is authenticated stays who it is.
      if (io.state.authenticated === undefined) return fail(io, 'encryption-required')
      throw new StreamError('policy-violation', { text: 'logged in already' })
    },
  }
}

const throttled: ExchangeResult = {
  kind: 'failure',
  condition: 'temporary-auth-failure',
  reason: 'too many failed logins from this address',
}

function hasVerifiers(mechanism: string, { scramHashes }: CredentialSources): boolean {
  const hash = /^SCRAM-(SHA-1|SHA-256|SHA-512)(?:-PLUS)?$/.exec(mechanism)?.[1]
  return hash === undefined || scramHashes === undefined || scramHashes.some((known) => known === hash)
}

function mechanismsElement(names: readonly string[]): Element {
  const el = new Element('mechanisms', { xmlns: NS.sasl })
  for (const name of names) el.c('mechanism').t(name)
  return el
}

function channelBindings({ tls }: StreamState): ChannelBindings {
  const bindings = new Map<string, Uint8Array>()
  if (tls?.exporter !== undefined) bindings.set('tls-exporter', tls.exporter)
  if (tls?.endPointHash !== undefined) bindings.set('tls-server-end-point', tls.endPointHash)
  return bindings
}

const loopback = [parseNetwork('127.0.0.0/8'), parseNetwork('::1')]

function isLoopback(address: string): boolean {
  return loopback.some((network) => network.contains(address))
}
