import { failure, type SaslFailed, type ServerMechanism, type ServerStep } from './mechanism.js'
import { type ServerExchange, type ServerMechanismDefinition, settle } from './server-exchange.js'
import { decodeUtf8, encodeUtf8 } from './utf8.js'

/** The server's half of OAUTHBEARER (RFC 7628): a token somebody else issued says who the client is. */
export const oauthBearerServer: ServerMechanismDefinition = {
  name: 'OAUTHBEARER',
  cleartext: true,
  supported: (deps) => deps.verifyToken !== undefined,
  begin: (exchange) => begin(exchange),
}

function begin(exchange: ServerExchange): ServerMechanism {
  let refused: SaslFailed | undefined

  const first = async (message: Uint8Array): Promise<ServerStep> => {
    const parsed = parseMessage(message)
    if (parsed === undefined) return failure('malformed-request', 'not a message of OAUTHBEARER')
    const { flag, authzid, token } = parsed
    // RFC 5801 §5: the client did not see the binding mechanisms we offered.
    if (flag === 'y' && exchange.plusOffered) {
      return failure(
        'malformed-request',
        'the client was not shown that channel binding is supported: downgrade',
      )
    }
    const username = await exchange.deps.verifyToken(token)
    if (username !== undefined) return settle(exchange, username, authzid)
    // §3.2.3: the client gets to know why, says that it has heard it, and only then fails.
    refused = failure('not-authorized', 'the token is not valid')
    return { kind: 'challenge', data: encodeUtf8('{"status":"invalid_token"}') }
  }

  return {
    name: 'OAUTHBEARER',
    start: (initial) =>
      initial === undefined ? { kind: 'challenge', data: new Uint8Array(0) } : first(initial),
    next: (response) => refused ?? first(response),
  }
}

interface BearerMessage {
  readonly flag: 'n' | 'y'
  readonly authzid: string | undefined
  readonly token: string
}

const header = /^([ny]),(?:a=([^,\0]+))?,$/
const pairOf = /^([A-Za-z]+)=([^\0]*)$/
const bearer = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i

// RFC 7628 §3.1: gs2-header, then key=value pairs, each behind U+0001, and two of those at the end.
function parseMessage(bytes: Uint8Array): BearerMessage | undefined {
  const parts = decodeUtf8(bytes)?.split('\u0001') ?? []
  const [first = '', ...rest] = parts
  const gs2 = header.exec(first)
  if (gs2 === null || rest.length < 2 || rest.pop() !== '' || rest.pop() !== '') return undefined
  const pairs = rest.map((text) => pairOf.exec(text))
  if (pairs.includes(null)) return undefined
  const values = pairs.filter((pair) => pair?.[1] === 'auth')
  const token = values.length === 1 ? bearer.exec(values[0]?.[2] ?? '')?.[1] : undefined
  const [, flag, rawAuthzid] = gs2
  const authzid = rawAuthzid === undefined ? undefined : unescaped(rawAuthzid)
  if (token === undefined || (rawAuthzid !== undefined && authzid === undefined)) return undefined
  return { flag: flag === 'y' ? 'y' : 'n', authzid, token }
}

function unescaped(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined
  return name.replace(/=2C/g, ',').replace(/=3D/g, '=')
}
