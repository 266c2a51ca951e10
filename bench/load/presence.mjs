// @ts-check
// Presence that changes in circles of contacts: everybody of a circle gets a copy of every change.
import { Books, drained, pause, phase } from './books.mjs'
import { befriend } from './contacts.mjs'
import { leaveAll, loginAll } from './login.mjs'
import { eachToken, flowAt, numberAt, Template, tokenOf, tokenStart } from './messages.mjs'
import { costOf, sample } from './meter.mjs'

/** @typedef {import('./login.mjs').Target} Target */

/** @param {string} token */
const change = (token) =>
  `<presence><show>away</show><status>${token}</status><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://bench.example/load' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>`

/**
 * @param {Target} target
 * @param {{ from: number, circles: number, size: number, warmupMs: number, durationMs: number, operations: number }} options
 */
export async function presence(target, { from, circles, size, warmupMs, durationMs, operations }) {
  const count = circles * size
  const strangers = await loginAll(target, { from, count })
  await befriend(target, strangers, size)
  await pause(1000)
  await leaveAll(strangers)
  const links = await loginAll(target, { from, count })
  await pause(1000)

  // One account's presence as one recipient sees it is a flow.
  const books = new Books(count * size)
  const marker = Buffer.from(`<status>${tokenStart}`)
  const copiesLeft = new Uint32Array(count)
  const next = new Uint32Array(count)
  let sending = true
  const announce = (/** @type {number} */ sender) => {
    copiesLeft[sender] = size - 1
    links[sender]?.wake()
  }
  links.forEach((link, index) => {
    const template = new Template(change(tokenOf(index, 0)))
    link.rest = undefined
    link.produce = () => {
      const number = Number(next[index])
      next[index] = number + 1
      books.sent += size - 1
      return template.copies(number, 1)
    }
    const arrive = (/** @type {Buffer} */ bytes, /** @type {number} */ at) => {
      const sender = flowAt(bytes, at)
      // Servers may send one's own presence back; it is not a copy for a contact.
      if (sender === index) return
      if (Math.trunc(sender / size) !== Math.trunc(index / size)) books.misplaced++
      books.arrive(index * size + (sender % size), numberAt(bytes, at))
      copiesLeft[sender] = Number(copiesLeft[sender]) - 1
      if (copiesLeft[sender] === 0 && sending) announce(sender)
    }
    link.onBytes = (bytes) => eachToken(link, bytes, marker, arrive)
    announce(index)
  })
  const arrived = () => books.arrived
  await phase(warmupMs, operations, arrived)
  const before = sample(target.pid)
  const measured = await phase(durationMs, operations, arrived)
  const after = sample(target.pid)
  sending = false
  await drained(() => books.arrived >= books.sent, arrived)
  books.check()
  await leaveAll(links)
  return costOf(before, after, measured)
}
