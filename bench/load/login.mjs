// @ts-check
// From a connection to a bound session, and in-band registration. Texts are searched, not parsed.
import { Link } from './link.mjs'
import { createScram } from './scram.mjs'

const password = 'p'

/**
 * @typedef {object} Target
 * @property {number} pid the server's process
 * @property {number} port
 * @property {number} tlsPort
 * @property {string[]} domains
 */

/** Pairs of users share a domain; pairs are spread over all. @param {Target} target @param {number} user */
export const domainOf = (target, user) => target.domains[(user >> 1) % target.domains.length] ?? ''

/** @param {Target} target @param {number} user */
export const addressOf = (target, user) => `u${user}@${domainOf(target, user)}`

/** Tells what a session is waiting for when a login does not end. */
class Dialogue {
  #text = ''
  /** @type {{ pattern: RegExp, resolve: (match: RegExpExecArray) => void, reject: (error: Error) => void } | undefined} */
  #waiting = undefined

  /** @param {Link} link */
  constructor(link) {
    link.onBytes = (bytes) => {
      this.#text += bytes.toString('latin1')
      this.#look()
    }
    link.onClose = (why) => this.#waiting?.reject(new Error(`${why}, after ${this.#text.slice(-400)}`))
  }

  #look() {
    const match = this.#waiting?.pattern.exec(this.#text)
    if (!this.#waiting || !match) return
    const { resolve } = this.#waiting
    this.#waiting = undefined
    this.#text = this.#text.slice(match.index + match[0].length)
    resolve(match)
  }

  /** @param {RegExp} pattern @returns {Promise<RegExpExecArray>} */
  until(pattern) {
    return new Promise((resolve, reject) => {
      this.#waiting = { pattern, resolve, reject }
      this.#look()
    })
  }
}

/** @param {string} domain */
const header = (domain) =>
  `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
const features = /<\/stream:features>/
const ofSasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"

/**
 * Opens a stream, over TLS when asked for.
 *
 * @param {Target} target @param {number} user @param {Link['socket'] extends never ? never : 'none' | 'direct' | 'starttls'} tls
 */
async function openStream(target, user, tls) {
  /** @type {(value?: unknown) => void} */
  let opened = () => {}
  const opening = new Promise((resolve) => {
    opened = resolve
  })
  const link = new Link({ port: target.port, tlsPort: target.tlsPort, tls }, user, () => opened())
  const dialogue = new Dialogue(link)
  // A connection that is refused is heard of through the dialogue.
  const failed = dialogue.until(/(?!)/)
  await Promise.race([opening, failed])
  failed.catch(() => {})
  const domain = domainOf(target, user)
  link.send(header(domain))
  await dialogue.until(features)
  if (tls === 'starttls') {
    link.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    await dialogue.until(/<proceed/)
    await new Promise((resolve) => link.secure(() => resolve(undefined)))
    link.send(header(domain))
    await dialogue.until(features)
  }
  return { link, dialogue, domain }
}

/**
 * Logs in with SCRAM-SHA-1, binds a resource, and sends what a client sends first: roster, presence, and a ping whose
 * answer shows that all of it is done.
 *
 * @param {Target} target @param {number} user
 * @param {{ tls?: 'none' | 'direct' | 'starttls', presence?: boolean }} [options]
 */
export async function login(target, user, { tls = 'none', presence = true } = {}) {
  const { link, dialogue, domain } = await openStream(target, user, tls)
  const scram = createScram(`u${user}`, password)
  link.send(`<auth ${ofSasl} mechanism='SCRAM-SHA-1'>${scram.first}</auth>`)
  const [, challenge = ''] = await dialogue.until(/<challenge[^>]*>([^<]*)<|<failure.*?<\/failure>/)
  if (challenge === '') throw new Error(`u${user}: login was refused`)
  link.send(`<response ${ofSasl}>${scram.respond(challenge)}</response>`)
  const [, success = ''] = await dialogue.until(/<success[^>]*>([^<]*)<|<failure.*?<\/failure>/)
  if (!scram.proved(success)) throw new Error(`u${user}: the server did not prove itself`)
  link.send(header(domain))
  await dialogue.until(features)
  link.send(
    `<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>`,
  )
  await dialogue.until(/<jid>[^<]+<\/jid><\/bind><\/iq>/)
  if (presence) link.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>")
  link.send(`<iq type='get' id='ready' to='${domain}'><ping xmlns='urn:xmpp:ping'/></iq>`)
  await dialogue.until(/<iq[^>]* id=['"]ready['"][^>]*>/)
  link.onBytes = () => {}
  link.onClose = (why) => {
    throw new Error(`u${user}: ${why}`)
  }
  return link
}

/** Creates an account; one that exists is fine. @param {Target} target @param {number} user */
async function register(target, user) {
  const { link, dialogue } = await openStream(target, user, 'none')
  link.send(
    `<iq type='set' id='reg'><query xmlns='jabber:iq:register'><username>u${user}</username><password>${password}</password></query></iq>`,
  )
  const [, type] = await dialogue.until(/<iq[^>]* type=['"](result|error)['"][^>]*?(?:\/>|>.*?<\/iq>)/)
  link.cut()
  if (type === 'error') throw new Error(`u${user} could not be registered`)
}

/**
 * Does something for many, some at a time.
 *
 * @template T
 * @param {number} count @param {number} concurrency @param {(index: number) => Promise<T>} task
 * @returns {Promise<T[]>}
 */
export async function forMany(count, concurrency, task) {
  /** @type {T[]} */
  const results = []
  let next = 0
  const worker = async () => {
    while (next < count) {
      const index = next++
      results[index] = await task(index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker))
  return results
}

/** @param {Target} target @param {{ from?: number, count: number }} options */
export async function registerAll(target, { from = 0, count }) {
  await forMany(count, 16, (i) => register(target, from + i))
  return { registered: count }
}

/** @param {Target} target @param {{ from?: number, count: number, tls?: 'none' | 'direct' }} options */
export const loginAll = (target, { from = 0, count, tls = 'none' }) =>
  forMany(count, 20, (i) => login(target, from + i, { tls }))

/** @param {Link[]} links */
export const leaveAll = (links) => forMany(links.length, 200, (i) => /** @type {Link} */ (links[i]).leave())
