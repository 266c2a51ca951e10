import { type Drop, type Hooks, isDrop } from '@xmppkit/hooks'
import { type Awaitable, isThenable, type Logger } from '@xmppkit/runtime'
import { errorReply, isStanzaError, type Stanza, StanzaError } from '@xmppkit/stanza'
import { tellFate } from './message-fate.js'
import { type BouncePacketValue, bouncePacket, isCopy, neverBounce } from './tokens.js'

/** What {@link createBouncing} needs. */
export interface BouncingDeps {
  readonly hooks: Pick<Hooks, 'fold' | 'has'>
  readonly logger: Logger
  readonly route: (stanza: Stanza) => Awaitable<void>
}

/** Answers what could not be delivered. */
export interface Bouncing {
  /** Returns an error to the sender, unless the hook, a mark on the stanza or its type forbid it. */
  bounce(stanza: Stanza, error: StanzaError): Awaitable<void>
  /** The same for whatever was thrown; what is not a stanza error is logged and its text stays here. Never throws. */
  fail(stanza: Stanza, error: unknown): Awaitable<void>
}

/** Makes the bouncing of one host. */
export function createBouncing({ hooks, logger, route }: BouncingDeps): Bouncing {
  function bounce(stanza: Stanza, error: StanzaError): Awaitable<void> {
    if (stanza.meta(neverBounce) === true || stanza.meta(isCopy) === true) return
    if (!hooks.has(bouncePacket)) return answer(stanza, error)
    const outcome = hooks.fold(bouncePacket, { action: 'bounce', stanza, error })
    return isThenable(outcome) ? outcome.then(decided) : decided(outcome)
  }

  function decided(outcome: BouncePacketValue | Drop): Awaitable<void> {
    if (isDrop(outcome)) return
    if (outcome.action === 'bounce') return answer(outcome.stanza, outcome.error)
    tellFate(outcome.stanza, 'discarded')
  }

  function answer(stanza: Stanza, error: StanzaError): Awaitable<void> {
    const reply = errorReply(stanza, error)
    if (reply?.to !== undefined) return route(reply)
  }

  function fail(stanza: Stanza, error: unknown): Awaitable<void> {
    if (!isStanzaError(error)) {
      logger.error('a stanza could not be delivered', { to: stanza.to?.toString(), cause: error })
    }
    try {
      const told = bounce(stanza, isStanzaError(error) ? error : new StanzaError('internal-server-error'))
      return isThenable(told) ? told.then(undefined, unanswered) : told
    } catch (cause) {
      unanswered(cause)
    }
  }

  function unanswered(cause: unknown): void {
    logger.error('an error could not be returned to its sender', { cause })
  }

  return { bounce, fail }
}
