// @ts-check
// What is asked of an archive that is measured.
import { sentAt } from './messages.mjs'

const { parseJid } = await import(new URL('../../packages/jid/dist/index.js', import.meta.url).href)

/** @param {string} text */
const party = (text) => ({ with: parseJid(text) })
const romeo = party('romeo@example.org')
const orchard = party('romeo@example.org/orchard')
const nurse = party('nurse@example.org')

/** @typedef {{ readonly size: number, readonly ids: readonly string[] }} Filled an archive of a size, with the ids of its messages */
/** @typedef {Record<string, object>} Requests pages by what they are called */

/** Every page costs the same: each filter of XEP-0313 alone. @param {Filled} filled @returns {Requests} */
const single = ({ size, ids }) => {
  const middle = sentAt(size / 2)
  return {
    'nothing: first page': {},
    'last page (<before/>)': { newest: true },
    'after the middle (RSM)': { after: [ids[size / 2]] },
    'before the middle (RSM)': { before: [ids[size / 2]], newest: true },
    'after-id': { after: [ids[size / 2]] },
    'before-id': { before: [ids[size / 2]] },
    'start in the middle': { start: middle },
    'start after everything': { start: sentAt(size * 2) },
    'end in the middle': { end: middle },
    'end before everything': { end: sentAt(-1) },
    ids: { ids: Array.from({ length: 50 }, (_, n) => ids[Math.floor((n * size) / 50)]) },
    'with bare, half of all': romeo,
    'with bare, 100 of all': nurse,
    'with bare, nobody': party('nobody@example.org'),
    'with full, a fifth of all': orchard,
    'with full, nobody': party('romeo@example.org/nowhere'),
  }
}

/** Several of them together. @param {Filled} filled @returns {Requests} */
const combined = ({ size, ids }) => {
  const middle = sentAt(size / 2)
  const around = { start: sentAt(size / 2 - 30), end: sentAt(size / 2 + 30) }
  const between = { after: [ids[size / 2 - 40]], before: [ids[size / 2 + 40]] }
  const last = { newest: true }
  return {
    'after-id and before-id': between,
    'after-id, last page': { after: [ids[size / 2]], ...last },
    'before-id, and after of RSM': { before: [ids[size - 1]], after: [ids[size / 2]] },
    'end, last page': { end: middle, ...last },
    'start and end': around,
    'start and end, last page': { ...around, ...last },
    'start, and after of RSM': { start: sentAt(10), after: [ids[size / 2]] },
    'with bare half, last page': { ...romeo, ...last },
    'with bare half, after the middle': { ...romeo, after: [ids[size / 2]] },
    'with bare half, before the middle': { ...romeo, before: [ids[size / 2]], ...last },
    'with bare half, start': { ...romeo, start: middle },
    'with bare half, end, last page': { ...romeo, end: middle, ...last },
    'with bare half, between ids': { ...romeo, ...between },
    'with bare 100, start': { ...nurse, start: sentAt(size / 4) },
    'with bare 100, after the middle': { ...nurse, after: [ids[size / 2]] },
    'with bare 100, last page': { ...nurse, ...last },
    'with full, last page': { ...orchard, ...last },
    'with full, start and end': { ...orchard, start: middle, end: sentAt(size) },
    'with full, before the middle': { ...orchard, before: [ids[size / 2]], ...last },
    'ids and with': { ...romeo, ids: Array.from({ length: 50 }, (_, n) => ids[Math.floor((n * size) / 50)]) },
    'ids and start': { start: middle, ids: ids.slice(size / 2 - 25, size / 2 + 25) },
  }
}

/** Words, alone and with filters. @param {Filled} filled @returns {Requests} */
const searching = ({ size, ids }) => ({
  'text, 100 of all': { text: 'rosemary' },
  'text, in most': { text: 'the' },
  'text, in most, last page': { text: 'the', newest: true },
  'text, in most, after the middle': { text: 'the', after: [ids[size / 2]] },
  'text, in most, start': { text: 'the', start: sentAt(size / 2) },
  'text, in most, with bare half': { text: 'the', ...romeo },
  'text, in most, with bare 100': { text: 'the', ...nurse },
  'text, nowhere': { text: 'thyme' },
})

/** Pages of 50 by what they are called. @param {Filled} filled @param {boolean} isSearched @returns {Requests} */
export const pagesOf = (filled, isSearched) => ({
  ...single(filled),
  ...combined(filled),
  ...(isSearched && searching(filled)),
})
