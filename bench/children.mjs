// @ts-check
// Processes and folders this run makes, and their end: by process id, also after a failure, SIGINT or SIGTERM.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** @type {Set<ChildProcess>} */
const running = new Set()
/** @type {Set<string>} */
const folders = new Set()

/**
 * Starts a process that will not outlive this one.
 *
 * @param {string[]} command
 * @param {import('node:child_process').SpawnOptions} options
 */
export function startChild([file = '', ...args], options) {
  const child = spawn(file, args, options)
  running.add(child)
  child.once('exit', () => running.delete(child))
  // A command that does not exist: whoever waits for it sees that it has no pid.
  child.once('error', () => running.delete(child))
  return child
}

/** @param {ChildProcess} child */
export const hasEnded = (child) =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null

/**
 * Ends a process: asks first, and kills it when it does not listen.
 *
 * @param {ChildProcess} child
 * @param {number} graceMs
 */
export async function endChild(child, graceMs = 20_000) {
  if (hasEnded(child)) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await exited
  clearTimeout(timer)
}

/** A folder that is gone after the run. @param {string} name */
export function throwAwayFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `xmppkit-bench-${name}-`))
  folders.add(folder)
  return folder
}

/** @param {string} folder */
export function removeFolder(folder) {
  folders.delete(folder)
  rmSync(folder, { recursive: true, force: true })
}

/** Ends and removes whatever is left. */
export async function cleanUp() {
  await Promise.all([...running].map((child) => endChild(child, 5_000)))
  for (const folder of folders) removeFolder(folder)
}

for (const [signal, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
])) {
  process.once(signal, () => {
    void cleanUp().finally(() => process.exit(code))
  })
}
// The last resort: nothing asynchronous runs here.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
