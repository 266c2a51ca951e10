import type { Hooks } from '@xmppkit/hooks'
import { type Clock, disposable, isXmppkitError, type Logger } from '@xmppkit/runtime'
import { type Caller, type Command, type CommandInfo, inProcess } from './command.js'
import { CommandError } from './errors.js'
import type { Authorization, Authorize } from './permissions.js'
import { trustedOnly } from './permissions.js'
import { commandCalled } from './tokens.js'
import { type InferShape, readAll, readShape, redacted, type Shape } from './value.js'

/** How to call. */
export interface CallOptions {
  /** On whose behalf. @default inProcess */
  readonly caller?: Caller
  /** API version the caller speaks: it gets the newest form that is not newer. @default the newest */
  readonly version?: number
  /** Ask what it would do instead of doing it. @default false */
  readonly dryRun?: boolean
  /** Aborts the call: the command is told, and the promise rejects with `commands/aborted`. */
  readonly signal?: AbortSignal
}

/** The commands there are, and the way to call them. */
export interface Commands {
  /**
   * Adds a command.
   *
   * @throws {@link CommandError} `commands/duplicate`
   */
  register<A extends Shape, R>(command: Command<A, R>): Disposable
  /** The newest form of a command that is not newer than `version`. */
  find(name: string, version?: number): CommandInfo | undefined
  /** All commands as a caller of this version sees them, by name. */
  list(filter?: { readonly version?: number; readonly tag?: string }): readonly CommandInfo[]
  /**
   * Validates, authorises, runs. The promise is that of the command.
   *
   * @throws {@link CommandError} with a message for the caller
   */
  call(name: string, args: unknown, options?: CallOptions): Promise<unknown>
  /** Like {@link call} for a command at hand, with types; it need not be registered. */
  invoke<A extends Shape, R>(command: Command<A, R>, args: Input<A>, options?: CallOptions): Promise<R>
  /** Why a caller may or may not make a call, without making it. */
  explain(name: string, args: unknown, options?: Pick<CallOptions, 'caller' | 'version'>): Authorization
}

/** Arguments as a program gives them: addresses as text or as values, everything else as it is. */
export type Input<A extends Shape> = {
  readonly [K in keyof InferShape<A>]: InferShape<A>[K] extends { readonly bare: unknown }
    ? InferShape<A>[K] | string
    : InferShape<A>[K]
}

/** What {@link createCommands} needs. */
export interface CommandsDeps {
  /** Decides who may call what; the program itself and the console only, when absent. */
  readonly authorize?: Authorize
  /** Fires {@link commandCalled}. */
  readonly hooks?: Pick<Hooks, 'run'>
  /** Gets a line for every call. */
  readonly logger: Logger
  /** Measures how long calls take. */
  readonly clock: Pick<Clock, 'monotonic'>
}

/** Options of {@link createCommands}. */
export interface CommandsOptions {
  /** Commands there may be. @default 2_000 */
  readonly maxCommands?: number
}

/** What {@link createCommands} uses for options not given. */
export const commandsDefaults = Object.freeze({ maxCommands: 2_000 })

/**
 * Makes a registry of commands.
 *
 * @example
 * ```ts
 * const commands = createCommands({ logger, clock, authorize })
 * commands.register(register)
 * await commands.call('register', { account: 'alice@example.org', password: 'secret' })
 * ```
 */
export function createCommands(deps: CommandsDeps, options: CommandsOptions = {}): Commands {
  const { maxCommands } = Object.freeze({ ...commandsDefaults, ...options })
  const { authorize = trustedOnly } = deps
  const byName = new Map<string, Command[]>()
  let count = 0

  function find(name: string, version = Number.POSITIVE_INFINITY): Command | undefined {
    return byName.get(name)?.find((command) => command.version <= version)
  }

  function known(name: string, version: number | undefined): Command {
    const command = find(name, version)
    if (command) return command
    const since = byName.get(name)?.at(-1)?.version
    const reason =
      since === undefined
        ? `there is no command ${JSON.stringify(name)}`
        : `${name} is new in version ${since}`
    throw new CommandError('commands/unknown', reason)
  }

  return {
    register(command) {
      const versions = byName.get(command.name) ?? []
      if (versions.some((other) => other.version === command.version)) {
        throw new CommandError(
          'commands/duplicate',
          `${command.name} version ${command.version} is registered already`,
        )
      }
      if (count >= maxCommands)
        throw new CommandError('commands/duplicate', `there are ${count} commands already`)
      count += 1
      const added = command as Command
      byName.set(
        command.name,
        [...versions, added].sort((a, b) => b.version - a.version),
      )
      return disposable(() => {
        count -= 1
        const left = (byName.get(command.name) ?? []).filter((other) => other !== added)
        if (left.length > 0) byName.set(command.name, left)
        else byName.delete(command.name)
      })
    },
    find,
    list({ version, tag } = {}) {
      return [...byName.keys()]
        .sort()
        .map((name) => find(name, version))
        .filter((command) => command !== undefined)
        .filter((command) => tag === undefined || command.tags.includes(tag))
    },
    // async so that whatever is thrown becomes a rejection.
    async call(name, args, callOptions = {}) {
      return callCommand(deps, authorize, known(name, callOptions.version), args, callOptions)
    },
    async invoke<A extends Shape, R>(command: Command<A, R>, args: Input<A>, callOptions: CallOptions = {}) {
      return (await callCommand(deps, authorize, command as Command, withTexts(args), callOptions)) as R
    },
    explain(name, args, { caller = inProcess, version } = {}) {
      const command = known(name, version)
      return authorize({ command, args: validated(command, args), caller })
    },
  }
}

/** Values that are their text on the outside, such as addresses, are read back from it. */
function withTexts(args: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(args).map(([key, value]) => [key, isAddress(value) ? value.toString() : value]),
  )
}

function isAddress(value: unknown): value is { toString(): string } {
  return typeof value === 'object' && value !== null && 'bare' in value && 'domain' in value
}

function validated(command: CommandInfo, input: unknown): Readonly<Record<string, unknown>> {
  const { value, issues } = readAll((report) => readShape(command.args, input ?? {}, report))
  if (issues.length === 0 && value) return value
  const text = issues.map(({ path, message }) => `${path || 'the arguments'} ${message}`).join('; ')
  throw new CommandError('commands/bad-argument', `${command.name}: ${text}`, { issues })
}

interface CallRecord {
  args: Readonly<Record<string, unknown>>
  outcome: string
  /** Why it was denied, for the log. */
  reason?: string
}

async function callCommand(
  deps: CommandsDeps,
  authorize: Authorize,
  command: Command,
  input: unknown,
  options: CallOptions,
): Promise<unknown> {
  const startedAt = deps.clock.monotonic()
  const call: CallRecord = { args: {}, outcome: 'done' }
  try {
    return await runCommand(deps, authorize, command, input, options, call)
  } catch (error) {
    const shown = asCommandError(error, command)
    call.outcome = shown.code
    if (shown.code === 'commands/failed')
      deps.logger.error('a command failed', { command: command.name, error })
    throw shown
  } finally {
    await announce(deps, command, options, call, deps.clock.monotonic() - startedAt)
  }
}

function runCommand(
  deps: CommandsDeps,
  authorize: Authorize,
  command: Command,
  input: unknown,
  options: CallOptions,
  call: CallRecord,
): Promise<unknown> {
  const { caller = inProcess, dryRun = false, signal = new AbortController().signal } = options
  const { name } = command
  call.args = validated(command, input)
  const authorization = authorize({ command, args: call.args, caller })
  if (!authorization.allowed) {
    // The reason names groups and rules, which are the administrator's business.
    call.reason = authorization.reason
    throw new CommandError('commands/denied', `you may not call ${name}`)
  }
  if (dryRun && !command.dryRun) {
    throw new CommandError('commands/no-dry-run', `${name} cannot tell what it would do`)
  }
  if (signal.aborted) throw new CommandError('commands/aborted', `${name} was aborted`)
  const context = { caller, signal, logger: deps.logger.child({ command: name }) }
  const running = dryRun ? command.dryRun?.(call.args, context) : command.run(call.args, context)
  return withSignal(Promise.resolve(running), signal, name)
}

async function announce(
  deps: CommandsDeps,
  command: CommandInfo,
  { caller = inProcess, dryRun = false }: CallOptions,
  { args, outcome, reason }: CallRecord,
  durationMs: number,
): Promise<void> {
  const called = {
    command: command.name,
    version: command.version,
    caller,
    args: redacted(command.args, args),
    dryRun,
    outcome,
    durationMs,
  }
  const printable = { ...caller, account: caller.account?.toString() }
  deps.logger.info('command called', { ...called, caller: printable, ...(reason && { reason }) })
  await deps.hooks?.run(commandCalled, called)
}

function asCommandError(error: unknown, command: CommandInfo): CommandError {
  if (error instanceof CommandError) return error
  const fromOtherCopy = isXmppkitError(error) && error.code.startsWith('commands/')
  if (fromOtherCopy) return error as CommandError
  return new CommandError('commands/failed', `${command.name} failed; the log tells more`, { cause: error })
}

/** Settles like the promise, or rejects as soon as the signal aborts. */
function withSignal<T>(running: Promise<T>, signal: AbortSignal, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () =>
      reject(new CommandError('commands/aborted', `${name} was aborted`, { cause: signal.reason }))
    signal.addEventListener('abort', onAbort, { once: true })
    running.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
