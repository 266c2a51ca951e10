/** Settings of `createCarbons`. */
export interface CarbonsOptions {
  /**
   * Copy only to clients that have sent presence, as ejabberd does. A client that fetches what it missed before it sends
   * presence then misses what comes in between.
   *
   * @default false
   */
  readonly onlyAvailable?: boolean
}

/** Defaults of {@link CarbonsOptions}. */
export const carbonsDefaults: Readonly<Required<CarbonsOptions>> = Object.freeze({ onlyAvailable: false })
