// @ts-check
// Requests to the server: so many in flight per session.
import { Books, drained, pause, phase } from './books.mjs'
import { domainOf, leaveAll, loginAll } from './login.mjs'
import { eachToken, flowAt, numberAt, Template, tokenOf, tokenStart } from './messages.mjs'
import { costOf, sample } from './meter.mjs'

/** @typedef {import('./login.mjs').Target} Target */

/** @type {Record<string, (domain: string, id: string) => string>} */
const requests = {
  ping: (domain, id) => `<iq type='get' id='${id}' to='${domain}'><ping xmlns='urn:xmpp:ping'/></iq>`,
  disco: (domain, id) =>
    `<iq type='get' id='${id}' to='${domain}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
  roster: (_domain, id) => `<iq type='get' id='${id}'><query xmlns='jabber:iq:roster'/></iq>`,
}

/**
 * @param {Target} target
 * @param {{ kind: string, count: number, from?: number, window: number, warmupMs: number, durationMs: number, operations: number }} options
 */
export async function iq(target, { kind, count, from = 0, window, warmupMs, durationMs, operations }) {
  const request = requests[kind]
  if (!request) throw new Error(`no request ${kind}`)
  const links = await loginAll(target, { from, count })
  await pause(300)
  const books = new Books(count)
  const marker = Buffer.from(tokenStart)
  const due = new Uint32Array(count)
  const next = new Uint32Array(count)
  let sending = true
  links.forEach((link, index) => {
    const template = new Template(request(domainOf(target, link.user), tokenOf(index, 0)))
    const arrive = (/** @type {Buffer} */ bytes, /** @type {number} */ at) => {
      if (flowAt(bytes, at) !== index) books.misplaced++
      books.arrive(index, numberAt(bytes, at))
      if (!sending) return
      due[index] = Number(due[index]) + 1
      link.wake()
    }
    link.onBytes = (bytes) => {
      if (bytes.includes("type='error'") || bytes.includes('type="error"')) books.corrupt++
      eachToken(link, bytes, marker, arrive)
    }
    link.produce = () => {
      const sent = Number(due[index])
      if (sent === 0) return undefined
      const first = Number(next[index])
      due[index] = 0
      next[index] = first + sent
      books.sent += sent
      return template.copies(first, sent)
    }
    due[index] = window
    link.wake()
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
