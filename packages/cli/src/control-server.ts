import { rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Commands } from '@xmppkit/commands'
import { isXmppkitError, type Logger } from '@xmppkit/runtime'
import { pingControl } from './control-client.js'
import {
  type ControlRequest,
  type ControlResponse,
  controlSocketPath,
  namedArguments,
} from './control-protocol.js'
import { CliError } from './errors.js'

/** What the control socket needs. */
export interface ControlServerDeps {
  /** The commands of the server. */
  readonly commands: Pick<Commands, 'find' | 'call'>
  /** Told of failures. */
  readonly logger: Logger
}

/**
 * Lets the `xmppkit` command reach this process: a socket in the data folder that only its owner may
 * open, one JSON line per command.
 *
 * @throws CliError `cli/running` when another server runs over the folder.
 */
export async function openControlSocket(deps: ControlServerDeps, dataDir: string): Promise<AsyncDisposable> {
  const path = controlSocketPath(dataDir)
  if (await pingControl(dataDir)) {
    throw new CliError('cli/running', `a server runs over ${dataDir} already; stop it or use another --data`)
  }
  await rm(path, { force: true }) // left by a process that was killed
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    serve(deps, socket)
  })
  const previousMask = process.umask(0o077)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  } finally {
    process.umask(previousMask)
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      await rm(path, { force: true })
    },
  }
}

function serve({ commands, logger }: ControlServerDeps, socket: Socket): void {
  const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })
  // It repeats what goes wrong on the socket, and an error without a listener ends the process.
  lines.on('error', () => {})
  lines.on('line', (line) => {
    void answer(commands, line)
      .catch((cause): ControlResponse => {
        logger.error('a command could not be carried out', { cause })
        return { ok: false, code: 'cli/control', message: 'the command failed; the log tells more' }
      })
      .then((response) => socket.write(`${JSON.stringify(response)}\n`))
  })
}

async function answer(commands: ControlServerDeps['commands'], line: string): Promise<ControlResponse> {
  const { command, words, dryRun = false } = JSON.parse(line) as ControlRequest
  const info = commands.find(command)
  if (!info) {
    return {
      ok: false,
      code: 'commands/unknown',
      message: `there is no command ${command}; see: xmppkit help`,
    }
  }
  try {
    const args = namedArguments(info, words)
    const result = await commands.call(command, args, { caller: { frontend: 'console' }, dryRun })
    return { ok: true, result: info.result.write(result) ?? null }
  } catch (error) {
    if (!isXmppkitError(error)) throw error
    return { ok: false, code: error.code, message: error.message }
  }
}
