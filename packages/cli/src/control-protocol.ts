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
export function namedArguments(command: CommandInfo, words: readonly string[]): Record<string, unknown> {
  const named: Record<string, unknown> = {}
  const left = words.filter((word) => !takeNamed(command, word, named))
  for (const [name, { kind }] of Object.entries(command.args)) {
    if (Object.hasOwn(named, name)) continue
    const word = left.shift()
    if (word === undefined) break
    const isAddress = kind === 'account' || kind === 'address'
    named[name] = isAddress && !word.includes('@') && left.length > 0 ? `${word}@${left.shift()}` : word
  }
  if (left.length > 0) throw new CliError('cli/usage', `too many arguments; usage: ${usageOf(command)}`)
  return named
}

/** Takes `maxAccounts=100`; only what may be left out can be named, so that nobody's password is taken for a name. */
function takeNamed(command: CommandInfo, word: string, named: Record<string, unknown>): boolean {
  const at = word.indexOf('=')
  const name = word.slice(0, Math.max(0, at))
  const value = Object.hasOwn(command.args, name) ? command.args[name] : undefined
  if (value === undefined || !('optional' in value)) return false
  const text = word.slice(at + 1)
  named[name] = value.kind === 'list' || value.kind === 'record' ? jsonOrText(text) : text
  return true
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // the command says what is wrong with it
  }
}

/** How a command is called, for people. */
function usageOf(command: CommandInfo): string {
  const args = Object.entries(command.args).map(([name, value]) => {
    const words = value.kind === 'account' ? '<user> <domain>' : `<${name}>`
    return 'optional' in value ? `[${words}]` : words
  })
  return [command.name, ...args].join(' ')
}
