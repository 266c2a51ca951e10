import { SaslError } from './errors.js'
import { type ClientMechanism, failure, type ServerStep } from './mechanism.js'
import { type ServerExchange, type ServerMechanismDefinition, settle } from './server-exchange.js'
import { decodeUtf8, encodeUtf8 } from './utf8.js'

// RFC 4505 §2: at most 255 characters.
const maxTraceCharacters = 255

/** The server's half of ANONYMOUS (RFC 4505, XEP-0175). The trace a client may send is checked and forgotten. */
export const anonymousServer: ServerMechanismDefinition = {
  name: 'ANONYMOUS',
  cleartext: false,
  supported: () => true,
  begin: (exchange) => ({
    name: 'ANONYMOUS',
    start: (initial) => accept(initial ?? new Uint8Array(0), exchange),
    next: () => failure('malformed-request', 'ANONYMOUS has one message'),
  }),
}

async function accept(trace: Uint8Array, exchange: ServerExchange): Promise<ServerStep> {
  const text = decodeUtf8(trace)
  if (text === undefined || [...text].length > maxTraceCharacters) {
    return failure('malformed-request', 'the trace is not UTF-8 or too long')
  }
  return settle(exchange, exchange.deps.anonymousName(), undefined)
}

/** The client's half of ANONYMOUS. */
export function anonymousClient(trace = ''): ClientMechanism {
  return {
    name: 'ANONYMOUS',
    start: () => (trace === '' ? undefined : encodeUtf8(trace)),
    next: () => {
      throw new SaslError('sasl/bad-challenge', 'ANONYMOUS has no challenge')
    },
    finish: () => {},
  }
}
