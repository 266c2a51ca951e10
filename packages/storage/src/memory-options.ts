/** Limits of the in-memory stores. */
export interface MemoryStoreOptions {
  /** Entries kept at most, of all owners together; stops a flood from filling the memory. @default 100_000 */
  readonly maxEntries?: number
  /** Longest value, in UTF-8 bytes. @default 1_048_576 */
  readonly maxValueBytes?: number
}

/** What the in-memory stores use for options not given. */
export const memoryStoreDefaults = Object.freeze({ maxEntries: 100_000, maxValueBytes: 1_048_576 })
