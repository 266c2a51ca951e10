import {
  account,
  address,
  type Commands,
  choice,
  defineBatchCommands,
  defineCommand,
  domain,
  integer,
  type Jobs,
} from '@xmppkit/commands'
import { type Clock, disposable } from '@xmppkit/runtime'
import type { ArchiveRemoval, ArchiveStore } from './ports.js'
import { removeAll } from './removing.js'

/** What {@link registerArchiveCommands} needs. */
export interface ArchiveCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** Runs removals in batches; without it they are not offered. */
  readonly jobs?: Jobs
  /** Where archives are kept. */
  readonly store: ArchiveStore
  /** Tells how old a message is. */
  readonly clock: Pick<Clock, 'now'>
}

const dayMs = 24 * 60 * 60 * 1000
const tags = ['mam']
const removed = integer({ description: 'messages removed' })

/**
 * Registers the commands about archives, under ejabberd's names: `get_mam_count`, `remove_mam_for_user`,
 * `remove_mam_for_user_with_peer` and, where jobs run, `delete_old_mam_messages_batch` with its status and abort.
 *
 * @example
 * ```ts
 * scope.use(registerArchiveCommands({ commands, jobs, store, clock }))
 * ```
 */
export function registerArchiveCommands(deps: ArchiveCommandsDeps): Disposable {
  const { commands, jobs, store } = deps
  const registered = [
    commands.register(countCommand(store)),
    ...removeCommands(store).map((command) => commands.register(command)),
    ...(jobs ? oldMessages({ ...deps, jobs }).map((command) => commands.register(command)) : []),
  ]
  return disposable(() => {
    for (const one of registered) one[Symbol.dispose]()
  })
}

function countCommand(store: ArchiveStore) {
  return defineCommand({
    name: 'get_mam_count',
    tags,
    policy: 'user',
    description: 'Tells how many messages the archive of an account holds',
    args: { account: account() },
    result: integer(),
    run: async (args) => Number(await store.count(args.account)),
  })
}

function removeCommands(store: ArchiveStore) {
  return [
    defineCommand({
      name: 'remove_mam_for_user',
      tags,
      description: 'Removes the archive of an account',
      destructive: true,
      args: { account: account() },
      result: removed,
      run: (args) => removeAll(store, args.account, {}),
      dryRun: async (args) => Number(await store.count(args.account)),
    }),
    defineCommand({
      name: 'remove_mam_for_user_with_peer',
      tags,
      description: 'Removes from the archive of an account all messages with one party',
      destructive: true,
      args: { account: account(), with: address() },
      result: removed,
      run: (args) => removeAll(store, args.account, { with: args.with }),
      dryRun: async (args) => Number(await store.count(args.account, { with: args.with })),
    }),
  ]
}

function oldMessages({ jobs, store, clock }: ArchiveCommandsDeps & { readonly jobs: Jobs }) {
  const kinds = choice(['chat', 'groupchat', 'all'])
  const removal = ({ host, type, days }: { host: string; type: string; days: number }): ArchiveRemoval => ({
    domain: host,
    before: clock.now() - days * dayMs,
    ...(type !== 'all' && { kind: type as 'chat' | 'groupchat' }),
  })
  return defineBatchCommands(
    { jobs },
    {
      name: 'delete_old_mam_messages',
      tags,
      description: 'Removes archived messages of a domain that are older than some days',
      args: { host: domain(), type: kinds, days: integer({ min: 0 }) },
      key: ({ host }) => host,
      step: (args, limit) => store.removeOlder(removal(args), limit),
      count: (args) => store.countOlder(removal(args)),
    },
  )
}
