// @ts-check
// What else is asked of an archive that is measured: its ends, counting, and removing in batches.
import { owner, sentAt } from './messages.mjs'

const { parseJid } = await import(new URL('../../packages/jid/dist/index.js', import.meta.url).href)

const account = parseJid(owner).bare
const romeo = parseJid('romeo@example.org')
/** Messages removed at one time; the small archive must have enough of them for all runs. */
const batch = 100

/** @typedef {import('./filters.mjs').Filled} Filled */
/** @typedef {(archive: any) => Promise<unknown>} Ask */

/** What changes nothing. @param {Filled} filled @param {{ most: number }} settings @returns {Record<string, Ask>} */
export const asksOf = ({ ids, size }, { most }) => ({
  'first and last (<metadata/>)': (archive) => archive.bounds(account),
  "by its author's id (retraction)": (archive) =>
    archive.find(account, { with: romeo.bare, direction: 'received', originId: ids[1]?.split('-')[1] }),
  [`count, no further than ${most.toLocaleString('en')}`]: (archive) => archive.count(account, {}, most),
  [`count with bare half, no further than ${most.toLocaleString('en')}`]: (archive) =>
    archive.count(account, { with: romeo }, most),
  [`page at <index>${(most / 4).toLocaleString('en')}</index>`]: (archive) =>
    archive.page(account, { limit: 50, skip: most / 4 }),
  'count, all of them': (archive) => archive.count(account),
  'count what is older (dry run)': (archive) =>
    archive.countOlder({ domain: account.domain, before: sentAt(size / 2) }),
})

/** Removes a batch, again and again. @param {Filled} filled @returns {Record<string, Ask>} */
export const removalsOf = ({ size }) => ({
  'remove the oldest of an account': (archive) => archive.remove(account, { limit: batch }),
  'remove with bare, half of all': (archive) => archive.remove(account, { with: romeo, limit: batch }),
  'remove with full, a fifth of all': (archive) =>
    archive.remove(account, { with: romeo.withResource('orchard'), limit: batch }),
  'remove older than, of a domain': (archive) =>
    archive.removeOlder({ domain: account.domain, before: sentAt(size) }, batch),
  'trim: nothing too much': (archive) => archive.trim(account, size, batch),
  'trim: a quarter too much': (archive) => archive.trim(account, size / 2, batch),
})
