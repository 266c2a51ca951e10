import { type Drop, type Hooks, isDrop } from '@xmppkit/hooks'
import type { BareJid, Jid } from '@xmppkit/jid'
import { type Awaitable, type Clock, isThenable, type Logger } from '@xmppkit/runtime'
import { type Stanza, StanzaError } from '@xmppkit/stanza'
import { createBouncing } from './bouncing.js'
import {
  availableOf,
  type BareMessagePolicy,
  type Delivery,
  type DeliveryRules,
  decideDelivery,
  unreachableAnswer,
} from './decide-delivery.js'
import { createHandingOver } from './handing-over.js'
import { tellFate } from './message-fate.js'
import type { DeliveryOutcome, SessionEntry, SessionRegistry } from './ports.js'
import {
  copiesOf,
  fateListener,
  inCustody,
  isCopy,
  type OfflineMessageValue,
  offlineMessage,
  probeIn,
  receivePacket,
  reroutePacket,
  storing,
  subscriptionIn,
} from './tokens.js'

/** What {@link createDelivery} needs. */
export interface DeliveryDeps {
  readonly hooks: Pick<Hooks, 'fold' | 'foldInto' | 'run' | 'has'>
  readonly logger: Logger
  readonly clock: Pick<Clock, 'now'>
  readonly registry: Pick<SessionRegistry, 'list' | 'get'>
  readonly route: (stanza: Stanza) => Awaitable<void>
  readonly accountExists: (account: BareJid) => Awaitable<boolean>
  readonly accountIsKnown?: ((account: BareJid) => boolean) | undefined
  readonly accountIq: (stanza: Stanza) => Awaitable<void>
  readonly holdBack: (account: BareJid, until: PromiseLike<unknown>) => void
}

/** Carries out what `decideDelivery` decides. */
export interface SessionDelivery {
  deliver(stanza: Stanza): Awaitable<void>
  deliverTo(sid: string, stanza: Stanza, done?: (outcome: DeliveryOutcome) => void): Awaitable<void>
  reroute(stanza: Stanza): Awaitable<void>
}

const nobody: ReadonlySet<string> = new Set()

/** Makes the delivery of one host. It never throws: whatever fails is answered to the sender and logged. */
export function createDelivery(
  deps: DeliveryDeps,
  options: { readonly bareMessages: BareMessagePolicy },
): SessionDelivery {
  const { hooks, logger, registry, accountExists, accountIsKnown, accountIq, holdBack } = deps
  const rules: DeliveryRules = Object.freeze({ bareMessages: options.bareMessages })
  const rerouteRules: DeliveryRules = Object.freeze({ ...rules, rerouted: true })
  const bouncing = createBouncing(deps)
  const handingOver = createHandingOver({ ...deps, bouncing, reroute })

  function deliver(stanza: Stanza): Awaitable<void> {
    try {
      // In one go with what its last handler decided, such as not to let it queue behind what an ended session had.
      const result = hooks.foldInto(receivePacket, stanza, undefined, deliverChecked)
      return isThenable(result) ? result.then(undefined, (error) => bouncing.fail(stanza, error)) : result
    } catch (error) {
      return bouncing.fail(stanza, error)
    }
  }

  // What fails from here on is told of the stanza as the hook left it: with its marks, and what it was changed into.
  function deliverChecked(checked: Stanza | Drop): Awaitable<void> {
    if (isDrop(checked) || checked.to === undefined) return
    return dispatchOrFail(checked, registry.list(checked.to.bare), rules)
  }

  function reroute(stanza: Stanza, failed = nobody): Awaitable<void> {
    if (stanza.to === undefined || stanza.meta(isCopy) === true) return
    if (stanza.kind !== 'message' || !hooks.has(reroutePacket)) return rerouteTo(stanza, stanza.to, failed)
    const { to } = stanza
    const goOn = (value: Stanza | Drop) => (isDrop(value) ? undefined : rerouteTo(value, to, failed))
    try {
      const result = hooks.foldInto(reroutePacket, stanza, { hasCopy: () => hasCopy(stanza) }, goOn)
      return isThenable(result) ? result.then(undefined, (error) => bouncing.fail(stanza, error)) : result
    } catch (error) {
      return bouncing.fail(stanza, error)
    }
  }

  function rerouteTo(stanza: Stanza, to: Jid, failed: ReadonlySet<string>): Awaitable<void> {
    const all = registry.list(to.bare)
    // Those that have failed would fail again, and again.
    const resources = failed.size === 0 ? all : all.filter(({ sid }) => !failed.has(sid))
    return dispatchOrFail(stanza, resources, rerouteRules)
  }

  function dispatchOrFail(
    stanza: Stanza,
    resources: readonly SessionEntry[],
    how: DeliveryRules,
  ): Awaitable<void> {
    try {
      const result = dispatch(stanza, resources, how)
      return isThenable(result) ? result.then(undefined, (error) => bouncing.fail(stanza, error)) : result
    } catch (error) {
      return bouncing.fail(stanza, error)
    }
  }

  function dispatch(stanza: Stanza, resources: readonly SessionEntry[], how: DeliveryRules): Awaitable<void> {
    const decision = decideDelivery(stanza, resources, how)
    // An account with a session exists; for the others somebody has to be asked where it makes a difference.
    if (resources.length > 0 || !asksForAccount(stanza, decision)) return execute(stanza, decision, how)
    if (tellsAnyhow(decision) && stanza.to !== undefined && accountIsKnown?.(stanza.to.bare) === true) {
      return execute(stanza, decision, how)
    }
    const exists = stanza.to === undefined ? false : accountExists(stanza.to.bare)
    if (!isThenable(exists)) return executeIf(exists, stanza, decision, how)
    return exists.then(
      (answer) => executeIf(answer, stanza, decision, how),
      (cause: unknown) => nobodyKnows(stanza, cause),
    )
  }

  // An outage of whoever keeps the accounts passes: the sender may try again.
  function nobodyKnows(stanza: Stanza, cause: unknown): Awaitable<void> {
    logger.error('it could not be found out whether an account exists', { to: stanza.to?.toString(), cause })
    if (unreachableAnswer(stanza) === undefined) return
    return bouncing.bounce(stanza, new StanzaError('internal-server-error', { type: 'wait' }))
  }

  function executeIf(
    exists: boolean,
    stanza: Stanza,
    decision: Delivery<SessionEntry>,
    how: DeliveryRules,
  ): Awaitable<void> {
    if (exists) return execute(stanza, decision, how)
    const answer = unreachableAnswer(stanza)
    if (answer !== undefined) return bouncing.bounce(stanza, answer)
  }

  function execute(stanza: Stanza, decision: Delivery<SessionEntry>, how: DeliveryRules): Awaitable<void> {
    switch (decision.action) {
      case 'deliver':
        return tellTaken(stanza, handOver(stanza, decision.sessions, how.rerouted === true))
      case 'offline':
        if (how.rerouted && hasCopy(stanza)) return
        return offerOffline(stanza, decision.otherwise)
      case 'account':
        return accountIq(stanza)
      case 'subscription':
        return subscription(stanza)
      case 'probe':
        return hooks.run(probeIn, { stanza })
      case 'bounce':
        return bouncing.bounce(stanza, new StanzaError('service-unavailable'))
      case 'discard':
        return
    }
  }

  function handOver(stanza: Stanza, sessions: readonly SessionEntry[], again: boolean): Awaitable<void> {
    const pending = stanza.meta(storing)
    if (pending === undefined || pending.state === 'durable')
      return handingOver.toAll(stanza, sessions, again)
    // One that ends meanwhile gives it back.
    return pending.flush().then(() => handingOver.toAll(stanza, sessions, again))
  }

  // SM-9: stored as well, it would reach whoever has the copy a second time.
  function hasCopy(stanza: Stanza): boolean {
    const again = (outcome: DeliveryOutcome) => {
      if (outcome === 'delivered') return stanza.meta(inCustody)?.delivered()
      const after = reroute(stanza)
      if (isThenable(after) && stanza.to !== undefined) holdBack(stanza.to.bare, after)
    }
    return stanza.meta(copiesOf)?.standIn(again) === true
  }

  function offerOffline(stanza: Stanza, action: 'bounce' | 'discard'): Awaitable<void> {
    const outcome = hooks.fold(offlineMessage, { action, stanza })
    return isThenable(outcome) ? outcome.then(afterOffline) : afterOffline(outcome)
  }

  function afterOffline(outcome: OfflineMessageValue | Drop): Awaitable<void> {
    if (isDrop(outcome)) return
    const pending = outcome.stanza.meta(storing)
    return pending === undefined || pending.state === 'durable'
      ? conclude(outcome)
      : pending.flush().then(() => conclude(outcome))
  }

  function conclude({ action, stanza }: OfflineMessageValue): Awaitable<void> {
    if (action !== 'bounce') return tellFate(stanza, action === 'stored' ? 'stored' : 'discarded')
    return bouncing.bounce(stanza, new StanzaError('service-unavailable'))
  }

  function subscription(stanza: Stanza): Awaitable<void> {
    const shown = hooks.fold(subscriptionIn, false, { stanza })
    return isThenable(shown)
      ? shown.then((value) => showSubscription(value, stanza))
      : showSubscription(shown, stanza)
  }

  function showSubscription(shown: boolean | Drop, stanza: Stanza): Awaitable<void> {
    if (shown !== true || stanza.to === undefined) return
    // Asked again: the roster may have taken its time.
    return handingOver.toEach(availableOf(registry.list(stanza.to.bare)), stanza)
  }

  return {
    deliver,
    reroute: (stanza) => reroute(stanza),
    deliverTo(sid, stanza, done) {
      const session = registry.get(sid)
      return session === undefined ? done?.('failed') : handingOver.toOne(session, stanza, done)
    },
  }
}

function tellTaken(stanza: Stanza, taken: Awaitable<void>): Awaitable<void> {
  if (stanza.meta(fateListener) === undefined) return taken
  if (isThenable(taken)) return taken.then(() => tellFate(stanza, 'delivered'))
  tellFate(stanza, 'delivered')
}

/** A message for later is answered with an error by an account that does not exist, and not by one that does. */
function tellsAnyhow(decision: Delivery<unknown>): boolean {
  return decision.action === 'offline' && decision.otherwise === 'bounce'
}

// Where the decision is to do nothing, or to say that nobody is there, an account that does not exist gets the same. So
// it does from the handlers of requests: what strangers are told depends on the request (XEP-0030 §8, XEP-0012 §4, RFC
// 6121 §2.3.3), and an account without an answer of its own would stand out (L-6).
function asksForAccount({ kind, type }: Stanza, { action }: Delivery<unknown>): boolean {
  if (action === 'discard') return kind === 'message' && type === 'headline'
  return action !== 'bounce' && action !== 'account'
}
