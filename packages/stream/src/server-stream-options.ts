import { NS } from '@xmppkit/stanza'
import { type StreamOptions, streamDefaults } from './stream-options.js'

/** Options of a receiving stream. */
export interface ServerStreamOptions extends StreamOptions {
  /**
   * Content namespace.
   * @default 'jabber:client'
   */
  readonly contentNs?: string
  /**
   * The `from` of the header that precedes an error when the peer addressed nobody we serve; left out by default.
   */
  readonly fallbackDomain?: string
}

/** What {@link ServerStreamOptions} are when left out. */
export const serverStreamDefaults: Required<Omit<ServerStreamOptions, 'fallbackDomain'>> = Object.freeze({
  ...streamDefaults,
  contentNs: NS.client,
})

/** Options with nothing left out; streams that get the same object share it. */
export interface ResolvedServerStreamOptions
  extends Required<Omit<ServerStreamOptions, 'fallbackDomain'>>,
    Pick<ServerStreamOptions, 'fallbackDomain'> {
  /** Tells them from options that may have gaps. */
  readonly resolved: true
}

/**
 * Fills in what options leave out, once for all streams of a listener. Options take a third of a kilobyte.
 *
 * @example
 * ```ts
 * const options = resolveServerStreamOptions({ idleTimeoutMs: 300_000 })
 * const accept = (transport: Transport) => createServerStream({ ...deps, transport }, options)
 * ```
 */
export function resolveServerStreamOptions(options: ServerStreamOptions = {}): ResolvedServerStreamOptions {
  return Object.freeze({ ...serverStreamDefaults, ...options, resolved: true })
}
