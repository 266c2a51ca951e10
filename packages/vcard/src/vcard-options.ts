/** What the server says of itself when somebody asks for its vCard. */
export interface ServerVCard {
  /** Its name (`FN`); `''` leaves the server without a vCard. @default 'xmppkit' */
  readonly name?: string
  /** Where to read more (`URL`). @default '' */
  readonly url?: string
  /** What it is (`DESC`). @default '' */
  readonly description?: string
}

/** Settings of `createVCards`. */
export interface VCardOptions {
  /**
   * Largest vCard in bytes of XML, the photo in base64 included; a larger one gets `policy-violation`. Everybody may ask
   * for it, so it bounds what a short question costs.
   *
   * @default 131_072
   */
  readonly maxBytes?: number
  /** The vCard of the server. */
  readonly server?: ServerVCard
}

/** Defaults of {@link VCardOptions}. */
export const vcardDefaults = Object.freeze({
  maxBytes: 131_072,
  server: Object.freeze({ name: 'xmppkit', url: '', description: '' }),
})
