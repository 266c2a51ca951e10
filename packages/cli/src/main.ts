import { parseArgs } from 'node:util'
import { isXmppkitError } from '@xmppkit/runtime'
import { callControl } from './control-client.js'
import { CliError } from './errors.js'
import { serve } from './serve.js'
import { serveHelp } from './serve-flags.js'
import { showResult } from './show-result.js'

/** Where the command writes. */
export interface Terminal {
  /** Results. */
  out(text: string): void
  /** Errors and what the server logs. */
  err(text: string): void
}

const help = `usage: xmppkit <command> [arguments] [--data FOLDER]

  serve [options]                                start a server; xmppkit serve --help lists the options
  register <user> <domain> <password>            create an account
  unregister <user> <domain>                     remove an account and all that belongs to it
  change-password <user> <domain> <password>     give an account another password
  connected-users                                who is connected
  stats <name>                                   registeredusers, onlineusers, uptimeseconds or processes
  status                                         whether and how the server runs
  commands                                       every command the running server knows
  help                                           this text

All but serve are carried out by the running server whose --data folder is named (default:
./xmppkit-data). --dry-run asks a command that removes something what it would do.
`

/**
 * Runs the `xmppkit` command.
 *
 * @returns the exit code: 0 done, 1 failed, 2 not understood
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  const [command = 'help', ...rest] = args
  try {
    if (command === 'serve' && rest.includes('--help')) terminal.out(serveHelp())
    else if (command === 'serve') await serve(rest, terminal)
    else if (['help', '--help', '-h'].includes(command)) terminal.out(help)
    else return await runOnServer(command.replaceAll('-', '_'), rest, terminal)
    return 0
  } catch (error) {
    // What the operating system refuses says itself which file or address it is about.
    if (!isXmppkitError(error) && !(error instanceof Error && 'syscall' in error)) throw error
    terminal.err(`xmppkit: ${error.message}\n`)
    return isXmppkitError(error, 'cli/usage') ? 2 : 1
  }
}

async function runOnServer(command: string, args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseWords(args)
  const response = await callControl(values.data ?? './xmppkit-data', {
    command,
    words: positionals,
    dryRun: values['dry-run'] ?? false,
  })
  if (response.ok) {
    terminal.out(showResult(response.result))
    return 0
  }
  terminal.err(`xmppkit: ${response.message}\n`)
  return response.code === 'cli/usage' || response.code === 'commands/bad-argument' ? 2 : 1
}

function parseWords(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { data: { type: 'string' }, 'dry-run': { type: 'boolean' } },
    })
  } catch (cause) {
    throw new CliError('cli/usage', `${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
