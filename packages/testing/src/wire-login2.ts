import { type FullJid, type Jid, parseJid } from '@xmppkit/jid'
import {
  type ClientMechanism,
  createSaslClient,
  decodeBase64Strict,
  encodeBase64,
  hashedTokenClient,
  tokenBindingOf,
} from '@xmppkit/sasl'
import { NS } from '@xmppkit/stanza'
import { escapeAttribute, type RawElement } from '@xmppkit/xml'
import { TestingError } from './errors.js'
import type { WireClient } from './wire-client.js'
import { show } from './wire-login.js'

/** A login with SASL2 (XEP-0388). */
export interface WireLogin2 {
  /** Localpart of the account. */
  readonly username: string
  /** Its password; or a token. */
  readonly password?: string
  /** A token the server gave (XEP-0484) and the mechanism it was asked for. */
  readonly token?: { readonly token: string; readonly mechanism: string; readonly count?: number }
  /** Id of the installation, a UUID of version 4. */
  readonly clientId?: string
  /** Tag of the resource to bind (XEP-0386); nothing is bound when absent. */
  readonly tag?: string
  /** XML inside `<bind/>`. @default '' */
  readonly bind?: string
  /** Further XML inside `<authenticate/>`, such as `<request-token/>`. @default '' */
  readonly more?: string
}

/** What came of it. */
export interface WireSuccess2 {
  /** The whole `<success/>`. */
  readonly success: RawElement
  /** The features after it; none where a session goes on (XEP-0198 §9.2). */
  readonly features: RawElement | undefined
  /** The address it names: that of the account, or of the session. */
  readonly jid: Jid | FullJid
  /** The token that came with it. */
  readonly token: string | undefined
}

const fastNs = 'urn:xmpp:fast:0'

/**
 * Logs in with SASL2 and whatever is to be settled with the login.
 *
 * @throws TestingError `testing/login` if there is no common mechanism, or the server refuses
 * @example
 * ```ts
 * const client = createWireClient({ transport }, { domain: 'example.org' })
 * const { jid } = await authenticate2(client, await client.secure(), { username: 'juliet', password: 'r0m30', tag: 'test' })
 * ```
 */
export async function authenticate2(
  client: Pick<WireClient, 'send' | 'receive'>,
  features: RawElement,
  login: WireLogin2,
): Promise<WireSuccess2> {
  const mechanism = mechanismOf(features, login)
  const initial = await mechanism.start()
  client.send(requestOf(mechanism.name, initial, login))
  for (;;) {
    const answer = await client.receive()
    if (answer.ns === NS.sasl2 && answer.name === 'success') return succeed(client, answer, mechanism)
    if (answer.ns !== NS.sasl2 || answer.name !== 'challenge') {
      throw new TestingError('testing/login', `login as ${login.username} failed: ${show(answer)}`)
    }
    const response = await mechanism.next(decodeBase64Strict(answer.text()))
    client.send(`<response xmlns='${NS.sasl2}'>${encodeBase64(response)}</response>`)
  }
}

function mechanismOf(features: RawElement, { username, password, token }: WireLogin2): ClientMechanism {
  if (token !== undefined) {
    const binding = tokenBindingOf(token.mechanism) ?? 'NONE'
    return hashedTokenClient({ username, token: token.token, binding })
  }
  const list = features.child('authentication', NS.sasl2)
  const offered = list?.children.flatMap(({ name }, i) =>
    name === 'mechanism' ? [list.childAt(i).text()] : [],
  )
  const mechanisms = createSaslClient(
    { username, ...(password !== undefined && { password }) },
    { allowCleartext: true },
  )
  const chosen = mechanisms.choose(offered ?? [])
  const mechanism = chosen === undefined ? undefined : mechanisms.begin(chosen)
  if (mechanism !== undefined) return mechanism
  throw new TestingError('testing/login', `no common mechanism; offered: ${(offered ?? []).join(' ')}`)
}

function requestOf(mechanism: string, initial: Uint8Array | undefined, login: WireLogin2): string {
  const { clientId, tag, bind = '', more = '', token } = login
  const response = initial && `<initial-response>${encodeBase64(initial)}</initial-response>`
  const agent = clientId && `<user-agent id='${escapeAttribute(clientId)}'/>`
  const binding =
    tag !== undefined && `<bind xmlns='${NS.bind2}'><tag>${escapeAttribute(tag)}</tag>${bind}</bind>`
  const count = token?.count === undefined ? '' : ` count='${token.count}'`
  const fast = token && `<fast xmlns='${fastNs}'${count}/>`
  return `<authenticate xmlns='${NS.sasl2}' mechanism='${mechanism}'>${response || ''}${agent || ''}${binding || ''}${fast || ''}${more}</authenticate>`
}

async function succeed(
  client: Pick<WireClient, 'receive'>,
  success: RawElement,
  mechanism: ClientMechanism,
): Promise<WireSuccess2> {
  const data = success.childText('additional-data', NS.sasl2)
  mechanism.finish(data === undefined ? undefined : decodeBase64Strict(data))
  const jid = parseJid(success.childText('authorization-identifier', NS.sasl2) ?? '')
  const token = success.child('token', fastNs)?.attr('token')
  const features = success.has('resumed', NS.streamManagement) ? undefined : await client.receive()
  return { success, features, jid, token }
}
