import type { BareJid } from '@xmppkit/jid'
import type { Awaitable, Logger } from '@xmppkit/runtime'
import { CommandError } from './errors.js'
import { type InferShape, type JsonSchema, type Shape, shapeSchema, type Value } from './value.js'

/**
 * Who may run a command when nothing else is said.
 *
 * - `open`: anybody, also without having authenticated.
 * - `user`: an account on itself; for others a permission is needed.
 * - `admin`: whoever has a permission for it, for one of its tags, or for everything.
 * - `restricted`: whoever has a permission that names it; one for everything or for a tag does not do.
 */
export type CommandPolicy = 'open' | 'user' | 'admin' | 'restricted'

/** On whose behalf a command is run. */
export interface Caller {
  /** How the call came in: `in-process`, `console`, `http`, `ad-hoc` or a name of the embedder's. */
  readonly frontend: string
  /** The account that authenticated, if one did. */
  readonly account?: BareJid
  /** Address the call came from. */
  readonly ip?: string
  /** Scopes of the token that was presented; a caller with scopes may do only what they allow. */
  readonly scopes?: readonly string[]
}

/** The program itself: may do everything. */
export const inProcess: Caller = Object.freeze({ frontend: 'in-process' })

/** What a running command knows about its call. */
export interface CommandContext {
  /** On whose behalf. */
  readonly caller: Caller
  /** Aborted when the caller loses interest. */
  readonly signal: AbortSignal
  /** Logger with the command's name on it. */
  readonly logger: Logger
}

/** What is declared about a command, without its types. */
export interface CommandInfo {
  /** Name, in the manner of ejabberd: `delete_old_messages`. */
  readonly name: string
  /** API version that introduced this form of it. */
  readonly version: number
  /** Topics, for lists and permissions. */
  readonly tags: readonly string[]
  /** What it does, in a sentence. */
  readonly description: string
  /** Its arguments. */
  readonly args: Shape
  /** Its result. */
  readonly result: Value<unknown>
  /** Who may run it. */
  readonly policy: CommandPolicy
  /** Whether it removes something that cannot be brought back. */
  readonly destructive: boolean
  /** Whether it can tell what it would do. */
  readonly hasDryRun: boolean
}

/** A command: declared once, run from every front end. */
export interface Command<A extends Shape = Shape, R = unknown> extends CommandInfo {
  readonly args: A
  readonly result: Value<R>
  /** Does it. */
  run(args: InferShape<A>, context: CommandContext): Awaitable<R>
  /** Tells what it would do. */
  dryRun?(args: InferShape<A>, context: CommandContext): Awaitable<R>
}

/** What {@link defineCommand} is given. */
export interface CommandDefinition<A extends Shape, R> {
  /** Lower-case letters, digits and underscores. */
  readonly name: string
  /** API version that introduced this form of it. @default 0 */
  readonly version?: number
  /** Topics, for lists and permissions. @default [] */
  readonly tags?: readonly string[]
  /** What it does, in a sentence. */
  readonly description: string
  /** Its arguments; the first account or domain among them is what permissions look at. */
  readonly args: A
  /** Its result. */
  readonly result: Value<R>
  /** Who may run it. @default 'admin' */
  readonly policy?: CommandPolicy
  /** Whether it removes something that cannot be brought back. @default false */
  readonly destructive?: boolean
  /**
   * Does it. A {@link CommandError} thrown here reaches the caller as it is; anything else is logged and becomes
   * `commands/failed`.
   */
  run(args: InferShape<A>, context: CommandContext): Awaitable<NoInfer<R>>
  /** Answers like `run`, without doing anything. */
  dryRun?(args: InferShape<A>, context: CommandContext): Awaitable<NoInfer<R>>
}

/**
 * Declares a command.
 *
 * @throws {@link CommandError} `commands/bad-definition`
 *
 * @example
 * ```ts
 * const register = defineCommand({
 *   name: 'register',
 *   tags: ['accounts'],
 *   description: 'Registers an account',
 *   args: { account: account(), password: secret(text()) },
 *   result: nothing(),
 *   run: ({ account, password }) => accounts.register(account, password),
 * })
 * ```
 */
export function defineCommand<A extends Shape, R>(definition: CommandDefinition<A, R>): Command<A, R> {
  const { name, version = 0, tags = [], policy = 'admin', destructive = false } = definition
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(name)) {
    throw new CommandError('commands/bad-definition', `${JSON.stringify(name)} is not a name for a command`)
  }
  if (!Number.isSafeInteger(version) || version < 0) {
    throw new CommandError(
      'commands/bad-definition',
      `the version of ${name} is not a whole number from 0 up`,
    )
  }
  const hasDryRun = definition.dryRun !== undefined
  return Object.freeze({ ...definition, version, tags, policy, destructive, hasDryRun })
}

/** Describes the arguments of a command as JSON Schema. */
export function argumentsSchema(command: CommandInfo): JsonSchema {
  return shapeSchema(command.args)
}

/** What a call is about, for permissions: the first account, address or domain among its arguments. */
export function targetOf(command: CommandInfo, args: object): { account?: BareJid; domain?: string } {
  for (const [key, value] of Object.entries(command.args)) {
    const given: unknown = Reflect.get(args, key)
    if (given === undefined) continue
    if (value.kind === 'domain') return { domain: given as string }
    if (value.kind === 'account' || value.kind === 'address') {
      const { bare } = given as BareJid
      return bare.local === '' ? { domain: bare.domain } : { account: bare, domain: bare.domain }
    }
  }
  return {}
}
