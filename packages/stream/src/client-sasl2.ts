import { isFullJid, parseJid } from '@xmppkit/jid'
import { type ClientMechanism, decodeBase64Strict, encodeBase64 } from '@xmppkit/sasl'
import { NS, saslFailureFrom } from '@xmppkit/stanza'
import { Element, type RawElement } from '@xmppkit/xml'
import { StreamClosedError } from './errors.js'
import type { ClientFeature, FeatureIo, StreamChange } from './stream-feature.js'
import type { StreamState } from './stream-state.js'

/** Options of {@link clientSasl2}. */
export interface ClientSasl2Options {
  /**
   * Picks a mechanism; `undefined` if none will do.
   *
   * @param offered - the mechanisms on the list
   * @param offer - the whole `<authentication/>`, for what is listed elsewhere in it, such as mechanisms for tokens
   */
  choose(offered: readonly string[], state: StreamState, offer: RawElement): ClientMechanism | undefined
  /** What this client says of itself: the id of the installation is a UUID of version 4. */
  readonly userAgent?: { readonly id?: string; readonly software?: string; readonly device?: string }
  /** What is wanted together with the login: a `<bind/>` (XEP-0386), a `<request-token/>` (XEP-0484). */
  request?(offer: RawElement): readonly Element[]
  /** Told of the whole `<success/>`, with the answers to what was wanted. */
  onSuccess?(success: RawElement): void
}

/**
 * SASL2 on the initiating side (XEP-0388): used where the server offers it, so put `clientSasl` behind it. A refusal ends the
 * stream with a `SaslFailure` as its cause.
 *
 * @example
 * ```ts
 * const wanted = () => [new Element('bind', { xmlns: NS.bind2 }).c('tag').t('bot').up()]
 * const features = [clientStarttls(), clientSasl2({ choose, request: wanted }), clientSasl({ choose }), clientBind()]
 * ```
 */
export function clientSasl2(options: ClientSasl2Options): ClientFeature {
  return {
    name: 'sasl2',
    element: 'authentication',
    ns: NS.sasl2,
    // XEP-0388 §3: after TLS only.
    wanted: (state) => state.secure && state.authenticated === undefined,
    async negotiate(offer, io): Promise<StreamChange> {
      const mechanism = options.choose(mechanismsOf(offer), io.state, offer)
      if (mechanism === undefined) {
        throw new StreamClosedError('stream/refused', 'the server offers no mechanism we could use')
      }
      const success = await authenticate(mechanism, offer, options, io)
      options.onSuccess?.(success)
      const jid = parseJid(success.childText('authorization-identifier', NS.sasl2) ?? io.state.domain)
      const bound = isFullJid(jid) ? { bound: jid } : {}
      // XEP-0198 §9.2: a session that goes on does so at once.
      const features = !success.has('resumed', NS.streamManagement)
      return { features, mechanism: mechanism.name, authenticated: jid.bare, ...bound }
    },
  }
}

async function authenticate(
  mechanism: ClientMechanism,
  offer: RawElement,
  options: ClientSasl2Options,
  io: FeatureIo,
): Promise<RawElement> {
  io.send(requestElement(mechanism.name, await mechanism.start(), offer, options))
  for (;;) {
    const answer = await io.read()
    if (answer.ns !== NS.sasl2) throw unexpected(answer)
    if (answer.name === 'success') {
      const data = answer.childText('additional-data', NS.sasl2)
      mechanism.finish(data === undefined ? undefined : decodeBase64Strict(data))
      return answer
    }
    if (answer.name === 'failure') throw saslFailureFrom(answer.toElement())
    // A task (§2.6.3) needs somebody to do it.
    if (answer.name !== 'challenge') throw unexpected(answer)
    const response = await mechanism.next(decodeBase64Strict(answer.text()))
    io.send(new Element('response', { xmlns: NS.sasl2 }).t(encodeBase64(response)))
  }
}

function requestElement(
  mechanism: string,
  initial: Uint8Array | undefined,
  offer: RawElement,
  { userAgent, request }: ClientSasl2Options,
): Element {
  const el = new Element('authenticate', { xmlns: NS.sasl2, mechanism })
  if (initial !== undefined) el.c('initial-response').t(encodeBase64(initial))
  if (userAgent !== undefined) {
    const { id, software, device } = userAgent
    const agent = el.c('user-agent', id === undefined ? {} : { id })
    if (software !== undefined) agent.c('software').t(software)
    if (device !== undefined) agent.c('device').t(device)
  }
  for (const wanted of request?.(offer) ?? []) el.cnode(wanted)
  return el
}

function mechanismsOf(offer: RawElement): string[] {
  const names: string[] = []
  for (const [i, child] of offer.children.entries()) {
    if (child.name === 'mechanism' && child.ns === NS.sasl2) names.push(offer.childAt(i).text())
  }
  return names
}

function unexpected(answer: RawElement): StreamClosedError {
  return new StreamClosedError('stream/unexpected-reply', `the server answered SASL2 with <${answer.name}/>`)
}
