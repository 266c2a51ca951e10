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

/** How an exchange ended. */
export type ExchangeResult = SaslSuccess | SaslFailed

/**
 * Carries one exchange over a stream in the elements of RFC 6120 §6.4: everything from `<auth/>` to the step before
 * `<success/>` or `<failure/>`, which the caller sends.
 *
 * @throws StreamError if the client sends anything but SASL in between
 */
export async function runExchange(
  auth: RawElement,
  io: Pick<FeatureIo, 'read' | 'send'>,
  mechanism: ServerMechanism,
): Promise<ExchangeResult> {
  let step = await begin(auth, mechanism)
  while (step.kind === 'challenge') {
    io.send(dataElement('challenge', step.data))
    step = await answer(await io.read(), mechanism)
  }
  return step
}

/** The `<success/>` of an exchange; data of zero length are written as `=` (RFC 6120 §6.4.6). */
export function successElement({ data }: SaslSuccess): Element {
  const el = dataElement('success', data ?? new Uint8Array(0))
  return data?.byteLength === 0 ? el.t('=') : el
}

async function begin(auth: RawElement, mechanism: ServerMechanism): Promise<ServerStep> {
  if (auth.name === 'abort') return failure('aborted', 'the client aborted')
  if (auth.name !== 'auth' || auth.children.length > 0) return malformed
  const text = auth.text()
  // RFC 6120 §6.4.2: `=` is an initial response of zero length, nothing at all is none.
  if (text === '') return mechanism.start(undefined)
  const initial = text === '=' ? new Uint8Array(0) : tryDecodeBase64Strict(text)
  return initial === undefined ? notBase64 : mechanism.start(initial)
}

async function answer(el: RawElement, mechanism: ServerMechanism): Promise<ServerStep> {
  if (el.ns !== NS.sasl) throw new StreamError('not-authorized', { text: 'the login is not finished' })
  if (el.name === 'abort') return failure('aborted', 'the client aborted')
  if (el.name !== 'response' || el.children.length > 0) return malformed
  const text = el.text()
  const response = text === '=' ? new Uint8Array(0) : tryDecodeBase64Strict(text)
  return response === undefined ? notBase64 : mechanism.next(response)
}

const malformed = failure('malformed-request', 'not an element of SASL that is due')
const notBase64 = failure('incorrect-encoding', 'not strict base64')

function dataElement(name: string, data: Uint8Array): Element {
  const el = new Element(name, { xmlns: NS.sasl })
  return data.byteLength === 0 ? el : el.t(encodeBase64(data))
}
