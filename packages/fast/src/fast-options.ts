/** How tokens are given out. */
export interface FastOptions {
  /**
   * The mechanisms tokens are given out for, by name, best first; those the connection cannot serve are left out.
   * `HT-SHA-256-NONE` is for clients that have no access to TLS, such as web pages.
   * @default ['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP', 'HT-SHA-256-UNIQ', 'HT-SHA-256-NONE']
   */
  readonly mechanisms?: readonly string[]
  /**
   * How long a token is good for, in milliseconds. A device that was away longer has to log in with its password.
   * @default 1814400000 (21 days)
   */
  readonly lifetimeMs?: number
  /**
   * Age at which a token that is used is replaced, in milliseconds.
   * @default 86400000 (1 day)
   */
  readonly rotateAfterMs?: number
  /**
   * Clients of one account that have tokens; those that were seen longest ago lose theirs. Bounds what an account can make
   * the server keep.
   * @default 20
   */
  readonly maxClients?: number
  /**
   * How often tokens that have ended are removed, in milliseconds.
   * @default 3600000 (1 hour)
   */
  readonly sweepIntervalMs?: number
}

/** What {@link FastOptions} are when left out. */
export const fastDefaults: Required<FastOptions> = Object.freeze({
  mechanisms: Object.freeze(['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP', 'HT-SHA-256-UNIQ', 'HT-SHA-256-NONE']),
  lifetimeMs: 21 * 24 * 3600_000,
  rotateAfterMs: 24 * 3600_000,
  maxClients: 20,
  sweepIntervalMs: 3600_000,
})
