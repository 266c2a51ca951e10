// @ts-check
// What a process has used, from /proc: processor time in nanoseconds, memory in bytes.
import { readdirSync, readFileSync } from 'node:fs'

/**
 * User and system time of all threads of a process, in nanoseconds. `schedstat` of a process is that of its first
 * thread, so threads are added up; a thread that ends takes its share along, which servers do not do under load.
 *
 * @param {number} pid
 */
function cpuNanoseconds(pid) {
  let sum = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1'), 10)
    } catch (error) {
      // It ended between the listing and the look.
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error
    }
  }
  return sum
}

/** Resident memory of a process, in bytes. @param {number} pid */
export function residentBytes(pid) {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return Number(kilobytes) * 1024
}

/** Processor time of the generator itself, in nanoseconds. */
function ownNanoseconds() {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

/** @param {number} pid */
export function sample(pid) {
  return { server: cpuNanoseconds(pid), own: ownNanoseconds(), at: performance.now() }
}

/**
 * What a phase cost the server.
 *
 * @param {ReturnType<typeof sample>} before
 * @param {ReturnType<typeof sample>} after
 * @param {number} operations
 */
export function costOf(before, after, operations) {
  const seconds = (after.at - before.at) / 1000
  return {
    usPerOp: (after.server - before.server) / 1000 / operations,
    perSecond: operations / seconds,
    operations,
    seconds,
    serverCore: (after.server - before.server) / 1e9 / seconds,
    loadCore: (after.own - before.own) / 1e9 / seconds,
  }
}

/**
 * Waits until a process's memory has come to rest: less than a percent of change in five seconds, or the limit.
 * Nothing is done to it meanwhile; a garbage collector runs when it likes.
 *
 * @param {number} pid
 * @param {number} limitMs
 */
export async function settledBytes(pid, limitMs) {
  /** @type {number[]} */
  const seen = [residentBytes(pid)]
  for (let waited = 0; waited < limitMs; waited += 1000) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    seen.push(residentBytes(pid))
    const last = seen.slice(-6)
    if (last.length === 6 && Math.max(...last) - Math.min(...last) < 0.01 * Math.max(...last)) break
  }
  return seen.at(-1) ?? 0
}
