import { type Jid, tryParseJid } from '@xmppkit/jid'
import { NS, StreamError } from '@xmppkit/stanza'
import { escapeAttribute, type StreamOpen, type Wire, wireFromText } from '@xmppkit/xml'

type Framing = 'stream' | 'framed'

/** What an acceptable header says. */
export interface HeaderFacts {
  /** The peer's name for us, prepared; absent if it gave none. */
  readonly to: Jid | undefined
  /** The peer's name for itself; unverified. */
  readonly from: Jid | undefined
  readonly lang: string | undefined
  readonly id: string | undefined
  /** False for peers from before XMPP 1.0: they know no features (RFC 6120 §4.7.5). */
  readonly modern: boolean
}

/**
 * Checks what can be checked of a peer's stream header without knowing whom we serve (RFC 6120 §4.7, §4.8, RFC 7395 §3.3).
 *
 * @throws StreamError naming the first rule it breaks
 */
export function readHeader(
  open: StreamOpen,
  expected: { framing: Framing; contentNs: string; maxLangLength: number },
): HeaderFacts {
  const { header } = open
  const framed = expected.framing === 'framed'
  if (header.ns !== (framed ? NS.framing : NS.streams)) throw new StreamError('invalid-namespace')
  if (header.name !== (framed ? 'open' : 'stream')) throw new StreamError('bad-format')
  if (!framed && open.contentNs !== expected.contentNs) throw new StreamError('invalid-namespace')
  const lang = header.attr('xml:lang')
  // The value lives as long as the stream: without a bound it is memory for the asking.
  if (lang !== undefined && lang.length > expected.maxLangLength) {
    throw new StreamError('policy-violation', { text: 'xml:lang is too long' })
  }
  return {
    to: address(header.attr('to')),
    from: address(header.attr('from')),
    lang: lang || undefined,
    id: header.attr('id'),
    modern: isModern(header.attr('version')),
  }
}

/** What goes into our own header. */
export interface HeaderValues {
  readonly framing: Framing
  readonly contentNs: string
  readonly lang: string
  readonly id?: string
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** Writes our stream header. */
export function writeHeader(values: HeaderValues): Wire {
  const attributes = [
    attribute('id', values.id),
    attribute('from', values.from),
    attribute('to', values.to),
    " version='1.0'",
    attribute('xml:lang', values.lang),
  ].join('')
  return wireFromText(
    values.framing === 'framed'
      ? `${frameOpen}${attributes}/>`
      : `<?xml version='1.0'?><stream:stream xmlns='${values.contentNs}' xmlns:stream='${NS.streams}'${attributes}>`,
  )
}

/** The end of our stream. */
export function closingTag(framing: Framing): Wire {
  return framing === 'framed' ? frameClose : streamClose
}

/**
 * What a frame that a stream writes is: its header, its goodbye, its error, or anything else. For transports that say these in
 * words of their own (XEP-0206).
 */
export function frameKind(frame: Wire): 'open' | 'close' | 'error' | 'element' {
  if (frame.startsWith(frameOpen)) return 'open'
  if (frame === frameClose) return 'close'
  return frame.startsWith('<stream:error') ? 'error' : 'element'
}

const frameOpen = `<open xmlns='${NS.framing}'`
const streamClose = wireFromText('</stream:stream>')
const frameClose = wireFromText(`<close xmlns='${NS.framing}'/>`)

function attribute(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` ${name}='${escapeAttribute(value)}'`
}

function address(text: string | undefined): Jid | undefined {
  if (text === undefined) return undefined
  const jid = tryParseJid(text)
  if (jid === undefined) throw new StreamError('improper-addressing')
  return jid
}

// Numbers, not text: 1.10 is newer than 1.9 (RFC 6120 §4.7.5).
function isModern(version: string | undefined): boolean {
  if (version === undefined) return false
  const match = /^(\d{1,9})\.(\d{1,9})$/.exec(version)
  if (match === null || Number(match[1]) > 1) throw new StreamError('unsupported-version')
  return Number(match[1]) === 1
}
