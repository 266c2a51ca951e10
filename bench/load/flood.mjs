// @ts-check
// More than the server can carry: senders that keep writing, receivers that read everything.
import { drained, pause } from './books.mjs'
import { Pairs, startClosedLoop } from './chat.mjs'
import { leaveAll, loginAll } from './login.mjs'
import { costOf, residentBytes, sample } from './meter.mjs'

/** @typedef {import('./login.mjs').Target} Target */

/** Messages a sender hands to the kernel at a time. */
const batch = 64

/**
 * What the server carries when everybody waits for everybody: messages a second of a whole core.
 *
 * @param {Target} target @param {Pairs} pairs @param {number} durationMs
 */
async function capacityOf(target, pairs, durationMs) {
  startClosedLoop(pairs, { window: 8 })
  await pause(durationMs / 2)
  const arrivedBefore = pairs.books.arrived
  const before = sample(target.pid)
  await pause(durationMs)
  const cost = costOf(before, sample(target.pid), pairs.books.arrived - arrivedBefore)
  pairs.sending = false
  pairs.onArrival = () => {}
  await drained(
    () => pairs.books.arrived >= pairs.books.sent,
    () => pairs.books.arrived,
  )
  pairs.books.check()
  return cost.perSecond / cost.serverCore
}

/**
 * Offers messages at a rate, evenly over the senders (every other session). A sender whose socket has not taken what it
 * was given is not given more: what it would have sent stays with it, and is what back-pressure kept out.
 *
 * @param {Pairs} pairs @param {import('./link.mjs').Link[]} links @param {number} rate @param {number} durationMs
 */
async function offer(pairs, links, rate, durationMs) {
  const senders = links.filter((_, index) => index % 2 === 0)
  const already = senders.map((_, i) => pairs.nextOf(2 * i))
  const started = performance.now()
  let blocked = 0
  let asked = 0
  let share = 0
  while (performance.now() - started < durationMs) {
    share = Math.floor((((performance.now() - started) / 1000) * rate) / senders.length)
    for (let i = 0; i < senders.length; i++) {
      const owed = share - (pairs.nextOf(2 * i) - Number(already[i]))
      if (owed <= 0) continue
      asked++
      if (/** @type {import('./link.mjs').Link} */ (senders[i]).socket.writableLength > 0) blocked++
      else pairs.send(2 * i, Math.min(owed, batch))
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  const sent = senders.reduce((sum, _, i) => sum + pairs.nextOf(2 * i) - Number(already[i]), 0)
  return { offered: share * senders.length, sent, blockedShare: blocked / Math.max(1, asked) }
}

/** @param {number} pid @param {number} everyMs */
function watchMemory(pid, everyMs) {
  const curve = [residentBytes(pid)]
  const timer = setInterval(() => curve.push(residentBytes(pid)), everyMs)
  return () => {
    clearInterval(timer)
    return curve
  }
}

/** Memory that keeps growing is a failure: the last third against the one before. @param {number[]} curve */
function checkBounded(curve) {
  const third = Math.floor(curve.length / 3)
  if (third < 2) return
  const highest = (/** @type {number[]} */ part) => Math.max(...part)
  const middle = highest(curve.slice(third, 2 * third))
  const last = highest(curve.slice(2 * third))
  if (last > middle * 1.25 + 16 * 2 ** 20) throw new Error(`memory keeps growing: ${JSON.stringify(curve)}`)
}

/**
 * @param {Target} target
 * @param {{ senders: number, size: number, capacityMs: number, durationMs: number }} options
 */
export async function flood(target, { senders, size, capacityMs, durationMs }) {
  const links = await loginAll(target, { count: 2 * senders })
  await pause(500)
  const pairs = new Pairs(target, links, size)
  const capacity = await capacityOf(target, pairs, capacityMs)
  const stopWatching = watchMemory(target.pid, 1000)
  const arrivedBefore = pairs.books.arrived
  const before = sample(target.pid)
  const { offered, sent, blockedShare } = await offer(pairs, links, 2 * capacity, durationMs)
  const arrivedInTime = pairs.books.arrived - arrivedBefore
  const cost = costOf(before, sample(target.pid), arrivedInTime)
  const stopped = performance.now()
  const { books } = pairs
  await drained(
    () => books.arrived >= books.sent && links.every((link) => link.socket.writableLength === 0),
    () => books.arrived,
    20_000,
  )
  const memory = stopWatching()
  books.check()
  checkBounded(memory)
  await leaveAll(links)
  return {
    capacity,
    offered,
    accepted: sent,
    delivered: arrivedInTime,
    deliveredLater: books.arrived - arrivedBefore - arrivedInTime,
    drainedMs: performance.now() - stopped,
    lost: books.lost,
    doubled: books.doubled,
    outOfOrder: books.outOfOrder,
    refusedBytes: (offered - sent) * size,
    blockedShare,
    memory,
    ...cost,
  }
}
