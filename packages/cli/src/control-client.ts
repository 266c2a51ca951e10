import { connect } from 'node:net'
import {
  type ControlRequest,
  type ControlResponse,
  controlSocketPath,
  maxControlBytes,
} from './control-protocol.js'
import { CliError } from './errors.js'

/**
 * Has a running server carry out a command.
 *
 * @throws CliError `cli/not-running` when no server runs over the folder, `cli/control` when it answers
 * nothing that can be understood.
 */
export async function callControl(dataDir: string, request: ControlRequest): Promise<ControlResponse> {
  const line = await exchange(controlSocketPath(dataDir), `${JSON.stringify(request)}\n`).catch((cause) => {
    throw new CliError(
      'cli/not-running',
      `no server runs over ${dataDir}; start one with \`xmppkit serve --data ${dataDir}\`, or name its folder with --data`,
      { cause },
    )
  })
  try {
    return JSON.parse(line) as ControlResponse
  } catch (cause) {
    throw new CliError('cli/control', 'the server ended before it answered; its log tells more', { cause })
  }
}

/** Whether somebody listens on the control socket of the folder. */
export async function pingControl(dataDir: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(controlSocketPath(dataDir))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function exchange(path: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const socket = connect(path, () => socket.write(request))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > maxControlBytes) socket.destroy(new Error('the answer is too long'))
      else if (chunk.includes(10)) socket.end()
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('utf8')))
  })
}
