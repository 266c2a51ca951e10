import { SaslError } from './errors.js'
import { type ClientMechanism, failure, type ServerMechanism, type ServerStep } from './mechanism.js'
import {
  isUnusableName,
  type ServerExchange,
  type ServerMechanismDefinition,
  settle,
} from './server-exchange.js'
import { decodeUtf8, encodeUtf8 } from './utf8.js'

/** Passwords longer than this are refused unseen: hashing must not become the attack. */
export const maxPasswordBytes = 1024

/** The server's half of PLAIN (RFC 4616). */
export const plainServer: ServerMechanismDefinition = {
  name: 'PLAIN',
  cleartext: true,
  supported: (deps) => deps.verifyPassword !== undefined,
  begin: (exchange): ServerMechanism => ({
    name: 'PLAIN',
    start: (initial) =>
      initial === undefined ? { kind: 'challenge', data: new Uint8Array(0) } : check(initial, exchange),
    next: (response) => check(response, exchange),
  }),
}

async function check(message: Uint8Array, exchange: ServerExchange): Promise<ServerStep> {
  const parts = decodeUtf8(message)?.split('\0')
  const [authzid, authcid, password] = parts ?? []
  if (parts?.length !== 3 || authzid === undefined || !authcid || !password) {
    return failure('malformed-request', 'not three fields, or an empty name or password')
  }
  if (isUnusableName(exchange, authcid) || Buffer.byteLength(password) > maxPasswordBytes) {
    return failure('malformed-request', 'the username or password is too long')
  }
  const { deps } = exchange
  const username = deps.prepareUsername(authcid)
  // Nobody can have a name that cannot be prepared; that it is answered sooner tells nothing about accounts.
  if (username === undefined) return failure('not-authorized', 'the username cannot be prepared')
  if ((await deps.verifyPassword(username, password)) !== true) {
    return failure('not-authorized', 'no such account or wrong password', { username })
  }
  return settle(exchange, username, authzid === '' ? undefined : authzid)
}

/** What {@link plainClient} sends. */
export interface PlainCredentials {
  /** The account. */
  readonly username: string
  /** Its password. */
  readonly password: string
  /** The identity to act as, if not the account's own. */
  readonly authzid?: string
}

/** The client's half of PLAIN. */
export function plainClient({ username, password, authzid = '' }: PlainCredentials): ClientMechanism {
  if (`${authzid}${username}${password}`.includes('\0')) {
    throw new SaslError('sasl/invalid-parameters', 'PLAIN cannot carry a NUL')
  }
  return {
    name: 'PLAIN',
    start: () => encodeUtf8(`${authzid}\0${username}\0${password}`),
    next: () => {
      throw new SaslError('sasl/bad-challenge', 'PLAIN has no challenge')
    },
    finish: () => {},
  }
}
