import { type Commands, defineCommand, integer, list, optional, record, text } from '@xmppkit/commands'
import { type Clock, disposable } from '@xmppkit/runtime'
import type { Outbox } from './outbox.js'
import type { OutboxStore } from './ports.js'

/** What {@link registerOutboxCommands} needs. */
export interface OutboxCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** The events of the host. */
  readonly outbox: Pick<Outbox, 'status' | 'retry'>
  /** Where they are kept. */
  readonly store: Pick<OutboxStore, 'dead' | 'purge'>
  /** Tells how old an event is. */
  readonly clock: Pick<Clock, 'now'>
}

const tags = ['events']
const dayMs = 24 * 60 * 60 * 1000
const target = text({ description: 'name of a receiver' })
const mostAtOnce = 10_000

/** Registers the commands about events: `outbox_status`, `list_dead_events`, `retry_dead_events`, `purge_dead_events`. */
export function registerOutboxCommands({ commands, ...deps }: OutboxCommandsDeps): Disposable {
  const registered = [
    commands.register(status(deps)),
    commands.register(listDead(deps)),
    commands.register(retryDead(deps)),
    commands.register(purgeDead(deps)),
  ]
  return disposable(() => {
    for (const one of registered) one[Symbol.dispose]()
  })
}

type Deps = Omit<OutboxCommandsDeps, 'commands'>

const status = ({ outbox }: Deps) =>
  defineCommand({
    name: 'outbox_status',
    tags,
    description: 'Tells for each receiver of events how many wait, were given up, and whether it is down',
    args: {},
    result: list(
      record({
        target: text(),
        waiting: integer(),
        dead: integer(),
        delivered: integer({ description: 'since the start' }),
        dropped: integer({ description: 'since the start, because too many waited' }),
        trouble: optional(text()),
      }),
    ),
    run: () => outbox.status(),
  })

const listDead = ({ store }: Deps) =>
  defineCommand({
    name: 'list_dead_events',
    tags,
    description: 'Lists events that were given up, oldest first',
    args: {
      target: optional(target),
      after: optional(text({ description: 'the last id of the page before' })),
      limit: optional(integer({ min: 1, max: 1000 })),
    },
    result: list(
      record({
        id: text(),
        target: text(),
        type: text(),
        account: text(),
        error: text(),
        at: text(),
        deadAt: text(),
      }),
    ),
    async run({ target: name, after, limit = 100 }) {
      const page = {
        limit,
        ...(name !== undefined && { target: name }),
        ...(after !== undefined && { after }),
      }
      return (await store.dead(page)).map(({ id, target: whom, type, account, error, at, deadAt }) => ({
        id,
        target: whom,
        type,
        account,
        error,
        at: new Date(at).toISOString(),
        deadAt: new Date(deadAt).toISOString(),
      }))
    },
  })

const retryDead = ({ outbox }: Deps) =>
  defineCommand({
    name: 'retry_dead_events',
    tags,
    description:
      'Has events that were given up delivered after all, up to 10000 of them, and tells how many there were',
    args: { target },
    result: integer(),
    run: ({ target: name }) => outbox.retry(name, mostAtOnce),
  })

const purgeDead = ({ store, clock }: Deps) =>
  defineCommand({
    name: 'purge_dead_events',
    tags,
    description: 'Removes events that were given up some days ago or more, up to 10000 of them',
    destructive: true,
    args: { target, days: integer() },
    result: integer({ description: 'events removed' }),
    run: ({ target: name, days }) => store.purge(name, clock.now() - days * dayMs + 1, mostAtOnce),
  })
