import { escapeAttribute } from '@xmppkit/xml'
import { WebError } from './errors.js'
import type { Front } from './front.js'
import type { Peer } from './peer.js'
import { pathOf, type WebHandler } from './web-handler.js'

/** How clients are told where XMPP is served over HTTP (XEP-0156, XEP-0487). */
export interface HostMetaOptions {
  /**
   * Whether `/.well-known/host-meta` and `host-meta.json` are answered. An app that has these already switches ours off, and adds
   * the links to its own.
   *
   * @default true
   */
  readonly enabled?: boolean
  /**
   * Where this server is reached from outside, as `https://chat.example`, with the path it is mounted on if there is one.
   *
   * @default what the client asked for, where it asked over TLS; nobody is told anything without
   */
  readonly publicUrl?: string
  /**
   * How long clients may remember it, in seconds.
   *
   * @default 3600
   */
  readonly ttlSeconds?: number
  /**
   * All there is to know about how the domain is reached, so that clients look nowhere else (XEP-0487).
   *
   * @default nothing: clients look into DNS besides
   */
  readonly reachable?: ReachableOptions
}

/** How a domain is reached, for XEP-0487. */
export interface ReachableOptions {
  /** IP addresses, at least one. */
  readonly ips: readonly string[]
  /** Name to ask for in TLS. @default that of the URL */
  readonly sni?: string
  /** As in DNS: the lowest goes first. @default 10 */
  readonly priority?: number
  /** As in DNS, among those of one priority. @default 50 */
  readonly weight?: number
  /** Keys that hide the name, in base64. @default none */
  readonly ech?: string
  /** Port of direct TLS for clients (XEP-0368). @default none */
  readonly tlsPort?: number
  /** Base64 of the SHA-256 hashes of public keys to trust. @default none */
  readonly publicKeyPins?: readonly string[]
}

/** Defaults of {@link HostMetaOptions}. */
export const hostMetaDefaults = Object.freeze({ enabled: true, ttlSeconds: 3600 })

/** What is served, by path; absent where it is not. */
export interface ServedPaths {
  readonly websocket: string | undefined
  readonly bosh: string | undefined
}

interface Link {
  readonly rel: string
  readonly href: string
}

/**
 * Answers `/.well-known/host-meta`, as XRD, and `/.well-known/host-meta.json` (RFC 6415).
 *
 * @throws WebError `web/options`
 */
export function createHostMeta(
  front: Pick<Front, 'readPeer'>,
  paths: ServedPaths,
  options: HostMetaOptions = {},
): WebHandler {
  const { ttlSeconds } = { ...hostMetaDefaults, ...options }
  const fixed = options.publicUrl === undefined ? undefined : readUrl(options.publicUrl)
  if (options.reachable?.ips.length === 0)
    throw new WebError('web/options', 'hostMeta.reachable.ips is empty')

  return {
    handleRequest(request, response) {
      const path = pathOf(request)
      const isJson = path === '/.well-known/host-meta.json'
      if (!isJson && path !== '/.well-known/host-meta') return false
      const base = fixed ?? originOf(front.readPeer(request))
      const status =
        request.method !== 'GET' && request.method !== 'HEAD' ? 405 : base === undefined ? 404 : 200
      if (base === undefined || status !== 200) {
        response.writeHead(status, {
          'Content-Type': 'text/plain',
          ...(status === 405 && { Allow: 'GET, HEAD' }),
        })
        response.end(status === 404 ? 'Ask over HTTPS.\n' : '')
        return true
      }
      const links = linksOf(base, paths)
      response.writeHead(200, {
        'Content-Type': isJson ? 'application/json' : 'application/xrd+xml; charset=utf-8',
        'Cache-Control': `max-age=${ttlSeconds}`,
        // Whoever asks from whatever page: there is nothing in it that others may not know (XEP-0156 §4).
        'Access-Control-Allow-Origin': '*',
        'X-Content-Type-Options': 'nosniff',
      })
      response.end(isJson ? jrd(base, links, { ...options, ttlSeconds }) : xrd(links))
      return true
    },
  }
}

function linksOf(base: string, { websocket, bosh }: ServedPaths): Link[] {
  const links: Link[] = []
  if (websocket !== undefined) {
    links.push({
      rel: 'urn:xmpp:alt-connections:websocket',
      href: `wss${base.slice('https'.length)}${websocket}`,
    })
  }
  if (bosh !== undefined) links.push({ rel: 'urn:xmpp:alt-connections:xbosh', href: `${base}${bosh}` })
  return links
}

function xrd(links: readonly Link[]): string {
  const written = links.map(
    ({ rel, href }) => `  <Link rel='${escapeAttribute(rel)}' href='${escapeAttribute(href)}'/>\n`,
  )
  return `<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n${written.join('')}</XRD>\n`
}

function jrd(
  base: string,
  links: readonly Link[],
  { reachable, ttlSeconds }: HostMetaOptions & { readonly ttlSeconds: number },
): string {
  if (reachable === undefined) return JSON.stringify({ links })
  const {
    ips,
    sni = new URL(base).hostname,
    priority = 10,
    weight = 50,
    ech,
    tlsPort,
    publicKeyPins,
  } = reachable
  const how = { ips, priority, weight, sni, ...(ech !== undefined && { ech }) }
  const pins = publicKeyPins && { 'public-key-pins-sha-256': publicKeyPins }
  const direct = tlsPort === undefined ? [] : [{ rel: 'urn:xmpp:alt-connections:tls', port: tlsPort, ...how }]
  return JSON.stringify({
    xmpp: { ttl: ttlSeconds, ...pins },
    links: [...links.map((link) => ({ ...link, ...how })), ...direct],
  })
}

/** Only what was asked over TLS says where TLS is to be had; and a `Host` header may hold anything. */
function originOf({ secure, host }: Peer): string | undefined {
  return secure && /^[a-z0-9.-]+(:\d{1,5})?$/.test(host) ? `https://${host}` : undefined
}

function readUrl(text: string): string {
  if (/^https:\/\/[^\s?#]+$/.test(text) && URL.canParse(text)) return text.replace(/\/$/, '')
  throw new WebError(
    'web/options',
    `hostMeta.publicUrl: ${JSON.stringify(text)} is not a URL such as https://chat.example`,
  )
}
