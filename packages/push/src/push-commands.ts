import {
  account,
  type Commands,
  defineBatchCommands,
  defineCommand,
  domain,
  integer,
  type Jobs,
  list,
  record,
  text,
  time,
} from '@xmppkit/commands'
import { type Clock, disposable } from '@xmppkit/runtime'
import type { PushStore } from './ports.js'
import type { Push } from './push.js'

/** What {@link registerPushCommands} needs. */
export interface PushCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** Runs removals in batches; without it they are not offered. */
  readonly jobs?: Jobs
  /** Where registrations are kept. */
  readonly store: PushStore
  /** Counts what is sent. */
  readonly push: Pick<Push, 'stats'>
  /** Tells how old a registration is. */
  readonly clock: Clock
}

const dayMs = 24 * 60 * 60 * 1000
const tags = ['push']
const maxListed = 1000

/**
 * Registers the commands about push notifications: `get_push_registrations`, `get_push_count`, `get_push_stats` and, where
 * jobs run, ejabberd's `delete_old_push_sessions` as a batch with its status and abort.
 *
 * @example
 * ```ts
 * scope.use(registerPushCommands({ commands, jobs, store, push, clock }))
 * ```
 */
export function registerPushCommands(deps: PushCommandsDeps): Disposable {
  const registered = [...readCommands(deps), ...removalCommands(deps)]
  return disposable(() => {
    for (const one of registered) one[Symbol.dispose]()
  })
}

function readCommands({ commands, store, push }: PushCommandsDeps): Disposable[] {
  const count = integer({ min: 0 })
  return [
    commands.register(
      defineCommand({
        name: 'get_push_registrations',
        tags,
        policy: 'user',
        description:
          'Lists where notifications of an account go to; what the services are sent with them is not told',
        args: { account: account() },
        result: list(record({ service: text(), node: text(), client: text(), enabled_at: time() }), {
          max: maxListed,
        }),
        run: async (args) => {
          const all = await store.list(args.account)
          return all
            .slice(0, maxListed)
            .map(({ service, node, client, enabledAt }) => ({ service, node, client, enabled_at: enabledAt }))
        },
      }),
    ),
    commands.register(
      defineCommand({
        name: 'get_push_count',
        tags,
        description: 'Counts the push registrations of a domain',
        args: { host: domain() },
        result: count,
        run: ({ host }) => store.count(host),
      }),
    ),
    commands.register(
      defineCommand({
        name: 'get_push_stats',
        tags: [...tags, 'statistics'],
        description: 'Tells what became of push notifications since the start',
        args: {},
        result: record({
          sent: count,
          failed: count,
          coalesced: count,
          dropped: count,
          removed: count,
          waiting: count,
        }),
        run: () => push.stats(),
      }),
    ),
  ]
}

function removalCommands({ commands, jobs, store, clock }: PushCommandsDeps): Disposable[] {
  if (jobs === undefined) return []
  const removal = defineBatchCommands(
    { jobs },
    {
      name: 'delete_old_push_sessions',
      tags,
      description: 'Removes push registrations of a domain that were not renewed for some days',
      args: { host: domain(), days: integer({ min: 0 }) },
      key: ({ host }) => host,
      step: ({ host, days }, limit) => store.removeOlder(host, clock.now() - days * dayMs, limit),
    },
  )
  return removal.map((command) => commands.register(command))
}
