import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { isThenable } from '@xmppkit/runtime'
import type { Wire } from '@xmppkit/xml'
import { type BoshRequest, readBody, terminal } from './bosh-body.js'
import { type BoshOptions, boshDefaults } from './bosh-options.js'
import type { BoshReply } from './bosh-order.js'
import { BoshSession } from './bosh-session.js'
import { agreeOn } from './bosh-terms.js'
import type { Front } from './front.js'
import { type Peer, tlsOf } from './peer.js'
import { createBodyReader } from './request-body.js'
import type { Visitor } from './visitors.js'
import { pathOf, type WebHandler } from './web-handler.js'

/** XMPP over BOSH (XEP-0124, XEP-0206), for whatever HTTP server brings the requests of its path. */
export function createBoshEndpoint(front: Front, options: BoshOptions = {}): WebHandler {
  const settings = Object.freeze({ ...boshDefaults, ...options })
  const sessions = new Map<string, BoshSession>()
  const slots = new WeakMap<BoshSession, Disposable>()
  const read = createBodyReader(front, {
    maxBytes: settings.maxRequestBytes,
    maxTotalBytes: settings.maxReadingBytes,
    timeoutMs: settings.requestTimeoutMs,
  })
  const deps = {
    ...front,
    onEnded(session: BoshSession) {
      sessions.delete(session.sid)
      slots.get(session)?.[Symbol.dispose]()
    },
  }

  const begin = ({ request, peer, reply, asked }: Arrival, visitor: Visitor) => {
    if (typeof visitor === 'number') return reply.refuse(visitor)
    if (front.isClosed()) return reply.send(terminal('system-shutdown'))
    const slot = front.gate.enter(peer.address)
    if (typeof slot === 'string') {
      front.logger.debug('session refused', { address: peer.address, reason: slot })
      return reply.refuse(slot === 'too many attempts' ? 429 : 503)
    }
    const sid = front.ids.next()
    const terms = agreeOn(asked, sid, settings)
    const tls = tlsOf(request, peer)
    const peerFacts = { remoteAddress: peer.address, tls, vouchedFor: visitor }
    const session = new BoshSession(deps, { sid, terms, request: asked, ...peerFacts })
    sessions.set(sid, session)
    slots.set(session, slot)
    session.attach(front.accept(session))
    take(session, asked, reply, peer)
  }

  const take = (session: BoshSession, asked: BoshRequest, reply: HttpReply, peer: Peer) => {
    session.take(asked, reply, peer.secure)
    reply.onLost(() => session.lost(reply))
  }

  const serve = (request: IncomingMessage, peer: Peer, reply: HttpReply, bytes: Buffer) => {
    const asked = readBody(bytes)
    if (asked === undefined) {
      const session = sessions.get(claimedSid(bytes) ?? '')
      if (session === undefined) reply.send(terminal('bad-request'))
      else session.refuse(reply)
      return
    }
    if (asked.sid !== undefined) {
      const session = sessions.get(asked.sid)
      if (session === undefined) reply.send(terminal('item-not-found'))
      else take(session, asked, reply, peer)
      return
    }
    const arrival = { request, peer, reply, asked }
    const visitor = front.visitors.identify(request)
    if (isThenable(visitor)) void visitor.then((who) => begin(arrival, who))
    else begin(arrival, visitor)
  }

  return {
    handleRequest(request, response) {
      if (pathOf(request) !== settings.path) return false
      const peer = front.readPeer(request)
      const reply = new HttpReply(response, sharing(front, request, peer))
      if (!front.origins.allows(request, peer)) {
        front.logger.info('a page of another origin was refused', {
          origin: request.headers.origin,
          host: peer.host,
        })
        reply.refuse(403)
      } else if (request.method === 'OPTIONS') reply.allow()
      else if (request.method !== 'POST') reply.refuse(405, { Allow: 'POST, OPTIONS' })
      else {
        read(request, (body) => {
          if (Buffer.isBuffer(body)) serve(request, peer, reply, body)
          else if (body !== undefined) reply.refuse(body, { Connection: 'close' })
        })
      }
      return true
    },
  }
}

/** The session a request that is no XML claims to belong to: whoever knows its id may end it. */
function claimedSid(bytes: Buffer): string | undefined {
  return /^<body\s[^>]*?\bsid=["']([\w-]{1,64})["']/.exec(bytes.toString('latin1', 0, 1_024))?.[1]
}

interface Arrival {
  readonly request: IncomingMessage
  readonly peer: Peer
  readonly reply: HttpReply
  readonly asked: BoshRequest
}

type Headers = Readonly<Record<string, string | number>>

/** What pages of other origins need to be allowed to see an answer. */
function sharing({ origins }: Front, request: IncomingMessage, peer: Peer): Headers {
  const origin = origins.shareWith(request, peer)
  if (origin === undefined) return { Vary: 'Origin' }
  const credentials: Headers = origin === '*' ? {} : { 'Access-Control-Allow-Credentials': 'true' }
  return { 'Access-Control-Allow-Origin': origin, Vary: 'Origin', ...credentials }
}

/** The answer to one HTTP request; what comes after the first is not sent. */
class HttpReply implements BoshReply {
  readonly #response: ServerResponse
  readonly #headers: Headers

  constructor(response: ServerResponse, headers: Headers) {
    this.#response = response
    this.#headers = headers
    response.on('error', ignore)
  }

  send(body: Wire, onSent?: () => void): void {
    if (onSent !== undefined && !this.#response.headersSent) this.#response.once('finish', onSent)
    this.#finish(200, body, {
      'Content-Type': 'text/xml; charset=utf-8',
      // Somebody who opened this as a page would be shown what others wrote as the app's own (SEC-27).
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'X-Content-Type-Options': 'nosniff',
    })
  }

  /** Answers with a status alone. */
  refuse(status: number, headers: Headers = {}): void {
    this.#finish(status, `${STATUS_CODES[status] ?? ''}\n`, { 'Content-Type': 'text/plain', ...headers })
  }

  /** Answers a browser that asks whether its page may ask. */
  allow(): void {
    this.#finish(204, '', {
      'Access-Control-Allow-Methods': 'POST, OPTIONS',
      'Access-Control-Allow-Headers': 'Content-Type',
      'Access-Control-Max-Age': 86_400,
    })
  }

  /** Calls back if the connection is gone before the answer was. */
  onLost(lost: () => void): void {
    const check = () => {
      if (!this.#response.writableEnded) lost()
    }
    if (this.#response.closed) check()
    else this.#response.once('close', check)
  }

  #finish(status: number, body: string, headers: Headers): void {
    const response = this.#response
    if (response.headersSent || response.destroyed) return
    const length = status === 204 ? {} : { 'Content-Length': body.length }
    response.writeHead(status, { ...this.#headers, ...headers, ...length, 'Cache-Control': 'no-store' })
    response.end(body, 'latin1')
  }
}

function ignore(): void {}
