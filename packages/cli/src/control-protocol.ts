import { join } from 'node:path'
import type { CommandInfo } from '@xmppkit/commands'
import { CliError } from './errors.js'

/** A command for a running server: one line of JSON over the control socket. */
export interface ControlRequest {
  /** Name of the command. */
  readonly command: string
  /** Its arguments as typed, in order. */
  readonly words: readonly string[]
  /** Ask what it would do instead of doing it. */
  readonly dryRun?: boolean
}

/** The answer: one line of JSON. */
export type ControlResponse =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** Longest line either side reads; a list of very many users still fits. */
export const maxControlBytes = 64 * 1024 * 1024

/** Where the control socket of a data folder is. Only the user who runs the server may open it. */
export function controlSocketPath(dataDir: string): string {
  return join(dataDir, 'control.sock')
}

/**
 * Gives the words of a command line the names of the command's arguments, in order. An account may be
 * given as `user domain` or as `user@domain`.
 *
 * @throws CliError `cli/usage` when there are too many.
 */
export function namedArguments(command: CommandInfo, words: readonly string[]): Record<string, string> {
  const left = [...words]
  const named: Record<string, string> = {}
  for (const [name, { kind }] of Object.entries(command.args)) {
    const word = left.shift()
    if (word === undefined) break
    const isAddress = kind === 'account' || kind === 'address'
    named[name] = isAddress && !word.includes('@') && left.length > 0 ? `${word}@${left.shift()}` : word
  }
  if (left.length > 0) throw new CliError('cli/usage', `too many arguments; usage: ${usageOf(command)}`)
  return named
}

/** How a command is called, for people. */
function usageOf(command: CommandInfo): string {
  const args = Object.entries(command.args).map(([name, value]) => {
    const words = value.kind === 'account' ? '<user> <domain>' : `<${name}>`
    return 'optional' in value ? `[${words}]` : words
  })
  return [command.name, ...args].join(' ')
}
