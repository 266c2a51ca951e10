// @ts-check
// Addresses: seen before, never seen, and what is done with them.
import { built, measure } from './measure.mjs'

const { parseJid } = await built('jid')

const known = Array.from({ length: 1000 }, (_, i) => `user${i}@example.com/phone`)
for (const text of known) parseJid(text)
measure('parse, among 1,000 known', (i) => parseJid(/** @type {string} */ (known[i % 1000])))
measure('parse, never seen', (i) => parseJid(`user${i}.${process.hrtime.bigint()}@example.com/phone`))
measure('parse, never seen, beyond ASCII', (i) =>
  parseJid(`jürgen${i}.${process.hrtime.bigint()}@exämple.com/büro`),
)
const jid = parseJid('juliet@example.com/balcony')
const other = parseJid('juliet@example.com/garden')
measure('bare address of a full one', () => jid.bare)
measure('compare', (i) => (i % 2 === 0 ? jid : other).equals(jid))
measure('to text', () => jid.toString())
