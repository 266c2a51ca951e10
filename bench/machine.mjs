// @ts-check
// What this runs on: described for the report, and used to pin servers and generator to cores of their own.
import { existsSync, readFileSync } from 'node:fs'
import os from 'node:os'
import { delimiter, join } from 'node:path'

/** Cores this process may use, by number: `0-3,6` in /proc becomes `[0, 1, 2, 3, 6]`. */
function allowedCores() {
  const list = /Cpus_allowed_list:\s*(\S+)/.exec(readText('/proc/self/status'))?.[1] ?? ''
  const cores = list.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number)
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i)
  })
  return cores.filter(Number.isInteger)
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Whether a command can be found; it is not run, for some know no harmless option. @param {string} command */
export function isInstalled(command) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.some((folder) => existsSync(join(folder, command)))
}

const cores = allowedCores()
const canPin = process.platform === 'linux' && cores.length > 1 && isInstalled('taskset')

/**
 * Puts a command on a core of its own: the server's, or the generator's. Where that cannot be done, the command as it is.
 *
 * @param {'server' | 'load'} role
 * @param {string[]} command
 */
export function pinned(role, command) {
  return canPin ? ['taskset', '-c', String(role === 'server' ? cores[0] : cores[1]), ...command] : command
}

/** Files one process may have open: what limits the number of sessions. */
function maxOpenFiles() {
  const limit = /Max open files\s+\S+\s+(\S+)/.exec(readText('/proc/self/limits'))?.[1]
  return limit === 'unlimited' || limit === undefined ? 1_000_000 : Number(limit)
}

/** Sessions one generator and one server can hold, with some files to spare. */
export const maxSessions = () => maxOpenFiles() - 400

/** Load of the last minute: what else goes on here. */
export const load = () => Number((os.loadavg()[0] ?? 0).toFixed(2))

/** The machine in a sentence, without its name. */
export function describeMachine() {
  const memory = (os.totalmem() / 2 ** 30).toFixed(0)
  const pin = canPin
    ? `servers on core ${cores[0]}, generator on core ${cores[1]}`
    : 'neither server nor generator pinned'
  return (
    `${os.cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cores.length} cores, ${memory} GiB, ` +
    `Linux ${os.release()}, Node ${process.version}, ${maxOpenFiles()} open files per process; ${pin}`
  )
}
