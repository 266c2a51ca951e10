import {
  encodeBase64,
  failure,
  type SaslFailed,
  type SaslSuccess,
  type ServerMechanism,
  type ServerStep,
  tryDecodeBase64Strict,
} from '@xmppkit/sasl'
import { NS, StreamError } from '@xmppkit/stanza'
import type { FeatureIo } from '@xmppkit/stream'
import { Element, type RawElement } from '@xmppkit/xml'
import type { ExchangeResult } from './sasl-exchange.js'

/**
 * Carries one exchange over a stream in the elements of XEP-0388 §2.4: everything from `<authenticate/>` to the step before
 * the outcome, which the caller sends.
 *
 * @throws StreamError if the client sends anything but SASL2 in between
 */
export async function runExchange2(
  authenticate: RawElement,
  io: Pick<FeatureIo, 'read' | 'send'>,
  mechanism: ServerMechanism,
): Promise<ExchangeResult> {
  let step = await begin(authenticate, mechanism)
  while (step.kind === 'challenge') {
    io.send(dataElement('challenge', step.data))
    step = await answer(await nextElement(io), mechanism)
  }
  return step
}

/**
 * The client's next element of a login.
 *
 * @throws StreamError `not-authorized` for anything else
 */
export async function nextElement(io: Pick<FeatureIo, 'read'>): Promise<RawElement> {
  const el = await io.read()
  if (el.ns === NS.sasl2) return el
  throw new StreamError('not-authorized', { text: 'the login is not finished' })
}

/** Puts what the mechanism says at the end into an outcome; nothing if it says nothing. */
export function addData(outcome: Element, { data }: SaslSuccess): void {
  if (data !== undefined) outcome.c('additional-data').t(encodeBase64(data))
}

/** What an `<abort/>` comes to. */
const aborted: SaslFailed = failure('aborted', 'the client aborted')

async function begin(el: RawElement, mechanism: ServerMechanism): Promise<ServerStep> {
  const responses = el.children.filter(({ name, ns }) => name === 'initial-response' && ns === NS.sasl2)
  // §2.2: an empty response is an empty element, none is none.
  if (responses.length === 0) return mechanism.start(undefined)
  const response = el.child('initial-response', NS.sasl2)
  if (response === undefined || responses.length > 1 || response.children.length > 0) return malformed
  const initial = tryDecodeBase64Strict(response.text())
  return initial === undefined ? notBase64 : mechanism.start(initial)
}

async function answer(el: RawElement, mechanism: ServerMechanism): Promise<ServerStep> {
  if (el.name === 'abort') return aborted
  if (el.name !== 'response' || el.children.length > 0) return malformed
  const response = tryDecodeBase64Strict(el.text())
  return response === undefined ? notBase64 : mechanism.next(response)
}

const malformed = failure('malformed-request', 'not an element of SASL2 that is due')
const notBase64 = failure('incorrect-encoding', 'not strict base64')

function dataElement(name: string, data: Uint8Array): Element {
  const el = new Element(name, { xmlns: NS.sasl2 })
  return data.byteLength === 0 ? el : el.t(encodeBase64(data))
}
