import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const command = fileURLToPath(new URL('../../packages/cli/bin/xmppkit.js', import.meta.url))

/** A real `xmppkit serve` in a process of its own; its build must be there (`pnpm build`). */
export interface ServerProcess extends AsyncDisposable {
  readonly child: ChildProcess
  readonly pid: number
  /** Port for plain connections and STARTTLS. */
  readonly port: number
  /** Port for TLS from the first byte; 0 when there is none. */
  readonly tlsPort: number
  /** Port for HTTPS; 0 when there is none. */
  readonly httpsPort: number
  /** What it logged, a line an entry. */
  readonly log: readonly string[]
  /** What it told the person who started it. */
  readonly greeting: () => string
  /** Asks it to stop and waits for its exit code. */
  stop(): Promise<number | null>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

/**
 * Starts a server over a data folder on free loopback ports and waits until it accepts.
 *
 * @param args - further options of `xmppkit serve`
 * @param engine - options of Node
 */
export async function startServer(
  dataDir: string,
  args: readonly string[] = [],
  engine: readonly string[] = [],
): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    [
      ...engine,
      command,
      'serve',
      '--data',
      dataDir,
      '--host',
      '127.0.0.1',
      '--c2s-port',
      '0',
      '--tls-port',
      '0',
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const log: string[] = []
  let greeting = ''
  let listeners: string[] = []
  const exited = once(child, 'exit')
  createInterface({ input: child.stderr! }).on('line', (line) => {
    log.push(line)
    if (line.includes('"server started"')) listeners = JSON.parse(line).listeners
  })
  // The greeting is the last thing it does: files and the control socket are there by then.
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on('data', (chunk) => {
      greeting += String(chunk)
      if (greeting.includes('Stop with')) setImmediate(resolve)
    })
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log.join('\n')}`)))
  })
  const portOf = (tls: string) =>
    Number(
      listeners
        .find((one) => one.endsWith(tls))
        ?.split(' ')[0]
        ?.split(':')
        .at(-1) ?? 0,
    )
  const ended = async () => {
    if (child.exitCode === null && child.signalCode === null) await exited
  }
  const kill = async () => {
    child.kill('SIGKILL')
    await ended()
  }
  return {
    child,
    pid: child.pid!,
    port: portOf('starttls'),
    tlsPort: portOf('direct'),
    httpsPort: portOf('https'),
    log,
    greeting: () => greeting,
    async stop() {
      child.kill('SIGTERM')
      await ended()
      return child.exitCode
    },
    kill,
    [Symbol.asyncDispose]: kill,
  }
}

/** Runs the `xmppkit` command and returns what it printed. */
export async function xmppkit(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...args])
  return stdout
}
