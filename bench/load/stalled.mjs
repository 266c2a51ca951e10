// @ts-check
// Receivers that stop reading. The server cuts them off; what they have not got waits for them, or goes back to its sender.
//
// One write may be under way to each when it is cut, and no server can know how much of it arrived (that is what XEP-0198
// is for). It counts as not delivered, so a part of that one write may be seen twice. Nothing else may, and nothing may be lost.
import { pause } from './books.mjs'
import { addressOf, domainOf, forMany, leaveAll, login, loginAll } from './login.mjs'
import { bodyOf, eachMessage, eachToken, flowAt, messageTemplate, numberAt, tokenStart } from './messages.mjs'
import { residentBytes } from './meter.mjs'

/** @typedef {import('./login.mjs').Target} Target */
/** @typedef {import('./link.mjs').Link} Link */

/** What the server hands to the kernel at a time: 64 KiB, and what one more chunk of input may add. */
const writeBytes = 131_072

/** What became of every message, by flow and number. */
class Outcomes {
  live = 0
  stored = 0
  refused = 0
  #each
  /** @type {Uint8Array} */
  #times

  /** @param {number} flows @param {number} each */
  constructor(flows, each) {
    this.#each = each
    this.#times = new Uint8Array(flows * each)
  }

  /** @param {'live' | 'stored' | 'refused'} outcome @param {Buffer} bytes @param {number} at */
  note(outcome, bytes, at) {
    this[outcome]++
    const index = flowAt(bytes, at) * this.#each + numberAt(bytes, at)
    this.#times[index] = Number(this.#times[index]) + 1
  }

  /**
   * @param {number} twicePerFlow how many of a flow may have been seen twice: those of one write
   * @returns how many were, and how many had no outcome
   * @throws Error when a message has had no outcome, or more than it may
   */
  check(twicePerFlow) {
    let [none, twice, wrong] = [0, 0, 0]
    for (let start = 0; start < this.#times.length; start += this.#each) {
      const flow = this.#times.subarray(start, start + this.#each)
      const twiceHere = flow.filter((times) => times === 2).length
      none += flow.filter((times) => times === 0).length
      twice += twiceHere
      wrong += flow.filter((times) => times > 2).length + Math.max(0, twiceHere - twicePerFlow)
    }
    if (none + wrong === 0) return { none, twice }
    const { live, stored, refused } = this
    throw new Error(`outcomes: ${JSON.stringify({ none, twice, wrong, live, stored, refused })}`)
  }
}

const marker = Buffer.from(tokenStart)

/** Counts what comes back to a sender, and resolves when its ping is answered. @param {Link} link @param {Outcomes} outcomes */
function watchSender(link, outcomes) {
  let tail = ''
  return new Promise((resolve) => {
    link.onBytes = (bytes) => {
      tail = (tail + bytes.toString('latin1')).slice(-64 - bytes.length)
      eachToken(link, bytes, marker, (all, at) => {
        // The token stands in the id, and again in a body that is sent along.
        const before = all[at - 1]
        if (before === 39 || before === 34) outcomes.note('refused', all, at)
      })
      if (/ id=['"]over['"]/.test(tail)) resolve(undefined)
    }
  })
}

/** Sends everything as fast as the socket takes it. @param {Link} link @param {import('./messages.mjs').Template} template @param {number} each */
async function sendAll(link, template, each) {
  for (let number = 0; number < each; ) {
    if (link.socket.writableLength > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    else {
      const count = Math.min(64, each - number)
      link.socket.write(template.copies(number, count))
      number += count
    }
  }
}

/** Reads the rest of a connection that was cut off. @param {Link} link */
function readToEnd(link) {
  if (link.ended) return Promise.resolve(true)
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), 10_000)
    link.onClose = () => {
      clearTimeout(timer)
      resolve(true)
    }
    link.socket.resume()
  })
}

/**
 * @param {Target} target
 * @param {{ pairs: number, each: number, size: number }} options
 */
export async function stalled(target, { pairs, each, size }) {
  const links = await loginAll(target, { count: 2 * pairs })
  const senders = links.filter((_, index) => index % 2 === 0)
  const receivers = links.filter((_, index) => index % 2 === 1)
  await pause(500)
  const longest = Math.max(...receivers.map(({ user }) => addressOf(target, user).length))
  const templates = receivers.map(({ user }, flow) => {
    const to = addressOf(target, user)
    return messageTemplate(to, flow, size - longest + to.length)
  })
  const body = bodyOf(/** @type {import('./messages.mjs').Template} */ (templates[0])).length
  const outcomes = new Outcomes(pairs, each)
  for (const link of receivers) {
    link.onBytes = (bytes) => eachMessage(link, bytes, body, (all, at) => outcomes.note('live', all, at))
    link.onClose = () => {}
    link.socket.pause()
  }
  const bytesBefore = residentBytes(target.pid)
  await forMany(pairs, pairs, async (i) => {
    const sender = /** @type {Link} */ (senders[i])
    const over = watchSender(sender, outcomes)
    await sendAll(sender, /** @type {import('./messages.mjs').Template} */ (templates[i]), each)
    sender.send(
      `<iq type='get' id='over' to='${domainOf(target, sender.user)}'><ping xmlns='urn:xmpp:ping'/></iq>`,
    )
    await over
  })
  // What waited for a receiver longer than it may is settled by then (a grace of two seconds).
  await pause(3500)
  const bytesAfter = residentBytes(target.pid)
  const ended = await Promise.all(receivers.map(readToEnd))
  const cutOff = ended.filter(Boolean).length
  await leaveAll(receivers.filter((link) => !link.ended))
  const again = await forMany(pairs, 10, async (i) => {
    const link = await login(target, /** @type {Link} */ (receivers[i]).user, { presence: false })
    link.onBytes = (bytes) => eachMessage(link, bytes, body, (all, at) => outcomes.note('stored', all, at))
    link.send('<presence/>')
    return link
  })
  for (let seen = -1; seen !== outcomes.stored; await pause(1000)) seen = outcomes.stored
  const { live, stored, refused } = outcomes
  const { none, twice } = outcomes.check(Math.ceil(writeBytes / size))
  await leaveAll([...senders, ...again])
  return {
    receivers: pairs,
    cutOff,
    sent: pairs * each,
    live,
    stored,
    refused,
    none,
    twice,
    bytesBefore,
    bytesAfter,
  }
}
