import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Answers some of the requests of an HTTP server: true if this one is its own, and answered or going to be; false, with
 * nothing touched, if it is for somebody else.
 */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => boolean

/** The same for requests that want another protocol on their connection: WebSocket. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean

/** A part of what is served over HTTP: a protocol, a page, an app's own. */
export interface WebHandler {
  /** Answers requests. @default none */
  readonly handleRequest?: RequestHandler
  /** Takes connections over. @default none */
  readonly handleUpgrade?: UpgradeHandler
}

/** The path of a request, without its query. */
export function pathOf({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  const end = url.search(/[?#]/)
  return end < 0 ? url : url.slice(0, end)
}
