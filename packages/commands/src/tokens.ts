import { event } from '@xmppkit/hooks'
import type { Caller } from './command.js'

/** A call that has ended. */
export interface CommandCalled {
  /** Name of the command. */
  readonly command: string
  /** Version that was run. */
  readonly version: number
  /** Who called. */
  readonly caller: Caller
  /** Its arguments as JSON, secrets replaced. */
  readonly args: Readonly<Record<string, unknown>>
  /** Whether it was only to tell what it would do. */
  readonly dryRun: boolean
  /** `done`, or the code of the error. */
  readonly outcome: string
  /** How long it took, in milliseconds. */
  readonly durationMs: number
}

/** Fired after every call, refused ones included: for audit trails (ejabberd's `api_call`). */
export const commandCalled = event<CommandCalled>('commands/called')
