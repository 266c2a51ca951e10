import { createHmac, randomBytes } from 'node:crypto'
import { constantTimeEqual } from './constant-time-equal.js'
import { SaslError } from './errors.js'
import {
  type Awaitable,
  type ChannelBindings,
  type ClientMechanism,
  failure,
  type SaslCondition,
  type ServerStep,
} from './mechanism.js'
import {
  isUnusableName,
  type ServerExchange,
  type ServerMechanismDefinition,
  settle,
} from './server-exchange.js'
import { decodeUtf8, encodeUtf8 } from './utf8.js'

/** How a mechanism of the HT family (draft-schmaus-kitten-sasl-ht) is bound to its channel. */
export type TokenBinding = 'NONE' | 'UNIQ' | 'ENDP' | 'EXPR'

/** The type of channel binding behind each; undefined where there is none. */
export const tokenBindingTypes: Readonly<Record<TokenBinding, string | undefined>> = Object.freeze({
  NONE: undefined,
  UNIQ: 'tls-unique',
  ENDP: 'tls-server-end-point',
  EXPR: 'tls-exporter',
})

/** A token a client may have, and what its use means. */
export interface TokenCandidate {
  /** The token, as the client has it. */
  readonly token: Uint8Array
  /**
   * Called once the client has proven to have it and its account is admitted; a condition still refuses the login, such
   * as `credentials-expired`.
   */
  accept(): Awaitable<SaslCondition | undefined>
}

/** What {@link hashedTokenServer} needs. */
export interface TokenSource {
  /** The tokens of a username, all of which are compared; none if it has none. */
  candidates(username: string): Awaitable<readonly TokenCandidate[]>
}

const hashBytes = 32

/** The name of a mechanism: `HT-SHA-256-EXPR`. */
export function hashedTokenName(binding: TokenBinding): string {
  return `HT-SHA-256-${binding}`
}

/** The binding of a mechanism's name; undefined if it is not one of this family. */
export function tokenBindingOf(name: string): TokenBinding | undefined {
  const binding = /^HT-SHA-256-(NONE|UNIQ|ENDP|EXPR)$/.exec(name)?.[1]
  return binding as TokenBinding | undefined
}

/**
 * The server's half of HT-SHA-256-*: one message proves a token, one answer proves that the server knows it too.
 *
 * @param binding - how it is bound to its channel
 * @param source - knows the tokens
 */
export function hashedTokenServer(binding: TokenBinding, source: TokenSource): ServerMechanismDefinition {
  const name = hashedTokenName(binding)
  return {
    name,
    // XEP-0484 §5: over a secure connection only; whoever reads along could use the message again.
    cleartext: true,
    supported: (_deps, conditions) => bindingData(binding, conditions.channelBindings) !== undefined,
    begin: (exchange) => ({
      name,
      start: (initial) =>
        initial === undefined
          ? { kind: 'challenge', data: new Uint8Array(0) }
          : check(initial, binding, source, exchange),
      next: (response) => check(response, binding, source, exchange),
    }),
  }
}

async function check(
  message: Uint8Array,
  binding: TokenBinding,
  source: TokenSource,
  exchange: ServerExchange,
): Promise<ServerStep> {
  const end = message.indexOf(0)
  const authcid = end < 0 ? undefined : decodeUtf8(message.subarray(0, end))
  const proof = message.subarray(end + 1)
  if (authcid === undefined || isUnusableName(exchange, authcid) || proof.length !== hashBytes) {
    return failure('malformed-request', 'not a name and a hash')
  }
  const data = bindingData(binding, exchange.conditions.channelBindings)
  if (data === undefined) return failure('malformed-request', 'there is no such channel binding')
  const username = exchange.deps.prepareUsername(authcid)
  if (username === undefined) return failure('not-authorized', 'the username cannot be prepared')
  const candidates = await source.candidates(username)
  const found = proven(candidates, proof, data)
  if (found === undefined) return failure('not-authorized', 'no such token', { username })
  const step = await settle(exchange, username, undefined, tokenHash(found.token, 'Responder', data))
  if (step.kind !== 'success') return step
  const refused = await found.accept()
  return refused === undefined ? step : failure(refused, 'the token is not accepted', { username })
}

// Every candidate is compared, and one that nobody has where there is none: the time tells nothing.
function proven(
  candidates: readonly TokenCandidate[],
  proof: Uint8Array,
  data: Uint8Array,
): TokenCandidate | undefined {
  let found: TokenCandidate | undefined
  for (const candidate of candidates) {
    if (constantTimeEqual(tokenHash(candidate.token, 'Initiator', data), proof)) found ??= candidate
  }
  if (candidates.length === 0) constantTimeEqual(tokenHash(randomBytes(32), 'Initiator', data), proof)
  return found
}

function tokenHash(token: Uint8Array, role: 'Initiator' | 'Responder', data: Uint8Array): Uint8Array {
  return createHmac('sha256', token).update(role).update(data).digest()
}

function bindingData(binding: TokenBinding, bindings: ChannelBindings | undefined): Uint8Array | undefined {
  const type = tokenBindingTypes[binding]
  return type === undefined ? new Uint8Array(0) : bindings?.get(type)
}

/** What {@link hashedTokenClient} sends. */
export interface TokenCredentials {
  /** The account, prepared. */
  readonly username: string
  /** Its token, as the server gave it. */
  readonly token: string
  /** How the token is bound to the channel. */
  readonly binding: TokenBinding
  /** Channel binding data of the TLS connection. */
  readonly channelBindings?: ChannelBindings
}

/**
 * The client's half of HT-SHA-256-*.
 *
 * @throws SaslError `sasl/invalid-parameters` without the data the binding needs
 */
export function hashedTokenClient(credentials: TokenCredentials): ClientMechanism {
  const { username, binding } = credentials
  const data = bindingData(binding, credentials.channelBindings)
  if (data === undefined) {
    throw new SaslError(
      'sasl/invalid-parameters',
      `there is no channel binding for ${hashedTokenName(binding)}`,
    )
  }
  const token = encodeUtf8(credentials.token)
  return {
    name: hashedTokenName(binding),
    start: () => Buffer.concat([encodeUtf8(`${username}\0`), tokenHash(token, 'Initiator', data)]),
    next: () => {
      throw new SaslError('sasl/bad-challenge', 'a token has no challenge')
    },
    finish(answer) {
      if (answer !== undefined && constantTimeEqual(tokenHash(token, 'Responder', data), answer)) return
      throw new SaslError('sasl/server-not-verified', 'the server did not prove that it knows the token')
    },
  }
}
