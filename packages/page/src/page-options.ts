/** Settings of `createPage`. */
export interface PageOptions {
  /**
   * Where the pages are on this server.
   *
   * @default '/'
   */
  readonly path?: string
  /**
   * Path of XMPP over WebSocket on the same server, `''` if it is not served.
   *
   * @default '/xmpp-websocket'
   */
  readonly websocket?: string
  /**
   * Path of BOSH on the same server, `''` if it is not served. The page uses it where no WebSocket comes through.
   *
   * @default '/http-bind'
   */
  readonly bosh?: string
  /**
   * How long the page waits for a WebSocket before it takes BOSH, in milliseconds.
   *
   * @default 5_000
   */
  readonly probeMs?: number
  /**
   * Where uploaded files are, if not on the same server: `'https://files.example'`. The page may load from nowhere else.
   *
   * @default none
   */
  readonly fileOrigins?: readonly string[]
}

/** Defaults of {@link PageOptions}. */
export const pageDefaults: Readonly<Required<PageOptions>> = Object.freeze({
  path: '/',
  websocket: '/xmpp-websocket',
  bosh: '/http-bind',
  probeMs: 5_000,
  fileOrigins: Object.freeze([]) as readonly string[],
})
