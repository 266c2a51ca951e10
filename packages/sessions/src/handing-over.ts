import type { Hooks } from '@xmppkit/hooks'
import { type Awaitable, isThenable, type Logger } from '@xmppkit/runtime'
import { isStanzaError, type Stanza, StanzaError } from '@xmppkit/stanza'
import type { Bouncing } from './bouncing.js'
import type { DeliveryOutcome, SessionEntry } from './ports.js'
import { isCopy, resourceVisible, sharedWith } from './tokens.js'

/** What {@link createHandingOver} needs. */
export interface HandingOverDeps {
  readonly hooks: Pick<Hooks, 'fold' | 'has'>
  readonly logger: Logger
  readonly bouncing: Bouncing
  /** Delivers again a message none of these sessions could write. */
  readonly reroute: (stanza: Stanza, failed: ReadonlySet<string>) => Awaitable<void>
}

/** Told what became of a stanza, and with which error the session refused it. */
type Receipt = (outcome: DeliveryOutcome, refusal?: StanzaError) => void

/** Hands stanzas to sessions. */
export interface HandingOver {
  /** Hands a stanza to the sessions the table has chosen; throws what a single one throws. */
  toAll(stanza: Stanza, sessions: readonly SessionEntry[]): Awaitable<void>
  /** Hands a stanza to one of several; what it throws is logged and told to `done`. */
  toOne(session: SessionEntry, stanza: Stanza, done?: Receipt): Awaitable<void>
  /** The same for several, each at once. */
  toEach(sessions: readonly SessionEntry[], stanza: Stanza): Awaitable<void>
}

/** Makes the handing over of one host. */
export function createHandingOver({ hooks, logger, bouncing, reroute }: HandingOverDeps): HandingOver {
  function toAll(stanza: Stanza, sessions: readonly SessionEntry[]): Awaitable<void> {
    const [session] = sessions
    if (session === undefined) return
    if (stanza.kind === 'iq' && hooks.has(resourceVisible) && mustBeVisible(stanza)) {
      return ifVisible(stanza, session)
    }
    if (sessions.length === 1) return session.handle.deliver(stanza)
    return stanza.kind === 'message' ? copies(stanza, sessions) : toEach(sessions, stanza)
  }

  function ifVisible(stanza: Stanza, session: SessionEntry): Awaitable<void> {
    const visible = hooks.fold(resourceVisible, true, { stanza, session })
    if (isThenable(visible)) return visible.then((value) => whetherVisible(value === true, stanza, session))
    return whetherVisible(visible === true, stanza, session)
  }

  function whetherVisible(visible: boolean, stanza: Stanza, session: SessionEntry): Awaitable<void> {
    if (visible) return session.handle.deliver(stanza)
    return bouncing.bounce(stanza, new StanzaError('service-unavailable'))
  }

  // Whoever wrote a copy has the message. Only if none of them did is there something left to deliver.
  function copies(stanza: Stanza, sessions: readonly SessionEntry[]): Awaitable<void> {
    const copy = stanza.withMeta(isCopy, true)
    const original = stanza.withMeta(sharedWith, sessions)
    const receiptFor = receipts(stanza, sessions.length)
    let waiting: PromiseLike<void>[] | undefined
    sessions.forEach((session, at) => {
      const taken = toOne(session, at === 0 ? original : copy, receiptFor(session))
      if (isThenable(taken)) waiting = [...(waiting ?? []), taken]
    })
    return waiting && Promise.all(waiting).then(nothing)
  }

  function receipts(stanza: Stanza, count: number): (session: SessionEntry) => Receipt {
    const failed = new Set<string>()
    let refusal: StanzaError | undefined
    let waiting = count
    return ({ sid }) => {
      let told = false
      return (outcome, error) => {
        if (told) return
        told = true
        waiting -= 1
        refusal ??= error
        if (outcome === 'failed') failed.add(sid)
        if (waiting > 0 || failed.size < count) return
        void (refusal === undefined ? reroute(stanza, failed) : bouncing.fail(stanza, refusal))
      }
    }
  }

  function toOne(session: SessionEntry, stanza: Stanza, done?: Receipt): Awaitable<void> {
    try {
      const taken = session.handle.deliver(stanza, done)
      return isThenable(taken) ? taken.then(undefined, (error) => failed(session, error, done)) : taken
    } catch (error) {
      failed(session, error, done)
    }
  }

  function failed(session: SessionEntry, error: unknown, done: Receipt | undefined): void {
    const refusal = isStanzaError(error) ? error : undefined
    if (refusal === undefined) {
      logger.error('a session failed to take a stanza', { jid: session.jid.toString(), cause: error })
    }
    done?.('failed', refusal)
  }

  function toEach(sessions: readonly SessionEntry[], stanza: Stanza): Awaitable<void> {
    let waiting: PromiseLike<void>[] | undefined
    for (const session of sessions) {
      const taken = toOne(session, stanza)
      if (isThenable(taken)) waiting = [...(waiting ?? []), taken]
    }
    return waiting && Promise.all(waiting).then(nothing)
  }

  return { toAll, toOne, toEach }
}

function nothing(): void {}

// RFC 6121 §8.5.3.1: whoever may not see the presence of a resource must not learn from its answers that it is there.
function mustBeVisible({ type, from, to }: Stanza): boolean {
  if (type !== 'get' && type !== 'set') return false
  if (from === undefined || to === undefined || from.bare.equals(to.bare)) return false
  return !(from.isDomain && from.domain === to.domain)
}
