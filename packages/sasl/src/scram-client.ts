import { randomBytes } from 'node:crypto'
import { encodeBase64 } from './base64.js'
import { constantTimeEqual } from './constant-time-equal.js'
import { SaslError } from './errors.js'
import type { ChannelBindings, ClientMechanism } from './mechanism.js'
import type { ScramHasher } from './scram-hasher.js'
import { escapeName, parseServerFinal, parseServerFirst, type ServerFirst } from './scram-messages.js'
import { clientKeyOf, digest, hmac, type ScramHash, serverKeyOf, xor } from './scram-verifier.js'
import { decodeUtf8, encodeUtf8 } from './utf8.js'

/** What {@link scramClient} works with. */
export interface ScramClientSetup {
  /** The account, prepared. */
  readonly username: string
  /** Its password, prepared. */
  readonly password: string
  /** The identity to act as, if not the account's own. */
  readonly authzid?: string
  /** Computes the salted password; its cap bounds what a server may ask for (SEC-12). */
  readonly hasher: Pick<ScramHasher, 'saltedPassword'>
  /** Channel binding data; without any the client says it has none. */
  readonly channelBindings?: ChannelBindings
  /** The binding to use, for a -PLUS mechanism. */
  readonly bindingType?: string
  /** Aborts the exchange, also while it waits for its computation. */
  readonly signal?: AbortSignal
  /** The client's nonce: printable ASCII without comma. 144 random bits if absent. */
  nonce?(): string
}

/** The client's half of SCRAM (RFC 5802, 7677) with one hash function. */
export function scramClient(hash: ScramHash, setup: ScramClientSetup): ClientMechanism {
  const { authzid, bindingType, channelBindings } = setup
  const nonce = setup.nonce?.() ?? randomBytes(18).toString('base64')
  const capable = (channelBindings?.size ?? 0) > 0
  const flag = bindingType !== undefined ? `p=${bindingType}` : capable ? 'y' : 'n'
  const gs2Header = `${flag},${authzid === undefined ? '' : `a=${escapeName(authzid)}`},`
  const bare = `n=${escapeName(setup.username)},r=${nonce}`
  let expected: Uint8Array | undefined
  let verified = false

  const answer = async (message: Uint8Array): Promise<Uint8Array> => {
    const serverFirst = decodeUtf8(message) ?? ''
    const { salt, iterations, nonce: combined } = readServerFirst(serverFirst, nonce)
    const wait = setup.signal === undefined ? {} : { signal: setup.signal }
    const salted = await setup.hasher
      .saltedPassword(setup.password, { hash, salt, iterations }, wait)
      .catch(refusedParameters)
    const withoutProof = `c=${encodeBase64(bindingData(gs2Header, setup))},r=${combined}`
    const authMessage = `${bare},${serverFirst},${withoutProof}`
    const clientKey = clientKeyOf(hash, salted)
    const proof = xor(clientKey, hmac(hash, digest(hash, clientKey), authMessage))
    expected = hmac(hash, serverKeyOf(hash, salted), authMessage)
    return encodeUtf8(`${withoutProof},p=${encodeBase64(proof)}`)
  }

  const verify = (message: Uint8Array): void => {
    const signature = parseServerFinal(decodeUtf8(message) ?? '')
    if (expected === undefined || signature === undefined || !constantTimeEqual(signature, expected)) {
      throw new SaslError('sasl/server-not-verified', 'the server did not prove that it knows the password')
    }
    verified = true
  }

  return {
    name: `SCRAM-${hash}${bindingType === undefined ? '' : '-PLUS'}`,
    start: () => encodeUtf8(gs2Header + bare),
    next: async (challenge) => {
      if (expected === undefined) return answer(challenge)
      // SASL profiles without data on success send the signature as a last challenge.
      verify(challenge)
      return new Uint8Array(0)
    },
    finish: (data) => {
      if (!verified) verify(data ?? new Uint8Array(0))
    },
  }
}

function readServerFirst(text: string, clientNonce: string): ServerFirst {
  const parsed = parseServerFirst(text)
  if (parsed === undefined) throw new SaslError('sasl/bad-challenge', 'server-first-message is malformed')
  if (!parsed.nonce.startsWith(clientNonce) || parsed.nonce.length === clientNonce.length) {
    throw new SaslError('sasl/bad-challenge', "the server's nonce does not extend ours")
  }
  return parsed
}

function refusedParameters(error: unknown): never {
  if (!(error instanceof Error && 'code' in error && error.code === 'sasl/invalid-parameters')) throw error
  throw new SaslError('sasl/bad-challenge', 'the server asks for too much or too little', { cause: error })
}

function bindingData(gs2Header: string, { bindingType, channelBindings }: ScramClientSetup): Uint8Array {
  const header = encodeUtf8(gs2Header)
  if (bindingType === undefined) return header
  const bound = channelBindings?.get(bindingType)
  if (bound === undefined) throw new SaslError('sasl/invalid-parameters', `no data for ${bindingType}`)
  return Buffer.concat([header, bound])
}
