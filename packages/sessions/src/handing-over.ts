import type { Hooks } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, isThenable, type Logger } from '@xmppkit/runtime'
import { isStanzaError, type Stanza, StanzaError } from '@xmppkit/stanza'
import type { Bouncing } from './bouncing.js'
import { late } from './late.js'
import type { DeliveryOutcome, SessionEntry } from './ports.js'
import { copiesOf, inCustody, isCopy, resourceVisible, sharedWith, takenAt } from './tokens.js'

/** What {@link createHandingOver} needs. */
export interface HandingOverDeps {
  readonly hooks: Pick<Hooks, 'fold' | 'has'>
  readonly logger: Logger
  readonly bouncing: Bouncing
  readonly clock: Pick<Clock, 'now'>
  /** Nothing may overtake it until then. */
  readonly holdBack: (account: BareJid, until: PromiseLike<unknown>) => void
  /** Delivers again a message none of these sessions could write. */
  readonly reroute: (stanza: Stanza, failed: ReadonlySet<string>) => Awaitable<void>
}

/** Told what became of a stanza, and with which error the session refused it. */
type Receipt = (outcome: DeliveryOutcome, refusal?: StanzaError) => void

/** Hands stanzas to sessions. */
export interface HandingOver {
  /**
   * Hands a stanza to the sessions the table has chosen; throws what a single one throws.
   *
   * @param again - it was in the hands of other sessions before, and whoever copies messages may have copied it since
   */
  toAll(stanza: Stanza, sessions: readonly SessionEntry[], again: boolean): Awaitable<void>
  /** Hands a stanza to one of several; what it throws is logged and told to `done`. */
  toOne(session: SessionEntry, stanza: Stanza, done?: Receipt): Awaitable<void>
  /** The same for several, each at once. */
  toEach(sessions: readonly SessionEntry[], stanza: Stanza): Awaitable<void>
}

/** Makes the handing over of one host. */
export function createHandingOver(deps: HandingOverDeps): HandingOver {
  const { hooks, logger, bouncing, clock, reroute, holdBack } = deps

  function toAll(stanza: Stanza, sessions: readonly SessionEntry[], again: boolean): Awaitable<void> {
    const [session] = sessions
    if (session === undefined) return
    if (stanza.kind === 'iq' && hooks.has(resourceVisible) && mustBeVisible(stanza)) {
      return ifVisible(stanza, session)
    }
    if (sessions.length === 1 && !needsReceipt(stanza, again)) return session.handle.deliver(stanza)
    return stanza.kind === 'message' ? copies(stanza, sessions, again) : toEach(sessions, stanza)
  }

  function needsReceipt(stanza: Stanza, again: boolean): boolean {
    if (stanza.kind !== 'message') return false
    return stanza.meta(inCustody) !== undefined || (again && stanza.meta(copiesOf) !== undefined)
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
  function copies(stanza: Stanza, sessions: readonly SessionEntry[], again: boolean): Awaitable<void> {
    const areSeveral = sessions.length > 1
    const original = areSeveral ? stanza.withMeta(sharedWith, sessions) : stanza
    const copy = areSeveral ? stanza.withMeta(isCopy, true) : stanza
    const receiptFor = receipts(stanza, sessions.length)
    const copied = again ? stanza.meta(copiesOf) : undefined
    let waiting: PromiseLike<void>[] | undefined
    sessions.forEach((session, at) => {
      const receipt = receiptFor(session)
      if (copied?.standIn(receipt, session.jid) === true) return
      const taken = toOne(session, at === 0 ? original : copy, receipt)
      if (isThenable(taken)) waiting = [...(waiting ?? []), taken]
    })
    return waiting && Promise.all(waiting).then(nothing)
  }

  function receipts(stanza: Stanza, count: number): (session: SessionEntry) => Receipt {
    const failed = new Set<string>()
    const at = stanza.meta(takenAt) ?? clock.now()
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
        else stanza.meta(inCustody)?.delivered()
        if (waiting > 0 || failed.size < count) return
        const after =
          refusal === undefined ? reroute(late(stanza, at), failed) : bouncing.fail(stanza, refusal)
        if (isThenable(after) && stanza.to !== undefined) holdBack(stanza.to.bare, after)
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
