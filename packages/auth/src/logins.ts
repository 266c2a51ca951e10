import { type Clock, randomIds } from '@xmppkit/runtime'
import {
  createSaslServer,
  type SaslCondition,
  type SaslConditions,
  type SaslFailed,
  type ServerMechanism,
  type ServerMechanismDefinition,
  saslServerDefaults,
} from '@xmppkit/sasl'
import { StreamError } from '@xmppkit/stanza'
import type { FeatureIo, StreamState } from '@xmppkit/stream'
import { type LoginConditions, loginCredentials } from './login-credentials.js'
import { type LoginReportDeps, outcomeOf, reportLogin } from './login-report.js'
import type { LoginOutcome, LoginThrottle } from './login-throttle.js'
import type { CredentialSources } from './ports.js'
import type { ExchangeResult } from './sasl-exchange.js'
import { channelBindings, externalNames, isLoopback } from './stream-facts.js'

/** What {@link createLogins} needs. */
export interface SaslFeatureDeps extends LoginReportDeps {
  /** Where logins are checked, such as `accounts.credentials`. */
  readonly credentials: CredentialSources
  /** Limits the wait for an answer. */
  readonly clock: Pick<Clock, 'after'>
  /** Slows down who guesses. */
  readonly throttle?: LoginThrottle
  /** Told that a try to log in begins, before anything is looked up for it; must not throw. */
  onBegin?(state: StreamState): void
}

/** Options of {@link createLogins}. */
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
   * Failed tries on one stream before it is closed. RFC 6120 §6.4.5 wants 2 to 5 retries. Those in which the two sides did
   * not even agree on a mechanism or a channel binding count for a third.
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
  /**
   * Sign what was advertised, and the version of TLS, into the exchanges of SCRAM (XEP-0474, XEP-0515).
   * @default true
   */
  readonly downgradeProtection?: boolean
}

/** The defaults of {@link createLogins}. */
export const saslFeatureDefaults: Required<SaslFeatureOptions> = Object.freeze({
  mechanisms: saslServerDefaults.mechanisms,
  allowPlainOnLoopback: false,
  maxAttempts: 5,
  credentialTimeoutMs: 10_000,
  maxMessageBytes: saslServerDefaults.maxMessageBytes,
  downgradeProtection: saslServerDefaults.downgradeProtection,
})

/** A mechanism that is in no list, made for one login once it is known what the login is about. */
export type OwnMechanism = (login: LoginConditions) => ServerMechanismDefinition | undefined

/**
 * What both profiles of SASL share on one service: the mechanisms, the limits of failure, the report. Give one to
 * {@link saslFeature} and to {@link sasl2Feature}, so that they count together.
 */
export interface Logins {
  /** The mechanisms to advertise on a stream, in order. */
  names(state: StreamState): readonly string[]
  /** Channel bindings to advertise: those of TLS if a mechanism that uses them is on the list. */
  bindings(state: StreamState): readonly string[]
  /** Whether nobody in between can read the stream. */
  isConfidential(state: StreamState): boolean
  /**
   * One try to log in: within the throttle, within time, and reported.
   *
   * @param mechanism - the name asked for
   * @param carry - takes the exchange over the stream
   * @param own - asked for a mechanism that is not on the list
   */
  attempt(
    io: FeatureIo,
    mechanism: string,
    carry: (exchange: ServerMechanism) => Promise<ExchangeResult>,
    own?: OwnMechanism,
  ): Promise<ExchangeResult>
  /**
   * Counts a failure, once the client has been told of it.
   *
   * @throws StreamError `policy-violation` when it was one too many
   */
  failed(state: StreamState, failure: SaslFailed): void
}

/**
 * Makes what both profiles of SASL work with.
 *
 * @throws SaslError `sasl/unknown-mechanism` if the options name a mechanism nobody knows
 * @example
 * ```ts
 * const logins = createLogins({ credentials: accounts.credentials, clock: systemClock, logger })
 * const features = [starttlsFeature(), sasl2Feature({ logins, inline, logger }), saslFeature(logins), bind]
 * ```
 */
export function createLogins(deps: SaslFeatureDeps, options: SaslFeatureOptions = {}): Logins {
  const settings = Object.freeze({ ...saslFeatureDefaults, ...options })
  const { maxMessageBytes, maxAttempts, downgradeProtection } = settings
  const mechanisms = settings.mechanisms.filter((name) => hasVerifiers(name, deps.credentials))
  const answers = loginCredentials(deps, settings.credentialTimeoutMs)
  const server = createSaslServer(
    { ...answers, nonce: () => randomIds.next() },
    { mechanisms, maxMessageBytes, downgradeProtection },
  )
  const failures = new WeakMap<StreamState, number>()

  const isConfidential = (state: StreamState): boolean =>
    state.secure || (settings.allowPlainOnLoopback && isLoopback(state.remoteAddress))
  const conditions = (state: StreamState): SaslConditions => ({
    confidential: isConfidential(state),
    channelBindings: channelBindings(state),
    tlsVersion: state.tls?.protocol,
    externalNames: externalNames(state),
  })
  // Several features ask about one stream in a row, and the answer depends on nothing else.
  let last: Asked | undefined
  const names = (state: StreamState): readonly string[] => {
    const { tls, domain } = state
    if (last?.state === state && last.tls === tls && last.domain === domain) return last.names
    last = { state, tls, domain, names: server.names(conditions(state)) }
    return last.names
  }

  const begin = (name: string, login: LoginConditions, own: OwnMechanism | undefined): ServerMechanism => {
    const definition = own?.(login)
    return definition === undefined ? server.begin(name, login) : server.beginWith(definition, login)
  }

  return {
    names,
    bindings: (state) =>
      names(state).some((name) => name.endsWith('-PLUS')) ? [...channelBindings(state).keys()] : [],
    isConfidential,
    async attempt(io, mechanism, carry, own) {
      const { state, signal } = io
      deps.onBegin?.(state)
      const counted = deps.throttle?.begin(state.remoteAddress)
      let result = throttled
      if (deps.throttle === undefined || counted !== undefined) {
        let outcome: LoginOutcome = 'spared'
        try {
          const login: LoginConditions = { ...conditions(state), state, mechanism, signal, counted }
          result = await carry(begin(mechanism, login, own))
          outcome = outcomeOf(result)
        } finally {
          counted?.end(outcome)
        }
      }
      reportLogin(deps, io, mechanism, result)
      return result
    },
    failed(state, failure) {
      const weight = outcomeOf(failure) === 'spared' ? 1 : guessWeight
      const weighed = (failures.get(state) ?? 0) + weight
      failures.set(state, weighed)
      // RFC 6120 §6.4.5
      if (weighed >= maxAttempts * guessWeight)
        throw new StreamError('policy-violation', { text: 'too many failed logins' })
    },
  }
}

interface Asked extends Pick<StreamState, 'tls' | 'domain'> {
  readonly state: StreamState
  readonly names: readonly string[]
}

/** How many failures to agree on a mechanism weigh as much as one wrong password. */
const guessWeight = 3

const throttled: ExchangeResult = {
  kind: 'failure',
  condition: 'temporary-auth-failure' satisfies SaslCondition,
  reason: 'too many failed logins from this address',
}

function hasVerifiers(mechanism: string, { scramHashes }: CredentialSources): boolean {
  const hash = /^SCRAM-(SHA-1|SHA-256|SHA-512)(?:-PLUS)?$/.exec(mechanism)?.[1]
  return hash === undefined || scramHashes === undefined || scramHashes.some((known) => known === hash)
}
