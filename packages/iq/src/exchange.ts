import type { Jid } from '@xmppkit/jid'
import { type Awaitable, type Clock, isThenable, type Logger } from '@xmppkit/runtime'
import {
  type Codec,
  decodeErrorAnswer,
  errorReply,
  type IqDefinition,
  isDecodeError,
  isStanzaError,
  resultReply,
  type Stanza,
  StanzaError,
} from '@xmppkit/stanza'
import type { Element, RawElement } from '@xmppkit/xml'
import { IqError } from './errors.js'

/** A request, decoded. */
export interface IqRequest<Q> {
  /** What is asked. */
  readonly payload: Q
  /** The iq it came in. */
  readonly stanza: Stanza
  /** Who asks. */
  readonly from: Jid
  /** Who is asked: an account or the server. */
  readonly to: Jid
  /** Aborted when nobody waits for the answer any more: it took too long, or the handler was taken away. */
  readonly signal: AbortSignal
}

/** A handler whose types were let go. */
export type AnyHandler = (request: IqRequest<unknown>) => unknown

/** What an exchange needs of its dispatcher. */
export interface ExchangeDeps {
  /** Sends the answer on its way. */
  readonly route: (stanza: Stanza) => Awaitable<void>
  /** Times handlers. */
  readonly clock: Pick<Clock, 'after'>
  /** Told of handlers that fail. */
  readonly logger: Pick<Logger, 'error' | 'warn'>
}

/** What an exchange is about. */
export interface ExchangeInit {
  /** The iq. */
  readonly stanza: Stanza
  /** Who asks. */
  readonly from: Jid
  /** Who is asked. */
  readonly to: Jid
  /** Its types. */
  readonly definition: IqDefinition<unknown, unknown>
  /** Who answers. */
  readonly handler: AnyHandler
  /** Longest time until the answer, in milliseconds. */
  readonly timeoutMs: number
  /** Whether errors repeat the request. */
  readonly echo: boolean
  /** Called once when the handler is through, which may be long after the answer. */
  readonly ended: (exchange: Exchange) => void
}

class Request implements IqRequest<unknown> {
  readonly payload: unknown
  readonly stanza: Stanza
  readonly from: Jid
  readonly to: Jid
  readonly #exchange: Exchange

  constructor(payload: unknown, { stanza, from, to }: ExchangeInit, exchange: Exchange) {
    this.payload = payload
    this.stanza = stanza
    this.from = from
    this.to = to
    this.#exchange = exchange
  }

  // Most handlers never ask for it, so it is made when they do.
  get signal(): AbortSignal {
    return this.#exchange.signal()
  }
}

/** One request and its one answer, whatever happens in between (RFC 6120 §8.2.3). */
export class Exchange {
  readonly #deps: ExchangeDeps
  readonly #init: ExchangeInit
  #answered = false
  #begun = false
  #timer: Disposable | undefined
  #late: Promise<void> | undefined
  #abort: AbortController | undefined
  #abortReason: Error | undefined

  constructor(deps: ExchangeDeps, init: ExchangeInit) {
    this.#deps = deps
    this.#init = init
  }

  /** Starts the clock, for a request that has to wait. */
  watch(): void {
    if (this.#answered || this.#late) return
    const { timeoutMs } = this.#init
    this.#late = new Promise((resolve) => {
      this.#timer = this.#deps.clock.after(timeoutMs, () => {
        const error = new IqError('iq/timeout', `no answer within ${timeoutMs} ms`)
        this.#deps.logger.warn('iq handler took too long', this.#summary())
        resolve(this.#fail(new StanzaError('internal-server-error', { type: 'wait' }), error))
      })
    })
  }

  /** Calls the handler and answers. The promise, if there is one, settles with the answer, or when time is up. */
  run(): Awaitable<void> {
    this.#begun = true
    if (this.#answered) return this.#init.ended(this)
    let result: unknown
    try {
      result = this.#init.handler(this.#request())
    } catch (error) {
      this.#init.ended(this)
      return this.#failUnexpected(error)
    }
    if (isThenable(result)) return this.#wait(result)
    this.#init.ended(this)
    return this.#succeed(result)
  }

  /** Tells the handler that nobody waits any more, and answers if it had not begun. */
  withdraw(everything: boolean): Awaitable<void> {
    const reason = new IqError('iq/closed', 'the handler was taken away')
    if (this.#begun && !everything) return this.#abortWith(reason)
    return this.#fail(new StanzaError('service-unavailable', { type: 'wait' }), reason)
  }

  #request(): Request {
    const { stanza, definition } = this.#init
    const payload = stanza.payload(definition.request as Codec<unknown>)
    return new Request(payload, this.#init, this)
  }

  /** Aborted when nobody waits for the answer any more. */
  signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#abortReason) this.#abort.abort(this.#abortReason)
    return this.#abort.signal
  }

  #abortWith(reason: Error): void {
    this.#abortReason ??= reason
    this.#abort?.abort(this.#abortReason)
  }

  #wait(result: PromiseLike<unknown>): Promise<void> {
    this.watch()
    const work = Promise.resolve(result).then(
      (value) => {
        this.#init.ended(this)
        return this.#succeed(value)
      },
      (error: unknown) => {
        this.#init.ended(this)
        return this.#failUnexpected(error)
      },
    )
    return this.#late ? Promise.race([work, this.#late]) : work
  }

  #succeed(value: unknown): Awaitable<void> {
    if (this.#answered) return
    const { stanza, definition } = this.#init
    let reply: Stanza
    try {
      reply = resultReply(stanza, payloadOf(value, definition))
    } catch (error) {
      // The handler answered with what its codec, or XML, cannot carry.
      return this.#failUnexpected(error)
    }
    return this.#answer(reply)
  }

  #failUnexpected(error: unknown): Awaitable<void> {
    if (this.#answered) return
    if (isStanzaError(error)) return this.#fail(error)
    if (isDecodeError(error)) return this.#fail(decodeErrorAnswer(error))
    this.#deps.logger.error('iq handler failed', { ...this.#summary(), error })
    return this.#fail(new StanzaError('internal-server-error'))
  }

  #fail(error: StanzaError, abortReason?: Error): Awaitable<void> {
    if (this.#answered) return
    if (abortReason) this.#abortWith(abortReason)
    const stanza = this.#echoed()
    let reply: Stanza | undefined
    try {
      reply = errorReply(stanza, error)
    } catch (cause) {
      this.#deps.logger.error('iq error could not be written', { ...this.#summary(), error: cause })
      reply = errorReply(stanza, new StanzaError(error.condition, { type: error.type }))
    }
    return this.#answer(reply)
  }

  #echoed(): Stanza {
    const { stanza, echo } = this.#init
    const payload = stanza.raw.children[0]
    return echo || payload === undefined ? stanza : stanza.without(payload.name, payload.ns)
  }

  #answer(reply: Stanza | undefined): Awaitable<void> {
    this.#answered = true
    this.#timer?.[Symbol.dispose]()
    return reply && this.#deps.route(reply)
  }

  #summary(): Record<string, unknown> {
    const { stanza, from, to, definition } = this.#init
    const { name, ns } = definition.request
    return { from, to, id: stanza.id, payload: name, ns }
  }
}

function payloadOf(
  value: unknown,
  { result }: IqDefinition<unknown, unknown>,
): Element | RawElement | undefined {
  if (isRawElement(value)) return value
  return result && value !== undefined ? result.encode(value) : undefined
}

function isRawElement(value: unknown): value is RawElement {
  return typeof value === 'object' && value !== null && 'toWire' in value
}
