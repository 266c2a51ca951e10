import type { IncomingMessage } from 'node:http'
import { WebError } from './errors.js'
import { ownName, type Peer } from './peer.js'

/** Settings of {@link createWeb} about pages. */
export interface OriginOptions {
  /**
   * Web sites whose pages may connect, beside those of this server's own origin: `'https://app.example'`, or `'*'` for all.
   * Clients that are no browsers name no origin and are always let in. Keeps other people's pages from speaking in the name of
   * their visitors (W-7).
   *
   * @default none
   */
  readonly origins?: readonly string[]
}

/** Which pages may connect. */
export interface OriginCheck {
  /** Whether a request may be served: its origin is this server's, is listed, or is not named. */
  allows(request: IncomingMessage, peer: Peer): boolean
  /** What to answer in `Access-Control-Allow-Origin`; `undefined` where the page is of the same origin, or no browser asks. */
  shareWith(request: IncomingMessage, peer: Peer): string | undefined
  /** Whether every page may. */
  readonly all: boolean
}

/**
 * Makes the check of the `Origin` header.
 *
 * @throws WebError `web/options` for something that is no origin
 */
export function createOriginCheck(options: OriginOptions = {}): OriginCheck {
  const listed = options.origins ?? []
  const all = listed.includes('*')
  const known = new Set(listed.filter((one) => one !== '*').map(readOrigin))
  const isOwn = (origin: string, { host, secure }: Peer) =>
    // A page without TLS may have been changed on its way here; one of the same machine has no way.
    host !== '' && hostOf(origin) === host && (!secure || /^https:/i.test(origin) || ownName.test(host))

  return {
    all,
    allows({ headers: { origin } }, peer) {
      return origin === undefined || all || known.has(origin.toLowerCase()) || isOwn(origin, peer)
    },
    shareWith({ headers: { origin } }, peer) {
      if (origin === undefined || isOwn(origin, peer)) return undefined
      if (known.has(origin.toLowerCase())) return origin
      return all ? '*' : undefined
    },
  }
}

/** Name and port of an origin as a `Host` header has them; `undefined` for `null` and what is none. */
function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/?#@\s]+)$/i.exec(origin)?.[1]?.toLowerCase()
}

function readOrigin(text: string): string {
  if (hostOf(text) === undefined) {
    throw new WebError(
      'web/options',
      `origins: ${JSON.stringify(text)} is not an origin such as https://app.example`,
    )
  }
  return text.toLowerCase()
}
