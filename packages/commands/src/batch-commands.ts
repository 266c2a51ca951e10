import type { Awaitable } from '@xmppkit/runtime'
import { type Command, type CommandContext, defineCommand } from './command.js'
import { CommandError } from './errors.js'
import type { JobStatus, Jobs, StepOutcome } from './jobs.js'
import type { InferShape, Shape } from './value.js'
import { choice, integer, optional, record, text, time } from './values.js'

/** What {@link defineBatchCommands} is given. */
export interface BatchDefinition<A extends Shape> {
  /** Name of the job: `delete_old_messages` makes `delete_old_messages_batch`, `..._status` and `abort_...`. */
  readonly name: string
  /** Topics of all three. @default [] */
  readonly tags?: readonly string[]
  /** What the job does, in a sentence. */
  readonly description: string
  /** Whether it removes something that cannot be brought back. @default true */
  readonly destructive?: boolean
  /** What it needs to know, besides batch size and rate. */
  readonly args: A
  /** Names the job these arguments mean, so that there is one at a time: often the domain. */
  key(args: InferShape<A>): string
  /** Deals with about `limit` things at most. */
  step(args: InferShape<A>, limit: number, signal: AbortSignal): Awaitable<StepOutcome>
  /** How many things there are to deal with: what a dry run answers. */
  count?(args: InferShape<A>, context: CommandContext): Awaitable<number>
}

const status = record({
  key: text({ description: 'names the job' }),
  state: choice(['running', 'finished', 'aborted', 'failed', 'planned']),
  done: integer({ description: 'things dealt with; of a dry run, things there are' }),
  startedAt: optional(time()),
  endedAt: optional(time()),
})

const pace = {
  batchSize: optional(
    integer({ min: 1, max: 100_000, description: 'things dealt with in one step, 1000 if not given' }),
  ),
  ratePerMinute: optional(
    integer({ min: 1, description: 'things dealt with per minute, 10000 if not given' }),
  ),
}

/**
 * Declares the three commands of a job that is done in batches: start (with dry run), status, abort.
 *
 * @example
 * ```ts
 * const purge = defineBatchCommands({ jobs }, {
 *   name: 'delete_old_messages',
 *   description: 'Removes offline messages older than some days',
 *   args: { host: domain(), days: integer() },
 *   key: ({ host }) => host,
 *   step: ({ host, days }, limit) => store.removeOlder(host, daysAgo(days), limit),
 * })
 * for (const command of purge) commands.register(command)
 * ```
 */
export function defineBatchCommands<A extends Shape>(
  deps: { readonly jobs: Jobs },
  definition: BatchDefinition<A>,
): readonly Command[] {
  const { name, tags = [], description, args, destructive = true } = definition
  const keyOf = (given: object) => `${name}:${definition.key(given as InferShape<A>)}`
  const { count } = definition
  const start = defineCommand({
    name: `${name}_batch`,
    tags,
    description,
    args: { ...args, ...pace } as Shape,
    result: status,
    destructive,
    run(given) {
      const { batchSize = 1_000, ratePerMinute = 10_000 } = given as {
        batchSize?: number
        ratePerMinute?: number
      }
      const step = (limit: number, signal: AbortSignal) =>
        definition.step(given as InferShape<A>, limit, signal)
      return deps.jobs.start({ key: keyOf(given), batchSize, ratePerMinute, step })
    },
    ...(count && {
      dryRun: async (given: object, context: CommandContext) => ({
        key: keyOf(given),
        state: 'planned' as const,
        done: await count.call(definition, given as InferShape<A>, context),
      }),
    }),
  })
  const about = (verb: 'status' | 'abort', run: (key: string) => JobStatus | undefined) =>
    defineCommand({
      name: verb === 'status' ? `${name}_status` : `abort_${name}`,
      tags,
      description:
        verb === 'status' ? `How ${name}_batch is doing` : `Ends ${name}_batch after the step under way`,
      args: args as Shape,
      result: status,
      run(given) {
        const found = run(keyOf(given))
        if (found) return found
        throw new CommandError('commands/not-found', `${name}_batch has not been run for that`)
      },
    })
  return [
    start,
    about('status', (key) => deps.jobs.status(key)),
    about('abort', (key) => {
      deps.jobs.abort(key)
      return deps.jobs.status(key)
    }),
  ].map((command) => command as Command)
}
