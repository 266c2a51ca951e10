import { type Jid, tryParseJid } from '@xmppkit/jid'
import type { RawElement } from '@xmppkit/xml'
import { NS } from './namespaces.js'
import {
  type IqType,
  type Kind,
  type MessageType,
  type PresenceType,
  type Stanza,
  StanzaView,
} from './stanza.js'
import { StanzaError } from './stanza-error.js'

const messageTypes: ReadonlySet<string> = new Set<MessageType>([
  'normal',
  'chat',
  'groupchat',
  'headline',
  'error',
])
const presenceTypes: ReadonlySet<string> = new Set<PresenceType>([
  'unavailable',
  'subscribe',
  'subscribed',
  'unsubscribe',
  'unsubscribed',
  'probe',
  'error',
])
const iqTypes: ReadonlySet<string> = new Set<IqType>(['get', 'set', 'result', 'error'])

/** The kind of stanza an element is, or undefined if it is none: it has another name or no content namespace. */
export function stanzaKind(raw: RawElement): Kind | undefined {
  const { name, ns } = raw
  if (name !== 'message' && name !== 'presence' && name !== 'iq') return undefined
  return ns === NS.client || ns === NS.server || ns === NS.component ? name : undefined
}

/**
 * Makes the view of an element: parses the addresses and checks what RFC 6120 §8 demands of the start tag.
 *
 * The children of an iq are counted apart, by {@link checkIq}.
 *
 * @throws StanzaError `jid-malformed` for an address that is none; `bad-request` for an unknown type of presence or iq,
 * an iq without id, and an element that is no stanza
 *
 * @example
 * ```ts
 * const stanza = readStanza(parseElement("<message xmlns='jabber:client' to='a@example.com'><body>Hi</body></message>"))
 * stanza.type // 'normal'
 * stanza.text('body') // 'Hi'
 * ```
 */
export function readStanza(raw: RawElement): Stanza {
  const kind = stanzaKind(raw)
  if (kind === undefined) throw new StanzaError('bad-request', { text: 'this element is not a stanza' })
  const to = address(raw, 'to')
  const from = address(raw, 'from')
  const type = raw.attr('type')
  if (kind === 'message') return new StanzaView(kind, raw, to, from, messageType(type))
  if (kind === 'presence') return new StanzaView(kind, raw, to, from, presenceType(type))
  if (type === undefined || !iqTypes.has(type)) {
    throw new StanzaError('bad-request', { text: 'the type of an iq is get, set, result or error' })
  }
  // RFC 6120 §8.2.3: without an id nobody could match the answer.
  if (raw.attr('id') === undefined) throw new StanzaError('bad-request', { text: 'an iq needs an id' })
  return new StanzaView(kind, raw, to, from, type as IqType)
}

function address(raw: RawElement, name: 'to' | 'from'): Jid | undefined {
  const text = raw.attr(name)
  if (text === undefined) return undefined
  const jid = tryParseJid(text)
  if (jid === undefined) throw new StanzaError('jid-malformed', { text: `the ${name} address is malformed` })
  return jid
}

function messageType(type: string | undefined): MessageType {
  return type !== undefined && messageTypes.has(type) ? (type as MessageType) : 'normal'
}

function presenceType(type: string | undefined): PresenceType {
  if (type === undefined) return 'available'
  if (!presenceTypes.has(type)) throw new StanzaError('bad-request', { text: 'unknown type of presence' })
  return type as PresenceType
}

/**
 * Checks the number of children of an iq: exactly one for get and set, at most one for result (RFC 6120 §8.2.3).
 *
 * @throws StanzaError `bad-request`
 */
export function checkIq(stanza: Stanza): void {
  const count = stanza.raw.childCount
  if (stanza.type === 'get' || stanza.type === 'set') {
    if (count !== 1) {
      throw new StanzaError('bad-request', { text: 'an iq of type get or set has exactly one child' })
    }
  } else if (stanza.type === 'result' && count > 1) {
    throw new StanzaError('bad-request', { text: 'an iq of type result has at most one child' })
  }
}

/**
 * Reads the priority of an available presence; none means 0 (RFC 6121 §4.7.2.3).
 *
 * @throws StanzaError `bad-request` if it is not an integer from -128 to 127
 */
export function readPriority(presence: Stanza): number {
  const text = presence.text('priority')
  if (text === undefined) return 0
  const value = /^\s*[+-]?\d{1,3}\s*$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= -128 && value <= 127)) {
    throw new StanzaError('bad-request', { text: 'a priority is an integer from -128 to 127' })
  }
  return value
}
