// @ts-check
// Messages for accounts that are away: stored, then delivered at their next login, once.
import { Books, drained, pause } from './books.mjs'
import { addressOf, domainOf, forMany, leaveAll, login, loginAll } from './login.mjs'
import { bodyOf, eachMessage, flowAt, messageTemplate, numberAt } from './messages.mjs'
import { costOf, sample } from './meter.mjs'

/** @typedef {import('./login.mjs').Target} Target */

/** A ping's answer shows that what was sent before it has been dealt with. @param {Target} target @param {import('./link.mjs').Link} link */
function barrier(target, link) {
  let text = ''
  return new Promise((resolve) => {
    link.onBytes = (bytes) => {
      text += bytes.toString('latin1')
      if (/ id=['"]barrier['"]/.test(text)) resolve(undefined)
    }
    link.send(
      `<iq type='get' id='barrier' to='${domainOf(target, link.user)}'><ping xmlns='urn:xmpp:ping'/></iq>`,
    )
  })
}

/**
 * @param {Target} target
 * @param {{ from: number, senders: number, receivers: number, each: number, window: number, size: number }} options
 */
export async function offline(target, { from, senders, receivers, each, window, size }) {
  const links = await loginAll(target, { from, count: senders })
  const first = from + senders
  const longest = addressOf(target, first + receivers - 1).length
  const templates = Array.from({ length: receivers }, (_, flow) => {
    const to = addressOf(target, first + flow)
    return messageTemplate(to, flow, size - longest + to.length)
  })
  const books = new Books(receivers)

  const before = sample(target.pid)
  await forMany(senders, senders, async (index) => {
    const link = /** @type {import('./link.mjs').Link} */ (links[index])
    const mine = templates.filter((_, flow) => flow % senders === index)
    let waiting = 0
    for (let number = 0; number < each; number++) {
      for (const template of mine) {
        link.send(template.copies(number, 1).toString())
        books.sent++
        if (++waiting % window === 0) await barrier(target, link)
      }
    }
    await barrier(target, link)
  })
  const stored = sample(target.pid)
  await pause(500)
  await leaveAll(links)

  const body = bodyOf(/** @type {import('./messages.mjs').Template} */ (templates[0])).length
  const collect = async () =>
    forMany(receivers, 20, async (flow) => {
      const link = await login(target, first + flow, { presence: false })
      link.onBytes = (bytes) =>
        eachMessage(link, bytes, body, (all, at) => {
          if (flowAt(all, at) !== flow) books.misplaced++
          books.arrive(flowAt(all, at), numberAt(all, at))
        })
      link.send('<presence/>')
      return link
    })
  const idleBefore = sample(target.pid)
  const owners = await collect()
  await drained(
    () => books.arrived >= books.sent,
    () => books.arrived,
  )
  const delivered = sample(target.pid)
  books.check()
  await leaveAll(owners)
  // A second login must bring nothing: it would count as doubled.
  const again = await collect()
  await pause(500)
  books.check()
  await leaveAll(again)
  return {
    store: costOf(before, stored, books.sent),
    deliver: costOf(idleBefore, delivered, books.sent),
    usPerOp: (stored.server - before.server + delivered.server - idleBefore.server) / 1000 / books.sent,
  }
}
