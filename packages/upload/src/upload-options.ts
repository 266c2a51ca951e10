/** What a file is for (XEP-0363 §5), which decides how long it is kept. */
export type UploadPurpose = 'message' | 'profile' | 'ephemeral' | 'permanent'

/** Settings of `createUpload`. */
export interface UploadOptions {
  /**
   * Where files are reached from outside: an `https` URL without a slash at its end, such as `https://chat.example/upload`.
   * Without it no slots are given. A function is asked at each request, for what is known only when a port is open; as long
   * as it answers `''`, requests get `resource-constraint`.
   *
   * @default ''
   */
  readonly url?: string | (() => string)
  /**
   * Longest file in bytes; a longer one gets `not-acceptable` and is told this limit.
   *
   * @default 104_857_600
   */
  readonly maxFileSize?: number
  /**
   * What all files of one account may take together, in bytes; with more the request gets `resource-constraint`, and is told
   * when the first file goes. Keeps an account from filling the disk.
   *
   * @default 1_073_741_824
   */
  readonly maxBytes?: number
  /**
   * Files of one account; with one more the request gets `resource-constraint`.
   *
   * @default 1000
   */
  readonly maxFiles?: number
  /**
   * How long a slot waits for its file to begin, in milliseconds (XEP-0363 §6 recommends 300 seconds).
   *
   * @default 300_000
   */
  readonly slotTimeoutMs?: number
  /**
   * How many days files of messages are kept; also the most for those that are to go by themselves. `Infinity` keeps them.
   *
   * @default 30
   */
  readonly maxAgeDays?: number
  /**
   * How many days files for profiles are kept, such as avatars. `Infinity` keeps them.
   *
   * @default 365
   */
  readonly maxProfileAgeDays?: number
  /**
   * Whether files may be kept for as long as their account (purpose `permanent`).
   *
   * @default false
   */
  readonly permanent?: boolean
  /**
   * How often what is too old is removed, in milliseconds.
   *
   * @default 600_000
   */
  readonly sweepMs?: number
}

/** Defaults of {@link UploadOptions}. */
export const uploadDefaults: Readonly<Required<UploadOptions> & { readonly url: string }> = Object.freeze({
  url: '',
  maxFileSize: 100 * 1024 * 1024,
  maxBytes: 1024 * 1024 * 1024,
  maxFiles: 1000,
  slotTimeoutMs: 300_000,
  maxAgeDays: 30,
  maxProfileAgeDays: 365,
  permanent: false,
  sweepMs: 600_000,
})
