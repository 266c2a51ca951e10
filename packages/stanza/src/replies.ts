import type { Jid } from '@xmppkit/jid'
import type { Element, RawElement } from '@xmppkit/xml'
import { iq } from './builders.js'
import type { DecodeError } from './decode-error.js'
import { type Stanza, StanzaView } from './stanza.js'
import { StanzaError, stanzaErrorElement, stanzaErrorFrom } from './stanza-error.js'

/** Up to this size of the original stanza an error reply repeats its payload (RFC 6120 §8.3.1 permits either). */
export const maxEchoBytes = 4096

/** Builds the successful answer to an iq of type get or set: addresses swapped, same id. */
export function resultReply(request: Stanza, payload?: Element | RawElement): Stanza {
  return iq({ type: 'result', id: request.id ?? '', to: request.from, from: request.to }, payload)
}

/**
 * Tells whether a stanza may be answered with an error.
 *
 * Errors, iq results, probes and unavailable presence may not: two servers would go on answering each other.
 */
export function mayAnswerWithError(stanza: Stanza): boolean {
  return isAnswerable(stanza.kind, stanza.type)
}

function isAnswerable(kind: string, type: string | undefined): boolean {
  if (type === 'error') return false
  if (kind === 'iq') return type !== 'result'
  return kind !== 'presence' || (type !== 'probe' && type !== 'unavailable')
}

/**
 * Builds the error answer to a stanza: addresses swapped, same id, the original payload if it is small.
 *
 * @param stanza - what could not be handled
 * @param error - why
 * @param by - address of whoever found the error, unless the error says so itself
 * @returns undefined for a stanza that must not be answered with an error, see {@link mayAnswerWithError}
 */
export function errorReply(stanza: Stanza, error: StanzaError, by?: string): Stanza | undefined {
  const raw = errorReplyTo(stanza.raw, error, { to: stanza.from, from: stanza.to, by })
  return raw && new StanzaView(stanza.kind, raw, stanza.from, stanza.to, 'error')
}

/** Addresses of an error reply to an element that could not be read as a stanza. */
export interface ErrorReplyAddresses {
  /** Whom to tell. */
  readonly to?: Jid | undefined
  /** In whose name. */
  readonly from?: Jid | undefined
  /** Who found the error, unless the error says so itself. */
  readonly by?: string | undefined
}

/**
 * Builds the error answer to an element that {@link readStanza} refused, such as one whose addressee is malformed.
 *
 * The malformed addresses are not repeated; the given ones replace them.
 *
 * @returns undefined if the element must not be answered with an error
 */
export function errorReplyTo(
  raw: RawElement,
  error: StanzaError,
  addresses: ErrorReplyAddresses,
): RawElement | undefined {
  if (!isAnswerable(raw.name, raw.attr('type'))) return undefined
  const el = stanzaErrorElement(error, raw.ns)
  if (error.by === undefined && addresses.by !== undefined) el.attrs.by = addresses.by
  return echoed(raw)
    .withAttributes({ type: 'error', to: addresses.to?.toString(), from: addresses.from?.toString() })
    .append(el)
}

// A reply larger than what it answers would make the server an amplifier, and could break the very limit it reports.
function echoed(raw: RawElement): RawElement {
  if (raw.size > maxEchoBytes) return raw.filterChildren(() => false)
  if (!raw.has('error', raw.ns)) return raw
  return raw.filterChildren((name, ns) => name !== 'error' || ns !== raw.ns)
}

/** Reads the error a stanza of type error carries; undefined for any other stanza. */
export function readStanzaError(stanza: Stanza): StanzaError | undefined {
  if (stanza.type !== 'error') return undefined
  const child = stanza.raw.child('error', stanza.raw.ns)
  return child ? stanzaErrorFrom(child.toElement()) : new StanzaError('undefined-condition')
}

/** The stanza error that answers a malformed payload; it says where the payload is wrong and repeats nothing of it. */
export function decodeErrorAnswer(error: DecodeError): StanzaError {
  return new StanzaError(error.condition, { text: error.message })
}
