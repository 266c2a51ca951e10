// @ts-check
// The messages of an archive to measure, and what is asked of it.
import { randomBytes } from 'node:crypto'

const { parseJid } = await import(new URL('../../packages/jid/dist/index.js', import.meta.url).href)

/** Whose archive it is. */
export const account = parseJid('juliet@example.org').bare
const start = Date.UTC(2020, 0, 1)
const second = 1000
const words =
  'the of and to in is you that it he was for on are as with his they I at be this have from or one had by'.split(
    ' ',
  )
/** @param {number} n @param {number} rareEvery */
const partyOf = (n, rareEvery) => {
  if (n % rareEvery === 0) return 'nurse@example.org/house'
  return n % 2 ? 'romeo@example.org/orchard' : `friend${n % 97}@example.net/phone`
}

/**
 * Message number n of an archive of a size; 100 of each archive are with the nurse and say so.
 *
 * @param {number} n @param {number} size
 */
export function entry(n, size) {
  const rareEvery = size / 100
  const party = partyOf(n, rareEvery)
  const text = Array.from({ length: 12 }, (_, i) => words[(n * 7 + i * 13) % words.length]).join(' ')
  const body = n % rareEvery === 0 ? `${text} rosemary` : text
  const id = randomBytes(18).toString('base64url')
  const stanza = `<message xmlns="jabber:client" from="${party}" to="${account}" type="chat" id="${id}"><body>${body}</body><origin-id xmlns="urn:xmpp:sid:0" id="${id}"/></message>`
  const at = start + n * second
  return {
    id: `${n}-${id}`,
    with: parseJid(party),
    direction: 'received',
    kind: 'chat',
    originId: id,
    stanza,
    body,
    at,
  }
}

/**
 * Every filter of XEP-0313, alone and together.
 *
 * @param {number} size @param {readonly string[]} ids
 * @returns {Record<string, object>}
 */
export const filters = (size, ids) => {
  const middle = ids[size / 2]
  const at = (/** @type {number} */ n) => start + n * second
  const romeo = { with: parseJid('romeo@example.org') }
  const nurse = { with: parseJid('nurse@example.org') }
  const full = { with: parseJid('romeo@example.org/orchard') }
  const fifty = Array.from({ length: 50 }, (_, n) => ids[Math.floor((n * size) / 50)])
  return {
    'nothing (first page)': {},
    'nothing, last page (<before/>)': { newest: true },
    'rsm after the middle': { after: [middle] },
    'rsm before the middle': { before: [middle], newest: true },
    'after-id and before-id': { after: [ids[size / 2 - 40]], before: [ids[size / 2 + 40]] },
    'start in the middle': { start: at(size / 2) },
    'end in the middle': { end: at(size / 2) },
    'end in the middle, last page': { end: at(size / 2), newest: true },
    'start and end around the middle': { start: at(size / 2 - 30), end: at(size / 2 + 30) },
    'start after everything': { start: at(size * 2) },
    ids: { ids: fifty },
    'with bare, half of all': { ...romeo },
    'with bare, half, last page': { ...romeo, newest: true },
    'with bare, after the middle': { ...romeo, after: [middle] },
    'with bare, before the middle': { ...romeo, before: [middle], newest: true },
    'with bare, start in the middle': { ...romeo, start: at(size / 2) },
    'with bare, end in the middle, last page': { ...romeo, end: at(size / 2), newest: true },
    'with bare, 100 of all': { ...nurse },
    'with bare, 100 of all, after the middle': { ...nurse, after: [middle] },
    'with bare, nobody': { with: parseJid('nobody@example.org') },
    'with full': { ...full },
    'with full, last page': { ...full, newest: true },
    'with full, start and end': { ...full, start: at(size / 2), end: at(size) },
    'with full, nobody': { with: parseJid('romeo@example.org/nowhere') },
  }
}
