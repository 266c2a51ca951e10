// @ts-check
// Chat between pairs, both ways: closed loop (so many in flight) or open loop (so many a second).
import { Books, drained, pause, percentiles, phase } from './books.mjs'
import { addressOf, leaveAll, loginAll } from './login.mjs'
import { bodyOf, eachMessage, flowAt, messageTemplate, numberAt } from './messages.mjs'
import { costOf, residentBytes, sample } from './meter.mjs'

/** @typedef {import('./login.mjs').Target} Target */

const ring = 4096

/** Sessions in pairs with one flow each: flow i goes from session i to its partner. */
export class Pairs {
  sending = false
  /** @type {Books} */
  books
  /** What to do when a message of a flow has arrived. @type {(flow: number, number: number) => void} */
  onArrival = () => {}
  #links
  /** @type {import('./messages.mjs').Template[]} */
  #templates
  #body
  #next
  #due

  /** @param {Target} target @param {import('./link.mjs').Link[]} links @param {number} size */
  constructor(target, links, size) {
    const longest = Math.max(...links.map(({ user }) => addressOf(target, user).length))
    // Addresses differ in length; the text is the same, so that every body is found in the same way.
    this.#templates = links.map(({ user }, flow) => {
      const to = addressOf(target, user ^ 1)
      return messageTemplate(to, flow, size - longest + to.length)
    })
    this.#body = bodyOf(/** @type {import('./messages.mjs').Template} */ (this.#templates[0])).length
    this.#links = links
    this.#next = new Uint32Array(links.length)
    this.#due = new Uint32Array(links.length)
    this.books = new Books(links.length)
    links.forEach((link, index) => {
      link.onBytes = (bytes) =>
        eachMessage(link, bytes, this.#body, (all, at) => this.#arrive(index, all, at))
      link.produce = () => this.#produce(index)
    })
  }

  get flows() {
    return this.#links.length
  }

  /** Number the flow's next message will have. @param {number} flow */
  nextOf(flow) {
    return Number(this.#next[flow]) + Number(this.#due[flow])
  }

  /** Sends one more at the end of the turn. @param {number} flow @param {number} [count] */
  send(flow, count = 1) {
    this.#due[flow] = Number(this.#due[flow]) + count
    this.#links[flow]?.wake()
  }

  /** @param {number} flow */
  #produce(flow) {
    const count = Number(this.#due[flow])
    if (count === 0) return undefined
    const first = Number(this.#next[flow])
    this.#due[flow] = 0
    this.#next[flow] = first + count
    this.books.sent += count
    return this.#templates[flow]?.copies(first, count)
  }

  /** @param {number} receiver @param {Buffer} bytes @param {number} at */
  #arrive(receiver, bytes, at) {
    const flow = flowAt(bytes, at)
    const number = numberAt(bytes, at)
    if (flow !== (receiver ^ 1)) {
      this.books.misplaced++
      return
    }
    if (bytes[at + this.#body - 1] !== 62 || ((number & 63) === 0 && !this.#isWhole(flow, bytes, at))) {
      this.books.corrupt++
    }
    this.books.arrive(flow, number)
    this.onArrival(flow, number)
  }

  /** Compares the text with what was sent, byte by byte. @param {number} flow @param {Buffer} bytes @param {number} at */
  #isWhole(flow, bytes, at) {
    const sent = bodyOf(/** @type {import('./messages.mjs').Template} */ (this.#templates[flow])).subarray(20)
    return sent.equals(bytes.subarray(at + 20, at + this.#body))
  }
}

/**
 * Closed loop: every sender keeps `window` messages in flight. With `turns`, `window` is for all together, and every
 * message is followed by one of the next session: the load stays the same however many sessions there are.
 *
 * @param {Pairs} pairs @param {{ window: number, turns?: boolean, talkers?: number }} options
 */
export function startClosedLoop(pairs, { window, turns = false, talkers = pairs.flows }) {
  pairs.sending = true
  let turn = 0
  pairs.onArrival = (flow) => {
    if (pairs.sending) pairs.send(turns ? turn++ % talkers : flow)
  }
  if (turns) for (let i = 0; i < window; i++) pairs.send(turn++ % talkers)
  else for (let flow = 0; flow < talkers; flow++) pairs.send(flow, window)
}

/**
 * Open loop: messages at a rate, at random moments, whether or not the former have arrived. Latency counts from the
 * moment a message was meant to be sent, so that a stall of anybody is not hidden.
 *
 * @param {Pairs} pairs @param {number} rate per second
 */
function startOpenLoop(pairs, rate) {
  /** @type {number[]} */
  let latencies = []
  const intended = new Float64Array(pairs.flows * ring)
  pairs.sending = true
  pairs.onArrival = (flow, number) => {
    latencies.push(performance.now() - Number(intended[flow * ring + (number % ring)]))
  }
  let next = performance.now()
  let flow = 0
  const step = () => {
    if (!pairs.sending) return
    const now = performance.now()
    for (; next <= now; next += (-Math.log(1 - Math.random()) * 1000) / rate) {
      intended[flow * ring + (pairs.nextOf(flow) % ring)] = next
      pairs.send(flow)
      flow = (flow + 1) % pairs.flows
    }
    // A timer is late by a millisecond: close to the moment, ask again at once.
    if (next - performance.now() > 3) setTimeout(step, 1)
    else setImmediate(step)
  }
  step()
  return {
    reset: () => {
      latencies = []
    },
    latencies: () => latencies,
  }
}

/**
 * @param {Target} target
 * @param {{ count: number, from?: number, tls?: 'none' | 'direct', size: number, window?: number, rate?: number,
 *   turns?: boolean, talkers?: number, warmupMs: number, durationMs: number, operations: number }} options
 */
export async function chat(target, options) {
  const { count, from = 0, tls = 'none', size, window = 1, rate, warmupMs, durationMs, operations } = options
  const links = await loginAll(target, { from, count, tls })
  await pause(500)
  const pairs = new Pairs(target, links, size)
  const open = rate === undefined ? undefined : startOpenLoop(pairs, rate)
  if (!open) startClosedLoop(pairs, { ...options, window })
  const { books } = pairs
  const arrived = () => books.arrived
  await phase(warmupMs, operations, arrived)
  open?.reset()
  const before = sample(target.pid)
  const measured = await phase(durationMs, operations, arrived)
  const after = sample(target.pid)
  const latency = open && percentiles(open.latencies())
  pairs.sending = false
  await drained(() => books.arrived >= books.sent, arrived)
  books.check()
  const bytes = residentBytes(target.pid)
  await leaveAll(links)
  return { ...costOf(before, after, measured), ...(latency && { latencyMs: latency }), bytes }
}
