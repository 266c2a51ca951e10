/** Settings of `createUploadHandler`. */
export interface UploadHandlerOptions {
  /**
   * Where files are on this server; the `url` of `@xmppkit/upload` ends in it.
   *
   * @default '/upload'
   */
  readonly path?: string
  /**
   * Uploads at a time; one more is told to come again (503).
   *
   * @default 100
   */
  readonly maxUploads?: number
  /**
   * Longest wait for the next bytes of an upload, or for a reader to take some, in milliseconds. Stops those who hold
   * connections and do nothing with them.
   *
   * @default 30_000
   */
  readonly idleTimeoutMs?: number
  /**
   * Longest time an upload may take, in milliseconds, however diligent. On a server of your own, Node's `requestTimeout` (300 s
   * unless you say otherwise) ends it before.
   *
   * @default 3_600_000
   */
  readonly maxUploadMs?: number
}

/** Defaults of {@link UploadHandlerOptions}. */
export const uploadHandlerDefaults: Readonly<Required<UploadHandlerOptions>> = Object.freeze({
  path: '/upload',
  maxUploads: 100,
  idleTimeoutMs: 30_000,
  maxUploadMs: 3_600_000,
})
