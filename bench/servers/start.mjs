// @ts-check
// Starts a server for the bench and waits until it accepts connections.
import { openSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { endChild, hasEnded, startChild } from '../children.mjs'
import { pinned } from '../machine.mjs'

/**
 * @typedef {object} StartContext
 * @property {string} folder its own, for configuration, data and logs
 * @property {number} port plain and STARTTLS
 * @property {number} tlsPort TLS from the first byte
 * @property {string[]} domains
 * @property {{ cert: string, key: string, both: string }} certificate
 * @property {string[]} flags further options of xmppkit
 *
 * @typedef {object} ServerKind
 * @property {string} name
 * @property {() => boolean} installed
 * @property {() => string} version
 * @property {(context: StartContext) => { command: string[], env?: Record<string, string> }} prepare writes its configuration
 *
 * @typedef {object} RunningServer
 * @property {ServerKind} kind
 * @property {number} pid
 * @property {number} port
 * @property {number} tlsPort
 * @property {string[]} domains
 * @property {() => boolean} alive
 * @property {() => string} log
 * @property {() => Promise<void>} stop
 */

/** A loopback port the system says is free. */
async function freePort() {
  const server = createServer()
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(undefined))
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** @param {number} port */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const answer = (/** @type {boolean} */ is) => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}

/**
 * Starts a server. A port somebody else took in between is answered with others.
 *
 * @param {ServerKind} kind
 * @param {Omit<StartContext, 'port' | 'tlsPort'>} context
 * @returns {Promise<RunningServer>}
 */
export async function startServer(kind, context) {
  let said = ''
  for (let attempt = 0; attempt < 3; attempt++) {
    const ports = { port: await freePort(), tlsPort: await freePort() }
    const { command, env } = kind.prepare({ ...context, ...ports })
    const logFile = join(context.folder, 'output.log')
    const output = openSync(logFile, 'w')
    const child = startChild(pinned('server', command), {
      cwd: context.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', output, output],
    })
    const log = () => readFileSync(logFile, 'utf8')
    const deadline = performance.now() + 60_000
    while (!hasEnded(child) && performance.now() < deadline) {
      if (await accepts(ports.tlsPort)) {
        return {
          kind,
          pid: /** @type {number} */ (child.pid),
          ...ports,
          domains: context.domains,
          alive: () => !hasEnded(child),
          log,
          stop: () => endChild(child),
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await endChild(child)
    said = log()
  }
  throw new Error(`${kind.name} did not start:\n${said.slice(-2000)}`)
}
