import { type ReaderLimits, readerLimits } from '@xmppkit/xml'
import type { OutboxOptions } from './outbox.js'
import { outboxDefaults } from './outbox.js'

/** Limits and waits of one stream. */
export interface StreamOptions extends OutboxOptions {
  /**
   * Time from the start of the stream to the end of negotiation. Traffic does not extend it: it stops peers that
   * drip-feed a login to hold connections (SEC-30).
   * @default 30_000
   */
  readonly loginTimeoutMs?: number
  /**
   * Silence of an established peer after which it is probed.
   * @default 600_000
   */
  readonly idleTimeoutMs?: number
  /**
   * Silence after the probe until the peer counts as gone.
   * @default 60_000
   */
  readonly probeTimeoutMs?: number
  /**
   * Wait for the peer's closing tag and for the connection's end, once ours is sent.
   * @default 5_000
   */
  readonly closeTimeoutMs?: number
  /**
   * Bytes kept unread while a handler runs. A transport stops sending when told to pause; this bounds one that does not.
   * @default 1_048_576
   */
  readonly maxUnreadBytes?: number
  /**
   * Limits of the XML reader until the peer is authenticated. Breaking one ends the stream with `policy-violation`.
   * Raise it for mechanisms with large messages, such as tokens.
   * @default readerLimits.beforeAuthentication (8 KiB, 32 elements)
   */
  readonly preAuthLimits?: ReaderLimits
  /**
   * Limits of the XML reader afterwards.
   * @default readerLimits.afterAuthentication (256 KiB)
   */
  readonly limits?: ReaderLimits
  /**
   * Longest `xml:lang` in a stream header; the value is kept for the stream's life. In characters, as BCP 47 §4.4.1
   * recommends.
   * @default 35
   */
  readonly maxLangLength?: number
  /**
   * Language of the texts this side sends, announced in its headers.
   * @default 'en'
   */
  readonly lang?: string
}

/** What {@link StreamOptions} are when left out. */
export const streamDefaults: Required<StreamOptions> = Object.freeze({
  ...outboxDefaults,
  loginTimeoutMs: 30_000,
  idleTimeoutMs: 600_000,
  probeTimeoutMs: 60_000,
  closeTimeoutMs: 5_000,
  maxUnreadBytes: 1_048_576,
  preAuthLimits: readerLimits.beforeAuthentication,
  limits: readerLimits.afterAuthentication,
  maxLangLength: 35,
  lang: 'en',
})
