// @ts-check
// Contacts: rosters that are filled, and circles of people who see each other's presence.
import { drained } from './books.mjs'
import { chat } from './chat.mjs'
import { addressOf, forMany, leaveAll, loginAll } from './login.mjs'

/** @typedef {import('./login.mjs').Target} Target */
/** @typedef {import('./link.mjs').Link} Link */

/** Waits for answers to requests with ids `c0`, `c1`, ... @param {Link} link */
function answersOf(link) {
  let answered = 0
  let text = ''
  /** @type {(() => void) | undefined} */
  let wake
  link.onBytes = (bytes) => {
    text += bytes.toString('latin1')
    const parts = text.split(/ id=['"]c\d+['"]/)
    answered += parts.length - 1
    text = (parts.at(-1) ?? '').slice(-16)
    wake?.()
  }
  return async (/** @type {number} */ count) => {
    while (answered < count) {
      await new Promise((resolve) => {
        wake = () => resolve(undefined)
      })
    }
  }
}

/** @param {Link} link @param {number} contacts */
async function fillRoster(link, contacts) {
  const answered = answersOf(link)
  for (let i = 0; i < contacts; i++) {
    link.send(
      `<iq type='set' id='c${i}'><query xmlns='jabber:iq:roster'><item jid='contact${i}@elsewhere.example' name='Contact ${i}'><group>Friends</group></item></query></iq>`,
    )
    if (i % 10 === 9) await answered(i + 1)
  }
  await answered(contacts)
}

/**
 * Chat between accounts that have so many contacts each.
 *
 * @param {Target} target
 * @param {Parameters<typeof chat>[1] & { contacts: number }} options
 */
export async function chatWithContacts(target, { contacts, ...options }) {
  const links = await loginAll(target, { from: options.from ?? 0, count: options.count })
  await forMany(links.length, 10, (i) => fillRoster(/** @type {Link} */ (links[i]), contacts))
  await leaveAll(links)
  return chat(target, options)
}

/**
 * Makes every account of a circle a contact of every other, both ways, by asking and allowing.
 *
 * @param {Target} target @param {Link[]} links @param {number} size of a circle
 */
export async function befriend(target, links, size) {
  const wanted = links.length * (size - 1)
  let allowed = 0
  for (const link of links) {
    let text = ''
    link.onBytes = (bytes) => {
      text += bytes.toString('latin1')
      const whole = text.lastIndexOf('>') + 1
      const stanzas = text.slice(0, whole).match(/<presence[^>]*>/g) ?? []
      text = text.slice(whole)
      for (const stanza of stanzas) {
        const from = / from=['"]([^'"/]+)/.exec(stanza)?.[1] ?? ''
        if (/ type=['"]subscribe['"]/.test(stanza)) link.send(`<presence to='${from}' type='subscribed'/>`)
        if (/ type=['"]subscribed['"]/.test(stanza)) allowed++
      }
    }
  }
  for (let i = 0; i < links.length; i++) {
    const start = i - (i % size)
    for (let other = start; other < start + size; other++) {
      const peer = links[other]
      if (peer && other !== i)
        links[i]?.send(`<presence to='${addressOf(target, peer.user)}' type='subscribe'/>`)
    }
  }
  await drained(
    () => allowed >= wanted,
    () => allowed,
    30_000,
  )
  if (allowed !== wanted) throw new Error(`${allowed} of ${wanted} subscriptions were allowed`)
}
