// @ts-check
// The client's side of SCRAM-SHA-1 (RFC 5802). The server's signature is checked.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** @param {Buffer} key @param {string} text */
const hmac = (key, text) => createHmac('sha1', key).update(text).digest()

/** Keys by user, salt and iterations: as a client would keep them. @type {Map<string, { client: Buffer, stored: Buffer, server: Buffer }>} */
const keys = new Map()

/** @param {string} user @param {string} password @param {string} salt @param {number} iterations */
function keysOf(user, password, salt, iterations) {
  const name = `${user} ${salt} ${iterations}`
  let found = keys.get(name)
  if (found === undefined) {
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), iterations, 20, 'sha1')
    const client = hmac(salted, 'Client Key')
    found = {
      client,
      stored: createHash('sha1').update(client).digest(),
      server: hmac(salted, 'Server Key'),
    }
    keys.set(name, found)
  }
  return found
}

/** @param {string} user @param {string} password */
export function createScram(user, password) {
  const nonce = randomBytes(18).toString('base64')
  const bare = `n=${user},r=${nonce}`
  let expected = ''
  return {
    /** The first message, in base64. */
    first: Buffer.from(`n,,${bare}`).toString('base64'),
    /** Answers the challenge. @param {string} challenge base64 */
    respond(challenge) {
      const text = Buffer.from(challenge, 'base64').toString()
      const [, combined = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(text) ?? []
      if (!combined.startsWith(nonce)) throw new Error(`not a challenge: ${text}`)
      const { client, stored, server } = keysOf(user, password, salt, Number(iterations))
      const withoutProof = `c=biws,r=${combined}`
      const signed = `${bare},${text},${withoutProof}`
      const proof = hmac(stored, signed)
      for (let i = 0; i < proof.length; i++) proof[i] = Number(proof[i]) ^ Number(client[i])
      expected = `v=${hmac(server, signed).toString('base64')}`
      return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`).toString('base64')
    },
    /** Whether the server has proved that it knows the account. @param {string} success base64 */
    proved: (success) => Buffer.from(success, 'base64').toString() === expected,
  }
}
