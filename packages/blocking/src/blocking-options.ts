/** Settings of `createBlocking`. */
export interface BlockingOptions {
  /**
   * Longest blocklist. Bounds what one account may store, and what one login loads.
   *
   * @default 1000
   */
  readonly maxItems?: number
}

/** Defaults of {@link BlockingOptions}. */
export const blockingDefaults: Readonly<Required<BlockingOptions>> = Object.freeze({ maxItems: 1000 })
