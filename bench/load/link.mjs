// @ts-check
// One client connection: raw bytes in, one coalesced write per turn out. It knows no XML.
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'

/**
 * All connections read into the same memory: what arrives is looked at before anything else is read, and only an unfinished
 * end is copied. So a thousand idle connections hold nothing, and a busy one allocates nothing.
 */
const shared = Buffer.allocUnsafeSlow(256 * 1024)

/** @type {Link[]} */
let dirty = []
let flushing = false

function flushAll() {
  const links = dirty
  dirty = []
  flushing = false
  for (const link of links) link.flush()
}

/**
 * @typedef {object} Endpoint
 * @property {number} port
 * @property {number} tlsPort
 * @property {'none' | 'direct' | 'starttls'} tls
 */

export class Link {
  /** The account's number; its name is `u` and this. @type {number} */
  user
  /** @type {import('node:net').Socket} */
  socket
  /** Told of everything that arrives; valid only during the call. @type {(bytes: Buffer) => void} */
  onBytes = () => {}
  /** Told once when it has ended. @type {(why: string) => void} */
  onClose = () => {}
  /** Asked for bytes when the turn ends, after {@link Link.wake}. @type {() => Buffer | string | undefined} */
  produce = () => undefined
  /** Bytes of an element that has not arrived as a whole. @type {Buffer | undefined} */
  rest = undefined
  ended = false
  #awake = false
  /** @type {string[]} */
  #texts = []

  /** @param {Endpoint} endpoint @param {number} user @param {() => void} opened */
  constructor({ port, tlsPort, tls }, user, opened) {
    this.user = user
    const read = (/** @type {number} */ size) => {
      this.onBytes(shared.subarray(0, size))
      return true
    }
    const onread = { buffer: shared, callback: read }
    const host = '127.0.0.1'
    if (tls === 'direct') {
      // What is measured is the server; whom the certificate names does not matter here.
      const options = { port: tlsPort, host, rejectUnauthorized: false, minVersion: 'TLSv1.3', onread }
      this.socket = connectTls(/** @type {import('node:tls').ConnectionOptions} */ (options), opened)
    } else if (tls === 'none') {
      this.socket = connectTcp({ port, host, noDelay: true, onread }, opened)
    } else {
      this.socket = connectTcp({ port, host, noDelay: true }, opened)
      this.socket.on('data', (/** @type {Buffer} */ chunk) => this.onBytes(chunk))
    }
    this.#watch()
  }

  #watch() {
    this.socket.setNoDelay(true)
    this.socket.on('error', (error) => this.#end(error.message))
    this.socket.on('end', () => this.#end('the server closed the connection'))
    this.socket.on('close', () => this.#end('closed'))
  }

  /** @param {string} why */
  #end(why) {
    if (this.ended) return
    this.ended = true
    this.socket.destroy()
    this.onClose(why)
  }

  /** Goes on over TLS, as STARTTLS wants. @param {() => void} opened */
  secure(opened) {
    const plain = this.socket
    plain.removeAllListeners('data')
    this.socket = connectTls({ socket: plain, rejectUnauthorized: false, minVersion: 'TLSv1.3' }, opened)
    this.socket.on('data', (/** @type {Buffer} */ chunk) => this.onBytes(chunk))
    this.#watch()
  }

  /** Sends a text at the end of this turn. @param {string} text */
  send(text) {
    this.#texts.push(text)
    this.wake()
  }

  /** Has {@link Link.produce} asked at the end of this turn. */
  wake() {
    if (this.#awake) return
    this.#awake = true
    dirty.push(this)
    if (flushing) return
    flushing = true
    setImmediate(flushAll)
  }

  flush() {
    this.#awake = false
    if (this.ended) return
    if (this.#texts.length > 0) {
      this.socket.write(
        this.#texts.length === 1 ? /** @type {string} */ (this.#texts[0]) : this.#texts.join(''),
      )
      this.#texts = []
    }
    const bytes = this.produce()
    if (bytes !== undefined) this.socket.write(bytes)
  }

  /** Ends the stream and the connection, and waits for it. */
  leave() {
    if (this.ended) return Promise.resolve()
    return /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        const timer = setTimeout(() => this.socket.destroy(), 10_000)
        this.onClose = () => {
          clearTimeout(timer)
          resolve()
        }
        // Discard what still comes, or the end of the stream would never be seen.
        this.onBytes = () => {}
        this.socket.resume()
        // The server closes the connection when it has answered (RFC 6120 §4.4); its end ends ours.
        this.socket.write('</stream:stream>')
      })
    )
  }

  cut() {
    this.onClose = () => {}
    this.socket.destroy()
  }
}
