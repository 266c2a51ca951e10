import {
  account,
  type Commands,
  defineCommand,
  integer,
  list,
  optional,
  record,
  text,
  time,
} from '@xmppkit/commands'
import { disposable } from '@xmppkit/runtime'
import type { Fast } from './fast.js'
import type { FastTokenStore } from './ports.js'

/** What {@link registerFastCommands} needs. */
export interface FastCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** Takes tokens. */
  readonly fast: Pick<Fast, 'revoke'>
  /** Where tokens are kept. */
  readonly store: Pick<FastTokenStore, 'list'>
}

const tags = ['accounts', 'fast']

/**
 * Registers the commands about tokens: `get_login_clients`, `revoke_login_tokens`.
 *
 * @example
 * ```ts
 * scope.use(registerFastCommands({ commands, fast, store }))
 * ```
 */
export function registerFastCommands({ commands, fast, store }: FastCommandsDeps): Disposable {
  const registered = [commands.register(clientsCommand(store)), commands.register(revokeCommand(fast, store))]
  return disposable(() => {
    for (const one of registered) one[Symbol.dispose]()
  })
}

const client = record({
  client: text({ description: 'id of the installation' }),
  software: optional(text()),
  device: optional(text()),
  last_seen: time({ description: 'when it last got or used a token' }),
  expires: time({ description: 'when its last token ends' }),
})

const clientsCommand = (store: Pick<FastTokenStore, 'list'>) =>
  defineCommand({
    name: 'get_login_clients',
    tags,
    policy: 'user',
    description: 'Lists the clients of an account that can log in with a token',
    args: { account: account() },
    result: list(client),
    run: async (args) =>
      (await store.list(args.account)).map((found) => ({
        client: found.client,
        ...(found.software !== undefined && { software: found.software }),
        ...(found.device !== undefined && { device: found.device }),
        last_seen: found.lastSeenAt,
        expires: found.expiresAt,
      })),
  })

const revokeCommand = (fast: Pick<Fast, 'revoke'>, store: Pick<FastTokenStore, 'list'>) =>
  defineCommand({
    name: 'revoke_login_tokens',
    tags,
    policy: 'user',
    description:
      'Takes the tokens of one client of an account, or of all: they log in with the password again',
    destructive: true,
    args: {
      account: account(),
      client: optional(text({ maxLength: 64, description: 'id of the installation' })),
    },
    result: integer({ description: 'clients that lost their tokens' }),
    run: (args) => fast.revoke(args.account, args.client),
    dryRun: async (args) => {
      const clients = await store.list(args.account)
      return args.client === undefined
        ? clients.length
        : clients.filter((found) => found.client === args.client).length
    },
  })
