import { type Jid, makeJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, type Ids, isThenable, type Logger } from '@xmppkit/runtime'
import {
  type Codec,
  checkIq,
  errorReply,
  type IqDefinition,
  iq,
  readStanzaError,
  type Stanza,
  StanzaError,
} from '@xmppkit/stanza'
import type { RawElement } from '@xmppkit/xml'
import { IqError } from './errors.js'
import { type AnyHandler, Exchange, type ExchangeDeps, type IqRequest } from './exchange.js'
import {
  createHandlerTable,
  type Entry,
  type HandleOptions,
  type HandlerTable,
  type IqTarget,
} from './handler-table.js'
import { createPendingRequests, type RequestOptions } from './pending-requests.js'

/** Collaborators of {@link createIq}. */
export interface IqDeps {
  /** Sends requests and answers on their way; usually the router's `route`. */
  readonly route: (stanza: Stanza) => Awaitable<void>
  /** Shows us iq results and errors before they are routed; usually the router's `interceptReplies`. */
  readonly interceptReplies: (accept: (iq: Stanza) => boolean) => Disposable
  /** Times handlers and requests. */
  readonly clock: Pick<Clock, 'after'>
  /** Makes the ids of requests; they must be unguessable. */
  readonly ids: Ids
  /** Told of handlers that fail. */
  readonly logger: Pick<Logger, 'error' | 'warn'>
  /** Tells which domains are ours, so that no request is sent in the name of another. @default all are taken to be */
  readonly isLocal?: (domain: string) => boolean
}

/** Options of {@link createIq}. */
export interface IqOptions {
  /** How long requests of our own wait for their answer. @default 32000 */
  readonly requestTimeoutMs?: number
  /** Most requests of our own that wait at a time. @default 10000 */
  readonly maxPending?: number
}

/** What {@link createIq} uses for options not given. */
export const iqDefaults = Object.freeze({ requestTimeoutMs: 32_000, maxPending: 10_000 })

/** Any definition, for types that look into one. */
export type AnyIqDefinition = IqDefinition<unknown, unknown>
/** The payload of a definition's request. */
export type RequestOf<D> = D extends IqDefinition<infer Q, unknown> ? Q : never
/** The payload of a definition's result. */
export type ResultOf<D> = D extends IqDefinition<unknown, infer R> ? R : never

/**
 * Answers a request: returns the payload of the result, nothing for an empty result, or throws a StanzaError. A payload that
 * is the same for many may be returned as an element, so that it is written once.
 * A malformed payload never gets here; anything else thrown is logged and answered with `internal-server-error`.
 */
export type IqHandler<D> =
  D extends IqDefinition<infer Q, infer R>
    ? // biome-ignore lint/suspicious/noConfusingVoidType: a function without a return is meant
      (request: IqRequest<Q>) => Awaitable<R | RawElement | undefined | void>
    : never

/** Answers requests by typed handlers, and asks others. */
export interface Iq extends AsyncDisposable {
  /**
   * Answers requests of one kind to accounts or to the server.
   *
   * @throws `IqError` `iq/handler-exists`, `iq/invalid-option`
   */
  handle<D extends AnyIqDefinition>(
    definition: D,
    target: IqTarget,
    handler: IqHandler<D>,
    options?: HandleOptions,
  ): Disposable
  /**
   * Has a request answered, exactly once: by its handler, or with `bad-request` for a wrong number of children or a
   * malformed payload, `service-unavailable` for an unknown payload, `feature-not-implemented` for an unknown one of a
   * known namespace, `resource-constraint` when too many wait. Results and errors are dropped.
   *
   * Returns a promise only for an inline handler that waits, or when sending the answer does.
   *
   * @throws StanzaError `bad-request` for what is no iq
   */
  dispatch(stanza: Stanza, target: IqTarget): Awaitable<void>
  /**
   * Asks somebody and waits for the answer, which only the one asked can give.
   *
   * @throws StanzaError when the answer is an error
   * @throws `IqError` `iq/timeout`, `iq/limit`, `iq/closed`, `iq/no-sender`, `iq/malformed-result`
   * @throws the signal's reason when it is aborted
   */
  request<D extends AnyIqDefinition>(
    definition: D,
    to: Jid,
    payload: RequestOf<D>,
    options?: RequestOptions,
  ): Promise<ResultOf<D>>
  /**
   * Namespaces that have handlers for this target; they are features for service discovery. The same list until a handler
   * comes or goes.
   */
  namespaces(target: IqTarget): readonly string[]
  /** Gives up on requests of our own, and answers what waits for a handler with `service-unavailable`, type wait. */
  close(): Promise<void>
}

/**
 * Makes a dispatcher without handlers.
 *
 * @example
 * ```ts
 * const ping = defineIq({ type: 'get', request: element('ping', 'urn:xmpp:ping', {}) })
 * const dispatcher = createIq({ route: router.route, interceptReplies: router.interceptReplies, clock, ids, logger })
 * dispatcher.handle(ping, 'server', () => {})
 * await dispatcher.request(ping, parseJid('juliet@example.org/balcony'), {})
 * ```
 */
export function createIq(deps: IqDeps, options: IqOptions = {}): Iq {
  const settings = Object.freeze({ ...iqDefaults, ...options })
  const tables = { account: createHandlerTable(), server: createHandlerTable() }
  const pending = createPendingRequests(deps, settings)
  const interception = deps.interceptReplies((reply) => pending.accept(reply))
  const exchangeDeps: ExchangeDeps = { route, clock: deps.clock, logger: deps.logger }
  let closing: Promise<void> | undefined

  // A route of the embedder's own may fail, and answers are nobody's to catch.
  function route(reply: Stanza): Awaitable<void> {
    const failed = (error: unknown) =>
      deps.logger.error('iq answer could not be sent', { to: reply.to, error })
    try {
      const done = deps.route(reply)
      if (done !== undefined) return done.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  async function close(): Promise<void> {
    interception[Symbol.dispose]()
    pending.close()
    for (const table of Object.values(tables)) {
      for (const entry of table.entries()) {
        table.remove(entry)
        await withdraw(entry, true)
      }
    }
  }

  const closeOnce = () => (closing ??= close())
  return {
    handle(definition, target, handler, about = {}) {
      // The table finds the handler by the codec that decodes what it is given, so the types fit again when it is called.
      const entry = tables[target].add(definition, handler as AnyHandler, about)
      return {
        [Symbol.dispose]() {
          tables[target].remove(entry)
          void withdraw(entry, false)
        },
      }
    },
    dispatch(stanza, target) {
      const { kind, type } = stanza
      if (kind !== 'iq') throw new StanzaError('bad-request', { text: 'this is no iq' })
      // RFC 6120 §8.2.3: a result or error is never answered; whoever waited for it has had it by now.
      if (type === 'result' || type === 'error') return
      let entry: Entry
      try {
        entry = admit(stanza, tables[target])
      } catch (error) {
        const reply = errorReply(stanza, error as StanzaError)
        return reply && route(reply)
      }
      return serve(exchangeDeps, entry, stanza, target)
    },
    async request(definition, to, payload, about = {}) {
      const { signal, timeoutMs = settings.requestTimeoutMs } = about
      signal?.throwIfAborted()
      const from = about.from ?? ownDomain(to, deps.isLocal)
      const id = deps.ids.next()
      const stanza = iq({ type: definition.type, id, from, to }, definition.request.encode(payload))
      const request = pending.expect({ id, from, to, timeoutMs }, signal)
      send(deps.route, stanza, request.cancel)
      return decodeReply(definition, await request.reply) as ResultOf<typeof definition>
    },
    namespaces: (target) => tables[target].namespaces(),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  }
}

/** Finds who answers; throws the StanzaError to answer with if nobody does. */
function admit(stanza: Stanza, table: HandlerTable): Entry {
  checkIq(stanza)
  // What reaches a server always carries its sender; without one nobody could get the answer.
  if (stanza.from === undefined) throw new StanzaError('bad-request', { text: 'a request needs a sender' })
  const { name, ns } = stanza.raw.children[0]!
  const entry = table.find(stanza.type, name, ns)
  if (entry === undefined) throw new StanzaError('service-unavailable')
  if (entry === 'unknown-feature') throw new StanzaError('feature-not-implemented')
  if (!entry.admission.enter(stanza.from.bare.toString())) throw new StanzaError('resource-constraint')
  return entry
}

function serve(deps: ExchangeDeps, entry: Entry, stanza: Stanza, target: IqTarget): Awaitable<void> {
  const { admission, waiting, definition, handler, timeoutMs, echo } = entry
  const from = stanza.from!
  const sender = from.bare.toString()
  // RFC 6120 §10.3.3: without an addressee it is the account of the sender, or its server, that is asked.
  const to = stanza.to ?? (target === 'account' ? from.bare : makeJid({ domain: from.domain }))
  const ended = (over: Exchange) => {
    waiting.delete(over)
    admission.leave(sender)
  }
  const exchange = new Exchange(deps, { stanza, from, to, definition, handler, timeoutMs, echo, ended })
  waiting.add(exchange)
  const done = entry.schedule(sender, () => exchange.run())
  if (waiting.has(exchange)) exchange.watch()
  return done
}

async function withdraw(entry: Entry, everything: boolean): Promise<void> {
  await Promise.all([...entry.waiting].map(async (exchange) => exchange.withdraw(everything)))
}

function ownDomain(to: Jid, isLocal: IqDeps['isLocal']): Jid {
  if (isLocal && !isLocal(to.domain)) {
    throw new IqError('iq/no-sender', `a request to ${to.domain} needs a sender of ours`)
  }
  return makeJid({ domain: to.domain })
}

function send(route: IqDeps['route'], stanza: Stanza, failed: (reason: unknown) => void): void {
  try {
    const done = route(stanza)
    if (isThenable(done)) done.then(undefined, failed)
  } catch (error) {
    failed(error)
  }
}

function decodeReply({ result }: AnyIqDefinition, reply: Stanza): unknown {
  const error = readStanzaError(reply)
  if (error) throw error
  if (result === undefined) return undefined
  try {
    const payload = reply.payload(result as Codec<unknown>)
    if (payload !== undefined) return payload
  } catch (cause) {
    throw new IqError('iq/malformed-result', 'the answer could not be read', { cause })
  }
  throw new IqError('iq/malformed-result', `the answer has no ${result.name}`)
}
