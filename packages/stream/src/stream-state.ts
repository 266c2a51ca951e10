import type { BareJid, FullJid, Jid } from '@xmppkit/jid'
import { StreamError } from '@xmppkit/stanza'
import type { TlsInfo, Transport } from './ports.js'
import type { StreamChange } from './stream-feature.js'

/**
 * What is known of a stream so far. Features read it; only the engine changes it. The object is the same for the whole
 * life of the stream, so it can serve as a key.
 */
export interface StreamState {
  /** Prepared name of the served domain the stream is addressed to; `''` before the first header. */
  readonly domain: string
  /** Who the initiating entity says it is, in the `from` of its header. Unverified. */
  readonly from: Jid | undefined
  /** `xml:lang` of the peer's header: the language of its stanzas that name none (D-7). */
  readonly lang: string | undefined
  /** Id of the current stream; a new one after every restart. `''` before the first header. */
  readonly id: string
  /** True while bytes travel over TLS. */
  readonly secure: boolean
  /** Details of TLS, if it is in use. */
  readonly tls: TlsInfo | undefined
  /** Whom whoever brought the connection vouches for; see `Transport.vouchedFor`. */
  readonly vouchedFor?: BareJid | undefined
  /** The account, once the peer has proved to own it; never changes afterwards (S-8). */
  readonly authenticated: BareJid | undefined
  /** Name of the SASL mechanism that proved it. */
  readonly mechanism: string | undefined
  /** The full JID of the session, once a resource is bound. */
  readonly bound: FullJid | undefined
  /** The peer's network address, for limits and logs. */
  readonly remoteAddress: string
  /** How elements are framed; see `Transport.framing`. */
  readonly framing: 'stream' | 'framed'
  /** True if the transport can still be upgraded to TLS. */
  readonly canStartTls: boolean
}

/** The state as the engine sees it. */
export type MutableState = { -readonly [K in keyof StreamState]: StreamState[K] }

/** What is known before anything was said. */
export function initialState(transport: Transport): MutableState {
  return {
    domain: '',
    from: undefined,
    lang: undefined,
    id: '',
    secure: transport.tls !== undefined,
    tls: transport.tls,
    vouchedFor: transport.vouchedFor,
    authenticated: undefined,
    mechanism: undefined,
    bound: undefined,
    remoteAddress: transport.remoteAddress,
    framing: transport.framing,
    canStartTls: transport.canStartTls,
  }
}

/**
 * Writes what a negotiation has found out into the state.
 *
 * @throws StreamError `policy-violation` for another account: who the peer is, is settled once (S-8)
 */
export function applyChange(state: MutableState, change: StreamChange): void {
  if (change.tls !== undefined) {
    state.tls = change.tls
    state.secure = true
    state.canStartTls = false
  }
  if (change.authenticated !== undefined) {
    if (state.authenticated !== undefined && !state.authenticated.equals(change.authenticated)) {
      throw new StreamError('policy-violation', { text: 'already authenticated' })
    }
    state.authenticated = change.authenticated
  }
  if (change.mechanism !== undefined) state.mechanism = change.mechanism
  if (change.bound !== undefined) state.bound = change.bound
}
