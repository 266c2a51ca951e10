// Cost of parsing addresses. Build first, then `node bench/jid.bench.mjs` in packages/jid.
import { parseJid, prepareResource } from '@xmppkit/jid'

const count = 200_000
function measure(name, make, run) {
  const inputs = Array.from({ length: count }, (_, i) => make(i))
  let best = Infinity
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint()
    for (const input of inputs) run(input)
    best = Math.min(best, Number(process.hrtime.bigint() - start) / count)
  }
  process.stdout.write(`${name.padEnd(44)} ${best.toFixed(0).padStart(6)} ns\n`)
}

measure('remembered (1,000 addresses)', (i) => `user${i % 1000}@example.com/phone`, parseJid)
measure('ASCII, never seen before', (i) => `user${i}@example.com/phone`, parseJid)
measure('ASCII upper case, never seen before', (i) => `User${i}@Example.com/phone`, parseJid)
measure('non-ASCII localpart, never seen before', (i) => `üser${i}@example.com/phone`, parseJid)
measure('internationalised domain, never seen before', (i) => `user@b${i}ücher.example`, parseJid)
measure(
  'bare of remembered',
  (i) => parseJid(`user${i % 1000}@example.com/phone`),
  (jid) => jid.bare,
)
measure('non-ASCII resource', (i) => `Telefon für ${i}`, prepareResource)
