import { failure, type ServerStep } from './mechanism.js'
import { type ServerExchange, type ServerMechanismDefinition, settle } from './server-exchange.js'
import { decodeUtf8 } from './utf8.js'

/** The server's half of EXTERNAL (RFC 4422 appendix A): the client was identified before, by its certificate (XEP-0178). */
export const externalServer: ServerMechanismDefinition = {
  name: 'EXTERNAL',
  cleartext: false,
  supported: (_deps, { externalNames }) => (externalNames?.length ?? 0) > 0,
  begin: (exchange) => ({
    name: 'EXTERNAL',
    start: (initial) =>
      initial === undefined ? { kind: 'challenge', data: new Uint8Array(0) } : check(initial, exchange),
    next: (response) => check(response, exchange),
  }),
}

async function check(message: Uint8Array, exchange: ServerExchange): Promise<ServerStep> {
  const authzid = decodeUtf8(message)
  if (authzid === undefined || authzid.includes('\0')) {
    return failure('malformed-request', 'the identity is not UTF-8')
  }
  const names = exchange.conditions.externalNames ?? []
  if (authzid === '') {
    const [username, ...others] = names
    // XEP-0178 §2: of several names the client has to say which one is meant.
    if (username === undefined || others.length > 0) {
      return failure('invalid-authzid', 'the certificate names several accounts, the client none')
    }
    return settle(exchange, username, undefined)
  }
  const username = names.find((name) => exchange.deps.isSameAccount(name, authzid))
  if (username === undefined) return failure('invalid-authzid', 'the certificate is not that account’s')
  return settle(exchange, username, authzid)
}
