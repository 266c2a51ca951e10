import { tryDecodeBase64Strict } from './base64.js'

/** The channel binding flag a client begins with (RFC 5802 §7). */
export type Gs2Flag =
  | { readonly kind: 'unsupported' } // n
  | { readonly kind: 'not-offered' } // y: the client could, but thinks the server cannot
  | { readonly kind: 'used'; readonly type: string } // p=type

/** The parts of `client-first-message`. */
export interface ClientFirst {
  /** Exactly the characters before `client-first-message-bare`. */
  readonly gs2Header: string
  readonly flag: Gs2Flag
  readonly authzid: string | undefined
  /** Exactly the characters that are signed. */
  readonly bare: string
  readonly username: string
  readonly nonce: string
}

/** The parts of `server-first-message`. */
export interface ServerFirst {
  readonly nonce: string
  readonly salt: Uint8Array
  readonly iterations: number
}

/** The parts of `client-final-message`. */
export interface ClientFinal {
  readonly channelBinding: string
  readonly nonce: string
  readonly proof: Uint8Array
  /** Exactly the characters that are signed. */
  readonly withoutProof: string
}

// gs2-header: flag, optional authzid, then the bare message. `=` and `,` are escaped inside names.
const clientFirst =
  /^((?:(n)|(y)|p=([A-Za-z0-9.-]{1,255})),(?:a=([^,\0]+))?,)(n=([^,\0]+),r=([\x21-\x2b\x2d-\x7e]+)((?:,[A-Za-z]=[^,\0]+)*))$/
const clientFinal =
  /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)((?:,[A-Za-z]=[^,\0]+)*)),p=([A-Za-z0-9+/=]+)$/
const serverFirst =
  /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/=]+),i=([1-9][0-9]{0,9})((?:,[A-Za-z]=[^,\0]+)*)$/
const serverFinal = /^v=([A-Za-z0-9+/=]+)(?:,[A-Za-z]=[^,\0]+)*$/

/**
 * Reads `client-first-message`; `undefined` if it is malformed. A mandatory extension (`m=`) stands where
 * `n=` is expected and is malformed to us, which knows none (RFC 5802 §5.1).
 */
export function parseClientFirst(text: string): ClientFirst | undefined {
  const match = clientFirst.exec(text)
  if (match === null) return undefined
  const [, gs2Header = '', n, y, type = '', rawAuthzid, bare = '', rawUsername = '', nonce = '', rest] = match
  const authzid = rawAuthzid === undefined ? undefined : unescapeName(rawAuthzid)
  const username = unescapeName(rawUsername)
  if (username === undefined || (rawAuthzid !== undefined && authzid === undefined)) return undefined
  if (hasMandatoryExtension(rest)) return undefined
  const flag: Gs2Flag = n ? { kind: 'unsupported' } : y ? { kind: 'not-offered' } : { kind: 'used', type }
  return { gs2Header, flag, authzid, bare, username, nonce }
}

/** Reads `client-final-message`; `undefined` if it is malformed. */
export function parseClientFinal(text: string): ClientFinal | undefined {
  const match = clientFinal.exec(text)
  if (match === null) return undefined
  const [, withoutProof = '', channelBinding = '', nonce = '', rest, rawProof = ''] = match
  const proof = tryDecodeBase64Strict(rawProof)
  if (proof === undefined || tryDecodeBase64Strict(channelBinding) === undefined) return undefined
  if (hasMandatoryExtension(rest)) return undefined
  return { channelBinding, nonce, proof, withoutProof }
}

/** Reads `server-first-message`; `undefined` if it is malformed. */
export function parseServerFirst(text: string): ServerFirst | undefined {
  const match = serverFirst.exec(text)
  if (match === null) return undefined
  const [, nonce = '', rawSalt = '', iterations = '', rest] = match
  const salt = tryDecodeBase64Strict(rawSalt)
  if (salt === undefined || hasMandatoryExtension(rest)) return undefined
  return { nonce, salt, iterations: Number(iterations) }
}

/** The server signature in a `server-final-message`; `undefined` if it is malformed or an error (`e=`). */
export function parseServerFinal(text: string): Uint8Array | undefined {
  const match = serverFinal.exec(text)
  return match === null ? undefined : tryDecodeBase64Strict(match[1] as string)
}

/** Writes a name so that it can stand in a message. */
export function escapeName(name: string): string {
  return name.replace(/=/g, '=3D').replace(/,/g, '=2C')
}

function unescapeName(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text)) return undefined
  return text.replace(/=2C/g, ',').replace(/=3D/g, '=')
}

function hasMandatoryExtension(rest: string | undefined): boolean {
  return rest !== undefined && /(?:^|,)m=/.test(rest)
}
