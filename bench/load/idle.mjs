// @ts-check
// Sessions that do nothing: what each of them costs in memory, and whether it comes back when they leave.

import { pause } from './books.mjs'
import { leaveAll, loginAll } from './login.mjs'
import { residentBytes, sample, settledBytes } from './meter.mjs'

/** @typedef {import('./login.mjs').Target} Target */

/**
 * @param {Target} target
 * @param {{ count: number, tls?: 'none' | 'direct', settleMs: number }} options
 */
export async function idle(target, { count, tls = 'none', settleMs }) {
  const bytesBefore = residentBytes(target.pid)
  const links = await loginAll(target, { count, tls })
  const bytesAtOnce = residentBytes(target.pid)
  const bytes = await settledBytes(target.pid, settleMs)
  const before = sample(target.pid)
  await pause(Math.min(5000, settleMs))
  const after = sample(target.pid)
  await leaveAll(links)
  return {
    sessions: count,
    bytesBefore,
    bytes,
    bytesPerSession: (bytes - bytesBefore) / count,
    bytesPerSessionAtOnce: (bytesAtOnce - bytesBefore) / count,
    idleCore: (after.server - before.server) / 1e6 / (after.at - before.at),
  }
}

/**
 * Logs in, idles and leaves, several times over. Memory after the last round must be within 15 % of that after the first.
 *
 * @param {Target} target
 * @param {{ count: number, rounds: number, settleMs: number, tolerance: number }} options
 */
export async function rounds(target, { count, rounds: times, settleMs, tolerance }) {
  const bytesBefore = residentBytes(target.pid)
  /** @type {{ online: number, left: number }[]} */
  const seen = []
  for (let i = 0; i < times; i++) {
    const links = await loginAll(target, { count, tls: 'direct' })
    const online = await settledBytes(target.pid, settleMs)
    await leaveAll(links)
    seen.push({ online, left: await settledBytes(target.pid, settleMs) })
  }
  const first = seen[0]?.left ?? 0
  const last = seen.at(-1)?.left ?? 0
  if (last > first * (1 + tolerance)) {
    const mebibytes = (/** @type {number} */ bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
    throw new Error(
      `memory grew from ${mebibytes(first)} after the first round to ${mebibytes(last)} after the last`,
    )
  }
  return { sessions: count, bytesBefore, rounds: seen, growth: last / first }
}
