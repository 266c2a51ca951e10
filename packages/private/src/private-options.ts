/** Settings of `createPrivateStorage`; all are limits. */
export interface PrivateOptions {
  /**
   * Largest element in bytes of XML; a larger one gets `policy-violation`.
   *
   * @default 65_536
   */
  readonly maxElementBytes?: number
  /**
   * Elements one account may keep; with one more the request gets `resource-constraint`.
   *
   * @default 100
   */
  readonly maxElements?: number
  /**
   * What all elements of one account may take together, in bytes of XML; with more the request gets
   * `resource-constraint`. Keeps an account from filling the disk.
   *
   * @default 1_048_576
   */
  readonly maxBytes?: number
}

/** Defaults of {@link PrivateOptions}. */
export const privateDefaults: Readonly<Required<PrivateOptions>> = Object.freeze({
  maxElementBytes: 65_536,
  maxElements: 100,
  maxBytes: 1_048_576,
})
