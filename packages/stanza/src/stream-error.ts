import { Element } from '@xmppkit/xml'
import { childElement, elementChildren, localNameOf, namespaceOf } from './child-elements.js'
import { NS } from './namespaces.js'

/** Every defined condition of RFC 6120 §4.9.3. */
export const streamErrorConditions = Object.freeze([
  'bad-format',
  'bad-namespace-prefix',
  'conflict',
  'connection-timeout',
  'host-gone',
  'host-unknown',
  'improper-addressing',
  'internal-server-error',
  'invalid-from',
  'invalid-namespace',
  'invalid-xml',
  'not-authorized',
  'not-well-formed',
  'policy-violation',
  'remote-connection-failed',
  'reset',
  'resource-constraint',
  'restricted-xml',
  'see-other-host',
  'system-shutdown',
  'undefined-condition',
  'unsupported-encoding',
  'unsupported-feature',
  'unsupported-stanza-type',
  'unsupported-version',
] as const)

/** A defined condition of RFC 6120 §4.9.3. */
export type StreamErrorCondition = (typeof streamErrorConditions)[number]

/** What a stream error says beside its condition. */
export interface StreamErrorOptions {
  /** A sentence for people, in English unless `lang` says otherwise. It goes over the wire. */
  readonly text?: string
  /** Language of `text`, as in `xml:lang`. @default 'en' */
  readonly lang?: string
  /** Where to connect instead, for `see-other-host`: a host name or address with an optional port. */
  readonly host?: string
  /** A condition of an application, in its own namespace. */
  readonly application?: Element
  /** The error that led here; for logs, it never goes over the wire. */
  readonly cause?: unknown
}

/** An error that ends a stream (RFC 6120 §4.9); throw it where a stream is negotiated or served. */
export class StreamError extends Error {
  /** The defined condition. */
  readonly condition: StreamErrorCondition
  /** A sentence for people. */
  readonly text: string | undefined
  /** Language of `text`. */
  readonly lang: string
  /** Where to connect instead, for `see-other-host`. */
  readonly host: string | undefined
  /** A condition of an application. */
  readonly application: Element | undefined

  /**
   * @param condition - a defined condition of RFC 6120 §4.9.3
   * @param options - text and further details
   */
  constructor(condition: StreamErrorCondition, options: StreamErrorOptions = {}) {
    super(
      options.text === undefined ? condition : `${condition}: ${options.text}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.name = 'StreamError'
    this.condition = condition
    this.text = options.text
    this.lang = options.lang ?? 'en'
    this.host = options.host
    this.application = options.application
  }
}

/** Tells whether a value is a stream error, also one made by another installed copy of this package. */
export function isStreamError(error: unknown): error is StreamError {
  return (
    error instanceof Error &&
    error.name === 'StreamError' &&
    'condition' in error &&
    isCondition(error.condition)
  )
}

/**
 * Writes a stream error as `<stream:error/>` with its prefix declared, so that it also stands alone in a frame.
 *
 * Exactly one defined condition comes first, then the text, then the application condition (RFC 6120 §4.9.2).
 */
export function streamErrorElement(error: StreamError): Element {
  const el = new Element('stream:error', { 'xmlns:stream': NS.streams })
  const condition = el.c(error.condition, { xmlns: NS.streamErrors })
  if (error.host !== undefined) condition.t(error.host)
  if (error.text !== undefined) {
    el.c('text', { xmlns: NS.streamErrors, 'xml:lang': error.lang }).t(error.text)
  }
  if (error.application !== undefined) el.cnode(error.application)
  return el
}

// Names RFC 3920 used; accepted from old peers, never sent.
const obsolete: Readonly<Record<string, StreamErrorCondition>> = Object.freeze({
  'invalid-id': 'undefined-condition',
  'xml-not-well-formed': 'not-well-formed',
})

/** Reads a `<stream:error/>` element; an unknown condition becomes `undefined-condition`. */
export function streamErrorFrom(el: Element): StreamError {
  let condition: StreamErrorCondition = 'undefined-condition'
  let host: string | undefined
  let application: Element | undefined
  for (const child of elementChildren(el)) {
    const name = localNameOf(child)
    if (namespaceOf(child) !== NS.streamErrors) application ??= child
    else if (isCondition(name)) {
      condition = name
      host = name === 'see-other-host' ? child.getText() || undefined : undefined
    } else if (Object.hasOwn(obsolete, name)) condition = obsolete[name] ?? condition
  }
  const text = childElement(el, 'text', NS.streamErrors)
  const lang = text && Object.hasOwn(text.attrs, 'xml:lang') ? text.attrs['xml:lang'] : undefined
  return new StreamError(condition, {
    ...(text ? { text: text.getText() } : {}),
    ...(lang ? { lang } : {}),
    ...(host ? { host } : {}),
    ...(application ? { application } : {}),
  })
}

function isCondition(value: unknown): value is StreamErrorCondition {
  return (streamErrorConditions as readonly unknown[]).includes(value)
}
