import { Element } from '@xmppkit/xml'
import { elementChildren, localNameOf, namespaceOf } from './child-elements.js'
import { NS } from './namespaces.js'

/** Every defined condition of RFC 6120 §6.5. */
export const saslFailureConditions = Object.freeze([
  'aborted',
  'account-disabled',
  'credentials-expired',
  'encryption-required',
  'incorrect-encoding',
  'invalid-authzid',
  'invalid-mechanism',
  'malformed-request',
  'mechanism-too-weak',
  'not-authorized',
  'temporary-auth-failure',
] as const)

/** A defined condition of RFC 6120 §6.5. */
export type SaslFailureCondition = (typeof saslFailureConditions)[number]

/** What a SASL failure says beside its condition. */
export interface SaslFailureOptions {
  /** A sentence for people. It goes over the wire, so it must not tell an unknown account from a wrong password. */
  readonly text?: string
  /** Language of `text`, as in `xml:lang`. @default 'en' */
  readonly lang?: string
  /** The error that led here; for logs, it never goes over the wire. */
  readonly cause?: unknown
}

/** The answer to an authentication that did not succeed (RFC 6120 §6.5, XEP-0388 §2.6.3). */
export class SaslFailure extends Error {
  /** The defined condition. */
  readonly condition: SaslFailureCondition
  /** A sentence for people. */
  readonly text: string | undefined
  /** Language of `text`. */
  readonly lang: string

  /**
   * @param condition - a defined condition of RFC 6120 §6.5
   * @param options - text and cause
   */
  constructor(condition: SaslFailureCondition, options: SaslFailureOptions = {}) {
    super(
      options.text === undefined ? condition : `${condition}: ${options.text}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.name = 'SaslFailure'
    this.condition = condition
    this.text = options.text
    this.lang = options.lang ?? 'en'
  }
}

/** Tells whether a value is a SASL failure, also one made by another installed copy of this package. */
export function isSaslFailure(error: unknown): error is SaslFailure {
  return (
    error instanceof Error &&
    error.name === 'SaslFailure' &&
    'condition' in error &&
    isCondition(error.condition)
  )
}

/**
 * Writes a `<failure/>` for SASL (RFC 6120) or, with `NS.sasl2`, for SASL2, whose condition stays in the SASL namespace.
 */
export function saslFailureElement(
  failure: SaslFailure,
  ns: typeof NS.sasl | typeof NS.sasl2 = NS.sasl,
): Element {
  const el = new Element('failure', { xmlns: ns })
  el.c(failure.condition, ns === NS.sasl ? undefined : { xmlns: NS.sasl })
  if (failure.text !== undefined) el.c('text', { 'xml:lang': failure.lang }).t(failure.text)
  return el
}

/** Reads a `<failure/>` of SASL or SASL2; an unknown condition becomes `not-authorized`. */
export function saslFailureFrom(el: Element): SaslFailure {
  let condition: SaslFailureCondition = 'not-authorized'
  let text: string | undefined
  const ns = namespaceOf(el)
  for (const child of elementChildren(el)) {
    const name = localNameOf(child)
    const childNs = namespaceOf(child)
    if (childNs === NS.sasl && isCondition(name)) condition = name
    else if (name === 'text' && childNs === ns) text ??= child.getText()
  }
  return new SaslFailure(condition, text === undefined ? {} : { text })
}

function isCondition(value: unknown): value is SaslFailureCondition {
  return (saslFailureConditions as readonly unknown[]).includes(value)
}
