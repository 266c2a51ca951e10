import { randomBytes } from 'node:crypto'
import { anonymousServer } from './anonymous.js'
import { createDecoyVerifiers, type DecoyVerifiers } from './decoy-verifiers.js'
import { externalServer } from './external.js'
import { type Awaitable, failure, type ServerMechanism, type ServerStep } from './mechanism.js'
import { createMechanismRegistry, selectMechanisms } from './mechanism-registry.js'
import { oauthBearerServer } from './oauthbearer.js'
import { plainServer } from './plain.js'
import { saslPrep } from './saslprep.js'
import { scramServer } from './scram-server.js'
import type {
  ExchangeDeps,
  SaslConditions,
  SaslServerDeps,
  ServerExchange,
  ServerMechanismDefinition,
} from './server-exchange.js'

/** Options of {@link createSaslServer}. */
export interface SaslServerOptions {
  /**
   * The mechanisms by name, in the order they are advertised, best first. ANONYMOUS must be named to be offered; the
   * others are where they work: EXTERNAL with a client's certificate, -PLUS where TLS gives a channel binding.
   * @default EXTERNAL, SCRAM-SHA-512, -256 and -1 with -PLUS, then without, OAUTHBEARER, PLAIN
   */
  readonly mechanisms?: readonly string[]
  /**
   * The most bytes of one message of a client.
   * @default 8192
   */
  readonly maxMessageBytes?: number
  /**
   * The most bytes of a username, as many as a JID's localpart has.
   * @default 1023
   */
  readonly maxUsernameBytes?: number
  /**
   * Sign what was advertised, and the version of TLS, into the exchanges of SCRAM, so that clients notice if somebody in
   * between took something away (XEP-0474, XEP-0515).
   * @default true
   */
  readonly downgradeProtection?: boolean
}

/** The defaults of {@link createSaslServer}. */
export const saslServerDefaults: Required<SaslServerOptions> = Object.freeze({
  mechanisms: Object.freeze([
    'EXTERNAL',
    'SCRAM-SHA-512-PLUS',
    'SCRAM-SHA-256-PLUS',
    'SCRAM-SHA-1-PLUS',
    'SCRAM-SHA-512',
    'SCRAM-SHA-256',
    'SCRAM-SHA-1',
    'OAUTHBEARER',
    'PLAIN',
  ]),
  maxMessageBytes: 8192,
  maxUsernameBytes: 1023,
  downgradeProtection: true,
})

/** The mechanisms this package brings for servers. */
export const serverMechanisms: readonly ServerMechanismDefinition[] = Object.freeze([
  scramServer('SHA-512', true),
  scramServer('SHA-256', true),
  scramServer('SHA-1', true),
  scramServer('SHA-512'),
  scramServer('SHA-256'),
  scramServer('SHA-1'),
  externalServer,
  oauthBearerServer,
  plainServer,
  anonymousServer,
])

/** The mechanisms of one service and the exchanges made with them. */
export interface SaslServer<C extends SaslConditions = SaslConditions> {
  /** The mechanisms to advertise on a stream, in order. */
  names(conditions: SaslConditions): readonly string[]
  /**
   * Begins the exchange a client asked for. One that is not advertised under these conditions fails at its
   * start: with `encryption-required` if encryption is all it lacks, else with `invalid-mechanism`.
   */
  begin(name: string, conditions: C): ServerMechanism
  /**
   * Begins an exchange of a mechanism that is in no list, with the same limits and collaborators: one that is offered in
   * another way, as tokens are (XEP-0484).
   */
  beginWith(definition: ServerMechanismDefinition, conditions: C): ServerMechanism
}

/**
 * Creates the server side of SASL over the collaborators that know the accounts.
 *
 * @param deps where credentials come from; `definitions` adds mechanisms of your own
 * @throws SaslError `sasl/unknown-mechanism` if the options name a mechanism nobody declares
 * @example
 * ```ts
 * const sasl = createSaslServer({ scramVerifier: (username, hash) => verifiers.get(`${username} ${hash}`) })
 * sasl.names({ confidential: false }) // ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1']
 * const exchange = sasl.begin('SCRAM-SHA-256', { confidential: false })
 * const step = await exchange.start(clientFirstMessage) // { kind: 'challenge', data }
 * ```
 */
export function createSaslServer<C extends SaslConditions = SaslConditions>(
  deps: SaslServerDeps<C> & { readonly definitions?: readonly ServerMechanismDefinition[] },
  options: SaslServerOptions = {},
): SaslServer<C> {
  const settings = Object.freeze({ ...saslServerDefaults, ...options })
  const known = [...(deps.definitions ?? []), ...serverMechanisms]
  const registry = createMechanismRegistry(selectMechanisms(settings.mechanisms, known))
  const decoys = createDecoyVerifiers()

  const supported = (conditions: SaslConditions): ServerMechanismDefinition[] =>
    registry.all.filter((definition) => definition.supported(deps, conditions))
  const names = (conditions: SaslConditions): string[] =>
    supported(conditions)
      .filter((definition) => conditions.confidential || !definition.cleartext)
      .map((definition) => definition.name)

  const exchangeFor = (offered: readonly string[], conditions: C): ServerExchange => ({
    deps: exchangeDeps(deps, decoys, conditions),
    conditions,
    offered,
    plusOffered: offered.some((other) => other.endsWith('-PLUS')),
    maxUsernameBytes: settings.maxUsernameBytes,
    downgradeProtection: settings.downgradeProtection,
  })

  const begin = (name: string, conditions: C): ServerMechanism => {
    const offered = names(conditions)
    if (!offered.includes(name)) return refusal(name, supported(conditions))
    const exchange = exchangeFor(offered, conditions)
    const mechanism = registry.create(name, (definition) => definition.begin(exchange))
    return mechanism === undefined ? refusal(name, []) : guarded(mechanism, settings.maxMessageBytes)
  }

  const beginWith = (definition: ServerMechanismDefinition, conditions: C): ServerMechanism =>
    definition.supported(deps, conditions) && (conditions.confidential || !definition.cleartext)
      ? guarded(definition.begin(exchangeFor(names(conditions), conditions)), settings.maxMessageBytes)
      : refusal(definition.name, [])

  return { names, begin, beginWith }
}

function exchangeDeps<C extends SaslConditions>(
  deps: SaslServerDeps<C>,
  decoys: DecoyVerifiers,
  conditions: C,
): ExchangeDeps {
  return {
    scramVerifier: (username, hash) => deps.scramVerifier?.(username, hash, conditions),
    verifyPassword: (username, password) => deps.verifyPassword?.(username, password, conditions) ?? false,
    verifyToken: (token) => deps.verifyToken?.(token, conditions),
    anonymousName: () => deps.anonymousName?.(conditions) ?? randomBytes(16).toString('hex'),
    prepareUsername: (username) =>
      deps.prepareUsername === undefined ? prepareWithSaslPrep(username) : deps.prepareUsername(username),
    isSameAccount: (username, authzid) =>
      deps.isSameAccount?.(username, authzid, conditions) ?? username === authzid,
    admit: (username) => deps.admit?.(username, conditions),
    decoyVerifier: (username, hash) =>
      deps.decoyVerifier?.(username, hash, conditions) ?? decoys.verifier(username, hash),
    nonce: () => deps.nonce?.() ?? randomBytes(18).toString('base64'),
  }
}

function prepareWithSaslPrep(username: string): string | undefined {
  try {
    return saslPrep(username) || undefined
  } catch {
    return undefined
  }
}

function refusal(name: string, supported: readonly ServerMechanismDefinition[]): ServerMechanism {
  // RFC 6120 §6.5.4: a cleartext mechanism tried without TLS is told what is missing.
  const needsEncryption = supported.some((definition) => definition.name === name)
  const step = needsEncryption
    ? failure('encryption-required', 'a cleartext mechanism on a stream without encryption')
    : failure('invalid-mechanism', 'a mechanism that is not offered on this stream')
  return { name, start: () => step, next: () => step }
}

// Every mechanism runs inside this: limits, one result, and no error but a step ever leaves it.
function guarded(mechanism: ServerMechanism, maxMessageBytes: number): ServerMechanism {
  let state: 'new' | 'busy' | 'open' | 'over' = 'new'

  const run = async (
    message: Uint8Array | undefined,
    step: () => Awaitable<ServerStep>,
  ): Promise<ServerStep> => {
    if ((message?.byteLength ?? 0) > maxMessageBytes) {
      state = 'over'
      return failure('malformed-request', 'the message is too long')
    }
    state = 'busy'
    const result = await attempt(step)
    state = result.kind === 'challenge' ? 'open' : 'over'
    return result
  }

  return {
    name: mechanism.name,
    start: (initial) =>
      state === 'new' ? run(initial, () => mechanism.start(initial)) : outOfOrder('started twice'),
    next: (response) =>
      state === 'open'
        ? run(response, () => mechanism.next(response))
        : outOfOrder('a response that nobody asked for'),
  }
}

async function attempt(step: () => Awaitable<ServerStep>): Promise<ServerStep> {
  try {
    return await step()
  } catch (cause) {
    // An outage must not look like wrong credentials: clients would forget their password.
    return failure('temporary-auth-failure', 'a credential source could not answer', { cause })
  }
}

function outOfOrder(reason: string): ServerStep {
  return failure('malformed-request', reason)
}
