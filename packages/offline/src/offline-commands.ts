import {
  account,
  type Commands,
  defineBatchCommands,
  defineCommand,
  domain,
  integer,
  type Jobs,
} from '@xmppkit/commands'
import { type Clock, disposable } from '@xmppkit/runtime'
import type { OfflineStore } from './ports.js'

/** What {@link registerOfflineCommands} needs. */
export interface OfflineCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** Runs removals in batches; without it they are not offered. */
  readonly jobs?: Jobs
  /** Where messages wait. */
  readonly store: OfflineStore
  /** Tells how old a message is. */
  readonly clock: Clock
}

const dayMs = 24 * 60 * 60 * 1000
const tags = ['offline']

/**
 * Registers the commands about offline messages, under ejabberd's names: `get_offline_count`,
 * `delete_expired_messages` and, where jobs run, `delete_old_messages_batch` with its status and abort.
 *
 * @example
 * ```ts
 * scope.use(registerOfflineCommands({ commands, jobs, store, clock }))
 * ```
 */
export function registerOfflineCommands(deps: OfflineCommandsDeps): Disposable {
  const { commands, jobs, store, clock } = deps
  const registered = [
    commands.register(
      defineCommand({
        name: 'get_offline_count',
        tags,
        policy: 'user',
        description: 'Tells how many messages wait for an account',
        args: { account: account() },
        result: integer(),
        run: (args) => store.count(args.account, clock.now()),
      }),
    ),
    commands.register(
      defineCommand({
        name: 'delete_expired_messages',
        tags,
        description: 'Removes messages whose time to live is over, up to 10000 of them',
        destructive: true,
        args: {},
        result: integer({ description: 'messages removed' }),
        run: () => store.removeExpired(clock.now(), 10_000),
      }),
    ),
    ...(jobs ? removalCommands(jobs, store, clock).map((command) => commands.register(command)) : []),
  ]
  return disposable(() => {
    for (const one of registered) one[Symbol.dispose]()
  })
}

function removalCommands(jobs: Jobs, store: OfflineStore, clock: Clock) {
  return defineBatchCommands(
    { jobs },
    {
      name: 'delete_old_messages',
      tags,
      description: 'Removes messages of a domain that wait for more than some days',
      args: { host: domain(), days: integer({ min: 0 }) },
      key: ({ host }) => host,
      step: ({ host, days }, limit) => store.removeOlder(host, clock.now() - days * dayMs, limit),
    },
  )
}
