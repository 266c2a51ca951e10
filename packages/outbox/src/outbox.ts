import { removeUser } from '@xmppkit/auth'
import type { Hooks } from '@xmppkit/hooks'
import { type Clock, createScope, type Ids, type Logger } from '@xmppkit/runtime'
import { StanzaError } from '@xmppkit/stanza'
import { type Random, systemRandom } from './backoff.js'
import { OutboxError } from './errors.js'
import type { OutboxTarget } from './event-sink.js'
import { listenForEvents, type Occurrence } from './event-sources.js'
import { type EventType, eventTypes } from './events.js'
import { type OutboxOptions, outboxDefaults } from './outbox-options.js'
import type { NewOutboxEntry, OutboxEntry, OutboxStore } from './ports.js'
import { createTargetDelivery, type TargetDelivery } from './target-delivery.js'
import { textEvent } from './text-event.js'

/** Collaborators of {@link createOutbox}. */
export interface OutboxDeps {
  /** Where events are kept until they have arrived. */
  readonly store: OutboxStore
  /** The host's hooks: what happens is told by them. */
  readonly hooks: Pick<Hooks, 'on'>
  /** For dates and waits. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Names events. */
  readonly ids: Ids
  /** Told what cannot be delivered. */
  readonly logger: Logger
  /** Spreads tries. @default the system's generator */
  readonly random?: Random
}

/** How a target fares. */
export interface TargetStatus {
  /** Its name. */
  readonly target: string
  /** Events that wait for it. */
  readonly waiting: number
  /** Events that were given up. */
  readonly dead: number
  /** Events it has got since the start. */
  readonly delivered: number
  /** Events that were dropped since the start, because too many waited. */
  readonly dropped: number
  /** Why nothing gets through now; absent while all is well. */
  readonly trouble?: string
}

/** The events of one host on their way out. */
export interface Outbox extends AsyncDisposable {
  /** How each target fares, as far as this process knows. */
  status(): Promise<readonly TargetStatus[]>
  /**
   * Events that were given up wait again, as if nobody had refused them; at most so many.
   * @returns how many
   */
  retry(target: string, limit: number): Promise<number>
  /** Ends: nothing is written down or delivered any more. What waits is delivered after the next start. */
  close(): Promise<void>
}

interface Target extends OutboxTarget {
  readonly delivery: TargetDelivery
  waiting: number
  delivered: number
  dropped: number
}

const label = 'outbox'
const dropLogMs = 60_000

/**
 * Writes down what happens, durably and before it counts, and hands it to each target at least once, the events of a
 * conversation in order.
 *
 * @throws OutboxError `outbox/bad-target` if two targets have one name, or one has none; whatever the store throws
 *
 * @example
 * ```ts
 * const crm = { name: 'crm', deliver: createWebhookSink({ clock }, { url: 'https://crm.example/hook', secret }) }
 * const outbox = await createOutbox({ store, hooks, clock, ids, logger }, [crm], { maxRefusals: 10 })
 * ```
 */
export async function createOutbox(
  deps: OutboxDeps,
  targets: readonly OutboxTarget[],
  options: OutboxOptions = {},
): Promise<Outbox> {
  const settings = Object.freeze({ ...outboxDefaults, ...options })
  const { store, hooks, clock, ids, logger, random = systemRandom } = deps
  checkNames(targets)
  const scope = createScope()
  const holder = ids.next()
  const all = new Map<string, Target>()
  let dropLoggedAt = Number.NEGATIVE_INFINITY

  const gone = ({ target }: OutboxEntry, how: 'delivered' | 'dead') => {
    const one = all.get(target)
    if (one === undefined) return
    one.waiting = Math.max(0, one.waiting - 1)
    if (how === 'delivered') one.delivered += 1
  }

  /** Whether there is room for one event more; if not, what the options say happens. */
  const hasRoom = (target: Target): boolean => {
    if (target.waiting < settings.maxWaiting) return true
    if (settings.onFull === 'refuse') {
      throw new StanzaError('resource-constraint', { text: 'too many events wait to be told' })
    }
    target.dropped += 1
    if (clock.now() - dropLoggedAt >= dropLogMs) {
      dropLoggedAt = clock.now()
      const error = new OutboxError('outbox/full', `${settings.maxWaiting} events wait already`)
      logger.error('events are dropped', { target: target.name, dropped: target.dropped, error })
    }
    return false
  }

  // Where others append and deliver too, what is counted here is not all.
  const recount = async (name: string) => {
    const one = all.get(name)
    if (one === undefined || one.waiting < settings.maxWaiting / 2) return
    try {
      one.waiting = (await store.count(name)).waiting
    } catch (cause) {
      logger.error('events could not be counted', { target: name, cause })
    }
  }

  const record = async <T extends EventType>(occurrence: Occurrence<T>): Promise<void> => {
    const wanting = [...all.values()].filter(({ types = eventTypes }) => types.includes(occurrence.type))
    const chosen = wanting.filter(hasRoom)
    if (chosen.length === 0) return
    const at = clock.now()
    const event = textEvent(occurrence, { id: ids.next(), at })
    const entries: NewOutboxEntry[] = chosen.map(({ name, contents = true }) => ({
      target: name,
      conversation: occurrence.conversation,
      account: occurrence.account.toString(),
      type: occurrence.type,
      event: contents ? event.full : event.bare,
      at,
    }))
    for (const target of chosen) target.waiting += 1
    try {
      await store.append(entries)
    } catch (error) {
      for (const target of chosen) target.waiting -= 1
      throw error
    }
    for (const { delivery } of chosen) delivery.wake()
  }

  for (const target of targets) {
    const { waiting } = await store.count(target.name)
    const delivery = createTargetDelivery(
      { store, clock, logger, random, holder, gone, polled: () => void recount(target.name) },
      target,
      settings,
    )
    scope.defer(() => delivery.close())
    all.set(target.name, { ...target, delivery, waiting, delivered: 0, dropped: 0 })
  }
  const wanted = new Set(targets.flatMap(({ types = eventTypes }) => types))
  for (const source of listenForEvents({ hooks, record }, wanted)) scope.use(source)
  // What was given up about an account goes with it; what waits is on its way.
  scope.use(
    hooks.on(removeUser, async ({ account }) => void (await store.forget(account.toString())), { label }),
  )

  return {
    status: () =>
      Promise.all(
        [...all.values()].map(async ({ name, delivery, delivered, dropped }) => ({
          target: name,
          ...(await store.count(name)),
          delivered,
          dropped,
          ...(delivery.trouble !== undefined && { trouble: delivery.trouble }),
        })),
      ),
    async retry(target, limit) {
      const revived = await store.revive(target, limit)
      const one = all.get(target)
      if (one !== undefined) {
        one.waiting += revived
        one.delivery.wake()
      }
      return revived
    },
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}

function checkNames(targets: readonly OutboxTarget[]): void {
  const names = new Set<string>()
  for (const { name } of targets) {
    if (!/^[\w.-]{1,64}$/.test(name)) {
      throw new OutboxError('outbox/bad-target', `a target is named with letters, digits, "_", "-" and "."`)
    }
    if (names.has(name)) throw new OutboxError('outbox/bad-target', `two targets are named ${name}`)
    names.add(name)
  }
}
