// @ts-check
// The messages of an archive to measure: those of one account, and between them those of others.
import { randomBytes } from 'node:crypto'

/**
 * A row of the table of archives.
 *
 * @typedef {object} Row
 * @property {string} account @property {string} domain @property {string} archive_id
 * @property {string} with_bare @property {string | null} with_resource
 * @property {'sent' | 'received'} direction @property {'chat'} kind @property {string} origin_id
 * @property {string} stanza @property {string} body @property {number} sent_at in milliseconds since 1970
 */

/** Whose archive it is. */
export const owner = 'juliet@example.org'
/** With how many others she has talked. */
const peers = 1000
const start = Date.UTC(2020, 0, 1)
const second = 1000
const words =
  'the of and to in is you that it he was for on are as with his they I at be this have from or one had by'.split(
    ' ',
  )

/** When message number n was sent. @param {number} n */
export const sentAt = (n) => start + n * second

/** Whom the message is with: half of them romeo, 100 the nurse, the rest everybody else. @param {number} n @param {number} size */
function peerOf(n, size) {
  if (isRare(n, size)) return ['nurse@example.org', 'house']
  if (n % 2) return ['romeo@example.org', n % 4 === 1 ? 'orchard' : 'balcony']
  return [`friend${(n >> 1) % (peers - 2)}@example.net`, 'phone']
}

/** Whether it is one of 100 of all. @param {number} n @param {number} size */
const isRare = (n, size) => n % (size / 100) === 0

/** @param {number} n */
const textOf = (n) => Array.from({ length: 12 }, (_, i) => words[(n * 7 + i * 13) % words.length]).join(' ')

/** @param {string} account @param {number} n @param {readonly (string | undefined)[]} peer @param {string} body @returns {Row} */
function rowOf(account, n, [bare = '', resource = ''], body) {
  const id = randomBytes(18).toString('base64url')
  const isSent = n % 3 === 0
  const [from, to] = isSent ? [`${account}/home`, bare] : [`${bare}/${resource}`, account]
  return {
    account,
    domain: 'example.org',
    archive_id: `${n}-${id}`,
    with_bare: bare,
    with_resource: isSent ? null : resource,
    direction: isSent ? 'sent' : 'received',
    kind: 'chat',
    origin_id: id,
    stanza: `<message xmlns="jabber:client" from="${from}" to="${to}" type="chat" id="${id}"><body>${body}</body><origin-id xmlns="urn:xmpp:sid:0" id="${id}"/></message>`,
    body,
    sent_at: sentAt(n),
  }
}

/** Message number n of the archive. @param {number} n @param {number} size */
const ownRow = (n, size) =>
  rowOf(owner, n, peerOf(n, size), isRare(n, size) ? `${textOf(n)} rosemary` : textOf(n))

/** A message that somebody else got meanwhile. @param {number} n */
const otherRow = (n) => rowOf(`user${n % 500}@example.org`, n, ['friend@example.net', 'phone'], textOf(n))

/**
 * All rows of an archive of a size, in order, in batches; every third is somebody else's.
 *
 * @param {number} size @returns {Generator<Row[]>}
 */
export function* batches(size) {
  for (let n = 0; n < size; n += 500) {
    const numbers = Array.from({ length: Math.min(500, size - n) }, (_, i) => n + i)
    yield numbers.flatMap((number) =>
      number % 2 ? [ownRow(number, size), otherRow(number)] : [ownRow(number, size)],
    )
  }
}
