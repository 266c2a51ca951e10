import type { IncomingMessage } from 'node:http'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, isThenable, type Logger } from '@xmppkit/runtime'

/**
 * Tells whose visitor sent a request: by a session cookie, a header, whatever the app goes by. The account it names can log in on
 * this connection without a password (SASL EXTERNAL). `undefined` for somebody unknown, who logs in as everybody does; `false`
 * for somebody who may not even try. Rejecting means "cannot say now", and the client is told to come back.
 */
export type Authenticate = (
  request: IncomingMessage,
  wait: { readonly signal: AbortSignal },
) => Awaitable<BareJid | string | undefined | false>

/** Settings of {@link createWeb} about visitors. */
export interface VisitorOptions {
  /**
   * Tells which account of yours the sender of a request is. Browsers send cookies along whoever's page asks, so it cannot be
   * combined with `origins: ['*']`.
   *
   * @default nobody is known before logging in
   */
  readonly authenticate?: Authenticate
  /**
   * Longest wait for its answer, in milliseconds.
   *
   * @default 10_000
   */
  readonly authenticateTimeoutMs?: number
}

/** Defaults of {@link VisitorOptions}. */
export const visitorDefaults = Object.freeze({ authenticateTimeoutMs: 10_000 })

/** What is known of a visitor: an account, nothing, or that it is to be sent away with an HTTP status. */
export type Visitor = BareJid | undefined | 401 | 503

/** Knows visitors. */
export interface Visitors {
  /** Who sent a request. Never rejects. */
  identify(request: IncomingMessage): Awaitable<Visitor>
}

/** Makes what asks the app who its visitors are: within time, and without letting its failures out. */
export function createVisitors(
  deps: { readonly clock: Clock; readonly logger: Logger },
  options: VisitorOptions = {},
): Visitors {
  const { authenticate } = options
  const timeoutMs = options.authenticateTimeoutMs ?? visitorDefaults.authenticateTimeoutMs

  const failed = (error: unknown): Visitor => {
    deps.logger.error('nobody could say who a visitor is', { error })
    return 503
  }

  return {
    identify(request) {
      if (authenticate === undefined) return undefined
      const giveUp = new AbortController()
      try {
        const answer = authenticate(request, { signal: giveUp.signal })
        if (!isThenable(answer)) return visitorOf(answer)
        return inTime(answer, timeoutMs, giveUp, deps.clock).then(visitorOf).catch(failed)
      } catch (error) {
        return failed(error)
      }
    },
  }
}

function visitorOf(answer: BareJid | string | undefined | false): Visitor {
  if (answer === undefined) return undefined
  if (answer === false) return 401
  return typeof answer === 'string' ? parseJid(answer).bare : answer
}

function inTime<T>(
  answer: PromiseLike<T>,
  timeoutMs: number,
  giveUp: AbortController,
  clock: Clock,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeoutMs, () => {
      const late = new Error(`no answer within ${timeoutMs} ms`)
      giveUp.abort(late)
      reject(late)
    })
    answer.then(
      (value) => {
        timer[Symbol.dispose]()
        resolve(value)
      },
      (error: unknown) => {
        timer[Symbol.dispose]()
        reject(error)
      },
    )
  })
}
