import type { ShaperDefinition } from '@xmppkit/access'
import type { SaslFeatureOptions } from '@xmppkit/auth'

/** How the clients of a host are served. */
export interface C2sOptions {
  /**
   * Let nobody log in without TLS (T-1). Clients on connections that cannot be upgraded are then offered nothing.
   * @default true
   */
  readonly requireTls?: boolean
  /** Which SASL mechanisms are offered, and their limits. @default those of saslFeature */
  readonly sasl?: SaslFeatureOptions
  /**
   * Access rule that decides who may open a session, asked when a resource is bound. Needs `access`.
   * @default everybody who has logged in
   */
  readonly accessRule?: string
  /**
   * Shaper rule that says how fast a client may send. Needs `access`; where it yields no shaper, `shaper` counts.
   * @default none
   */
  readonly shaperRule?: string
  /**
   * How fast a client may send, in bytes and stanzas per second. Whoever is faster is not refused but read more slowly.
   * Stops floods of well-formed stanzas. `{}` lifts the limit.
   * @default 1 MiB/s with bursts of 10 MiB, 1,000 stanzas/s with bursts of 10,000
   */
  readonly shaper?: ShaperDefinition
  /**
   * Different accounts and domains one session may write to within the window; more are refused with
   * `resource-constraint`. Stops spam and presence bombs.
   * @default 1_000
   */
  readonly maxRecipients?: number
  /**
   * Length of that window.
   * @default 60_000
   */
  readonly recipientsWindowMs?: number
  /**
   * Stanzas for one client that may wait for its session to open or for a handler of `userReceivePacket`; more are refused
   * with `resource-constraint`.
   * @default 1_000
   */
  readonly maxWaiting?: number
  /**
   * Longest wait of `close()` for sessions whose listeners do not come to an end.
   * @default 30_000
   */
  readonly drainTimeoutMs?: number
  /**
   * Where the clients of this host should connect instead: a host name or address, with an optional port. They are told over
   * TLS only (S-17).
   * @default none
   */
  readonly redirect?: string
}

/** What {@link C2sOptions} are when left out. */
export const c2sDefaults: Required<Omit<C2sOptions, 'accessRule' | 'shaperRule' | 'redirect'>> =
  Object.freeze({
    requireTls: true,
    sasl: Object.freeze({}),
    shaper: Object.freeze({
      bytesPerSecond: 1_048_576,
      burstBytes: 10_485_760,
      operationsPerSecond: 1_000,
      burstOperations: 10_000,
    }),
    maxRecipients: 1_000,
    recipientsWindowMs: 60_000,
    maxWaiting: 1_000,
    drainTimeoutMs: 30_000,
  })
