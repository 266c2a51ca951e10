import { NS } from '@xmppkit/stanza'
import {
  escapeAttribute,
  parseElement,
  type RawElement,
  type ReaderLimits,
  readerLimits,
  type Wire,
  wireFromText,
  XmlError,
} from '@xmppkit/xml'

/** Conditions that end a session (XEP-0124 §17.2), as far as they are ours to tell. */
export type BoshCondition =
  | 'bad-request'
  | 'item-not-found'
  | 'other-request'
  | 'policy-violation'
  | 'remote-connection-failed'
  | 'remote-stream-error'
  | 'system-shutdown'

/** What the body of a request says. */
export interface BoshRequest {
  readonly rid: number
  readonly sid: string | undefined
  readonly to: string | undefined
  readonly from: string | undefined
  readonly lang: string | undefined
  /** Version of the stream, for its header. */
  readonly version: string | undefined
  /** Version of BOSH. */
  readonly ver: string | undefined
  /** In seconds. */
  readonly wait: number | undefined
  readonly hold: number | undefined
  /** In seconds. */
  readonly pause: number | undefined
  readonly ack: number | undefined
  readonly terminate: boolean
  readonly restart: boolean
  readonly key: string | undefined
  readonly newKey: string | undefined
  /** Its elements, each in a form of its own. */
  readonly payloads: readonly Wire[]
}

const xbosh = 'urn:xmpp:xbosh'

// The size was limited while reading; each element is looked at again by its stream, which knows who sent it.
const limits: ReaderLimits = Object.freeze({
  ...readerLimits.afterAuthentication,
  maxBytes: Number.POSITIVE_INFINITY,
  maxDepth: readerLimits.afterAuthentication.maxDepth + 1,
})

/**
 * Reads the body of a request.
 *
 * @returns `undefined` if it is not one of BOSH
 */
export function readBody(bytes: Uint8Array): BoshRequest | undefined {
  const body = parsed(bytes)
  if (body === undefined || body.name !== 'body' || body.ns !== NS.httpBind) return undefined
  const numbers = ['rid', 'wait', 'hold', 'pause', 'ack'].map((name) => numberOf(body.attr(name)))
  const [rid, wait, hold, pause, ack] = numbers
  if (rid === undefined || rid === 0 || numbers.includes(Number.NaN)) return undefined
  // XEP-0124 §6: elements, and no text between them.
  if (body.text().trim() !== '') return undefined
  const xmpp = prefixOf(body, xbosh)
  const own = (name: string) => (xmpp === undefined ? undefined : body.attr(`${xmpp}:${name}`))
  return {
    rid,
    sid: body.attr('sid'),
    to: body.attr('to'),
    from: body.attr('from'),
    lang: body.attr('xml:lang'),
    version: own('version'),
    ver: body.attr('ver'),
    wait,
    hold,
    pause,
    ack,
    terminate: body.attr('type') === 'terminate',
    restart: own('restart') === 'true' || own('restart') === '1',
    key: body.attr('key'),
    newKey: body.attr('newkey'),
    payloads: body.children.map(({ ns }, at) => payload(body.childAt(at), ns)),
  }
}

function parsed(bytes: Uint8Array): RawElement | undefined {
  try {
    return parseElement(bytes, limits)
  } catch (error) {
    if (error instanceof XmlError) return undefined
    throw error
  }
}

// XEP-0206 §2: many clients say no namespace for stanzas, and mean that of clients.
function payload(el: RawElement, ns: string): Wire {
  return ns === NS.httpBind ? el.toWire({ ns: NS.client }) : el.toWire()
}

/** A whole number a double carries exactly; NaN for anything else. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? number : Number.NaN
}

function prefixOf(body: RawElement, ns: string): string | undefined {
  const declaration = body.attributes.find(([name, value]) => name.startsWith('xmlns:') && value === ns)
  return declaration?.[0].slice('xmlns:'.length)
}

/** Attributes of a response, in the order given; those without a value are left out. */
export type BodyAttributes = Readonly<Record<string, string | number | undefined>>

/** Writes the body of a response. */
export function writeBody(attributes: BodyAttributes, payloads: readonly Wire[] = []): Wire {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}='${escapeAttribute(String(value))}'`)
  if (Object.keys(attributes).some((name) => name.startsWith('xmpp:'))) written.push(` xmlns:xmpp='${xbosh}'`)
  if (payloads.some((one) => one.startsWith('<stream:'))) written.push(` xmlns:stream='${NS.streams}'`)
  const start = wireFromText(`<body xmlns='${NS.httpBind}'${written.join('')}`)
  return (payloads.length === 0 ? `${start}/>` : `${start}>${payloads.join('')}</body>`) as Wire
}

/** What a request is to the stream: its elements, and in words of their own what BOSH says in attributes (RFC 7395 §3). */
export function framesOf(
  request: BoshRequest,
  session: { readonly isFirst: boolean; readonly to: string | undefined },
): Wire[] {
  if (session.isFirst) return [openFrame(request, request.to), ...request.payloads]
  // XEP-0206 §5: what comes with a restart is not looked at.
  if (request.restart) return [openFrame(request, request.to ?? session.to)]
  return request.terminate ? [...request.payloads, closeFrame] : [...request.payloads]
}

/** The header a client would open its stream with, if it had one (RFC 7395 §3.4). */
function openFrame({ from, lang, version }: BoshRequest, to: string | undefined): Wire {
  const attributes = Object.entries({ to, from, version: version ?? '1.0', 'xml:lang': lang })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}='${escapeAttribute(String(value))}'`)
  return wireFromText(`<open xmlns='${NS.framing}'${attributes.join('')}/>`)
}

const closeFrame: Wire = wireFromText(`<close xmlns='${NS.framing}'/>`)

/** The body that ends a session, or tells that there is none. */
export function terminal(condition: BoshCondition): Wire {
  return writeBody({ type: 'terminate', condition })
}

/** What the header of a stream says, in the words of BOSH (XEP-0206 §4). */
export function headerAttributes(frame: Wire): BodyAttributes {
  const value = (name: string) => new RegExp(` ${name}='([^']*)'`).exec(frame)?.[1]
  return { from: value('from'), authid: value('id'), 'xmpp:version': '1.0' }
}

/** Takes what goes into one response from the front of a list: as many as fit, and at least one. */
export function takePortion(frames: Wire[], maxBytes: number): Wire[] {
  let bytes = 0
  let count = 0
  for (const frame of frames) {
    bytes += frame.length
    if (count > 0 && bytes > maxBytes) break
    count += 1
  }
  return frames.splice(0, count)
}
