import { type SessionContext, userSendPacket } from '@xmppkit/c2s'
import type { Hooks } from '@xmppkit/hooks'
import { type Clock, disposable, isThenable, type Logger } from '@xmppkit/runtime'
import { isStanzaError, type Stanza, StanzaError } from '@xmppkit/stanza'
import { InProcessError } from './errors.js'
import type { InProcessOptions } from './in-process-options.js'
import { type MessageReviewer, PendingReview, type ReviewVerdict } from './message-review.js'

/** What {@link createMessageMiddleware} needs. */
export interface MessageMiddlewareDeps {
  /** The host's hooks. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Limits the time of reviews. */
  readonly clock: Pick<Clock, 'after'>
  /** Told of reviews that fail. */
  readonly logger: Logger
}

/** How a reviewer is added. */
export interface ReviewerOptions {
  /** Its place in `userSendPacket`. @default `reviewSeq`, 70 */
  readonly seq?: number
  /** Name for logs. @default 'in-process' */
  readonly label?: string
  /** How long it may take. @default `reviewTimeoutMs` of {@link InProcessOptions} */
  readonly timeoutMs?: number
}

/** Lets code of this process stop and change what users send. */
export interface MessageMiddleware extends Disposable {
  /**
   * Shows every message a user sends, errors excepted, to a reviewer: after blocking (50), before archive (88) and carbons
   * (89), so that what is refused leaves no trace, and what is changed is changed for everybody.
   *
   * It fails closed: a message whose reviewer throws or takes too long is answered with `internal-server-error`, the cause is
   * logged, and nothing else notices.
   */
  onMessage(reviewer: MessageReviewer, options?: ReviewerOptions): Disposable
}

/** Where in `userSendPacket` messages are reviewed. */
export const reviewSeq = 70

/** Makes the middleware of a host. */
export function createMessageMiddleware(
  { hooks, clock, logger }: MessageMiddlewareDeps,
  { reviewTimeoutMs, maxReviews }: Required<InProcessOptions>,
): MessageMiddleware {
  const reviewers = new Set<Disposable>()
  let open = 0

  const failed = (stanza: Stanza, label: string, cause: unknown): StanzaError => {
    const fields = { label, id: stanza.id, from: stanza.from?.toString(), to: stanza.to?.toString(), cause }
    logger.error('a message could not be reviewed, and is refused', fields)
    return new StanzaError('internal-server-error')
  }

  /** Waits for a verdict, but not for ever. */
  const inTime = (
    review: PendingReview,
    verdict: PromiseLike<ReviewVerdict>,
    timeoutMs: number,
  ): Promise<ReviewVerdict> => {
    open += 1
    const ended = () => {
      open -= 1
    }
    verdict.then(ended, ended)
    return new Promise((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => {
        review.end()
        reject(new InProcessError('in-process/limit', `the review took longer than ${timeoutMs} ms`))
      })
      const settled = () => timer[Symbol.dispose]()
      verdict.then(settled, settled)
      verdict.then(resolve, reject)
    })
  }

  return {
    onMessage(reviewer, { seq = reviewSeq, label = 'in-process', timeoutMs = reviewTimeoutMs } = {}) {
      const judge = (stanza: Stanza, { session }: SessionContext): Stanza | Promise<Stanza> => {
        if (stanza.kind !== 'message' || stanza.type === 'error') return stanza
        if (open >= maxReviews) {
          throw new StanzaError('resource-constraint', { text: 'too many messages are being looked at' })
        }
        const review = new PendingReview(stanza, session)
        const refuse = (cause: unknown): never => {
          throw isStanzaError(cause) ? cause : failed(stanza, label, cause)
        }
        try {
          const verdict = reviewer(review)
          if (!isThenable(verdict)) return passed(stanza, verdict)
          return inTime(review, verdict, timeoutMs)
            .then((late) => passed(stanza, late))
            .catch(refuse)
        } catch (cause) {
          return refuse(cause)
        }
      }
      const registration = hooks.on(userSendPacket, judge, { seq, label })
      reviewers.add(registration)
      return disposable(() => {
        reviewers.delete(registration)
        registration[Symbol.dispose]()
      })
    },
    [Symbol.dispose]() {
      for (const registration of reviewers) registration[Symbol.dispose]()
      reviewers.clear()
    },
  }
}

/** What goes on; what is no verdict fails closed. */
function passed(before: Stanza, verdict: ReviewVerdict): Stanza {
  if (verdict === undefined) return before
  if (isStanzaError(verdict)) throw verdict
  const isMessage =
    typeof verdict === 'object' && verdict !== null && Reflect.get(verdict, 'kind') === 'message'
  if (!isMessage) throw new TypeError('a review ends with a message, with reject(…), or with nothing')
  // Nobody speaks in somebody else's name, whatever a reviewer makes of it.
  const isSame = verdict.from !== undefined && before.from?.equals(verdict.from) === true
  return isSame ? verdict : verdict.with({ from: before.from })
}
