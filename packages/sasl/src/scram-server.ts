import { encodeBase64 } from './base64.js'
import { constantTimeEqual } from './constant-time-equal.js'
import { downgradeAttributes } from './downgrade-protection.js'
import { failure, type SaslFailed, type ServerMechanism, type ServerStep } from './mechanism.js'
import { type ClientFirst, parseClientFinal, parseClientFirst } from './scram-messages.js'
import { digest, digestLength, hmac, type ScramHash, type ScramVerifier, xor } from './scram-verifier.js'
import {
  isUnusableName,
  type ServerExchange,
  type ServerMechanismDefinition,
  settle,
} from './server-exchange.js'
import { decodeUtf8, encodeUtf8 } from './utf8.js'

/** The server's half of SCRAM (RFC 5802, 7677) with one hash function, with or without channel binding. */
export function scramServer(hash: ScramHash, plus = false): ServerMechanismDefinition {
  const name = plus ? `SCRAM-${hash}-PLUS` : `SCRAM-${hash}`
  return {
    name,
    cleartext: false,
    supported: (deps, { channelBindings }) =>
      deps.scramVerifier !== undefined && (!plus || (channelBindings?.size ?? 0) > 0),
    begin: (exchange) => begin(name, hash, plus, exchange),
  }
}

/** What is kept between the client's first and final message. */
interface Pending {
  readonly first: ClientFirst
  readonly nonce: string
  readonly serverFirst: string
  readonly username: string
  readonly verifier: ScramVerifier
  readonly known: boolean
}

function begin(name: string, hash: ScramHash, plus: boolean, exchange: ServerExchange): ServerMechanism {
  let pending: Pending | undefined

  const first = async (message: Uint8Array): Promise<ServerStep> => {
    const parsed = readFirst(message, plus, exchange)
    if ('kind' in parsed) return parsed
    pending = await challenge(hash, parsed, exchange)
    return { kind: 'challenge', data: encodeUtf8(pending.serverFirst) }
  }

  return {
    name,
    start: (initial) =>
      initial === undefined ? { kind: 'challenge', data: new Uint8Array(0) } : first(initial),
    next: (response) => (pending === undefined ? first(response) : final(response, pending, exchange)),
  }
}

function readFirst(message: Uint8Array, plus: boolean, exchange: ServerExchange): ClientFirst | SaslFailed {
  const text = decodeUtf8(message)
  const parsed = text === undefined ? undefined : parseClientFirst(text)
  if (parsed === undefined) return malformed('client-first-message is malformed')
  if (isUnusableName(exchange, parsed.username)) return malformed('the username is too long')
  const { flag } = parsed
  if (plus && flag.kind !== 'used') return malformed('a -PLUS mechanism without channel binding')
  if (!plus && flag.kind === 'used') return malformed('channel binding with a mechanism that has none')
  // RFC 5802 §6: the client did not see the -PLUS mechanism we offered, so somebody removed it.
  if (flag.kind === 'not-offered' && exchange.plusOffered) {
    return malformed('the client was not shown that channel binding is supported: downgrade')
  }
  if (flag.kind === 'used' && !exchange.conditions.channelBindings?.has(flag.type)) {
    return malformed('a channel binding type that was not offered')
  }
  return parsed
}

async function challenge(hash: ScramHash, first: ClientFirst, exchange: ServerExchange): Promise<Pending> {
  const { deps } = exchange
  const prepared = deps.prepareUsername(first.username)
  const username = prepared ?? first.username
  const found = prepared === undefined ? undefined : await deps.scramVerifier(prepared, hash)
  // Computed either way, so that the time does not tell who exists.
  const decoy = deps.decoyVerifier(username, hash)
  const verifier = found ?? decoy
  const nonce = first.nonce + deps.nonce()
  const signed = exchange.downgradeProtection ? downgradeAttributes(hash, exchange) : ''
  const serverFirst = `r=${nonce},s=${encodeBase64(verifier.salt)},i=${verifier.iterations}${signed}`
  return { first, nonce, serverFirst, username, verifier, known: found !== undefined }
}

async function final(response: Uint8Array, pending: Pending, exchange: ServerExchange): Promise<ServerStep> {
  const text = decodeUtf8(response)
  const parsed = text === undefined ? undefined : parseClientFinal(text)
  const { first, verifier, username, known } = pending
  if (parsed === undefined || parsed.proof.byteLength !== digestLength(verifier.hash)) {
    return failure('malformed-request', 'client-final-message is malformed', { username: pending.username })
  }
  const refuse = (reason: string): SaslFailed => failure('not-authorized', reason, { username })
  if (parsed.nonce !== pending.nonce) return refuse('the nonce is not the one sent')
  if (parsed.channelBinding !== expectedBinding(first, exchange)) {
    return refuse('the channel binding data differ')
  }
  const authMessage = `${first.bare},${pending.serverFirst},${parsed.withoutProof}`
  const clientKey = xor(parsed.proof, hmac(verifier.hash, verifier.storedKey, authMessage))
  const proven = constantTimeEqual(digest(verifier.hash, clientKey), verifier.storedKey)
  if (!proven || !known) return refuse(known ? 'the proof is wrong' : 'no such account')
  const signature = `v=${encodeBase64(hmac(verifier.hash, verifier.serverKey, authMessage))}`
  return settle(exchange, username, first.authzid, encodeUtf8(signature))
}

// RFC 5802 §5.1: the GS2 header as received, then our own view of the channel.
function expectedBinding(first: ClientFirst, { conditions }: ServerExchange): string {
  const header = encodeUtf8(first.gs2Header)
  const bound = first.flag.kind === 'used' ? conditions.channelBindings?.get(first.flag.type) : undefined
  return encodeBase64(bound === undefined ? header : Buffer.concat([header, bound]))
}

function malformed(reason: string): SaslFailed {
  return failure('malformed-request', reason)
}
