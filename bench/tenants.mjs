// @ts-check
// What a tenant costs: memory, and the time to add one by command to a running server.
//   node --expose-gc bench/tenants.mjs [tenants]
// Build first: node packages/tooling/build.mjs --js
import { built } from './micro/measure.mjs'

const { createServer } = await built('server')
const count = Number(process.argv[2] ?? 1000)
const gc = globalThis.gc
if (!gc || !(count > 0)) {
  process.stderr.write('usage: node --expose-gc bench/tenants.mjs [tenants]\n')
  process.exit(2)
}

async function heapUsed() {
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    gc?.()
  }
  return process.memoryUsage().heapUsed
}

/** @type {readonly [string, (n: number) => object][]} */
const kinds = [
  ['a domain', () => ({})],
  ['with a name', (n) => ({ name: `Tenant number ${n}` })],
  [
    'with name, contacts and limits',
    (n) => ({
      name: `Tenant number ${n}`,
      contacts: [{ role: 'abuse', uri: `mailto:abuse@tenant-${n}.example` }],
      maxAccounts: 100,
      maxSessions: 100,
      maxStanzasPerSecond: 100,
      maxArchiveDays: 30,
    }),
  ],
]
for (const [kind, settings] of kinds) {
  const server = await createServer({ domains: ['example.org'] })
  /** @param {number} from @param {number} to */
  const add = async (from, to) => {
    for (let n = from; n < to; n += 1) {
      await server.commands.call('add_domain', { domain: `tenant-${n}.example`, ...settings(n) })
    }
  }
  await add(0, count) // what the first ones make hot is not theirs
  const before = await heapUsed()
  const startedAt = performance.now()
  await add(count, 2 * count)
  const ms = performance.now() - startedAt
  const bytes = ((await heapUsed()) - before) / count
  process.stdout.write(
    `${kind}: ${Math.round(bytes)} bytes and ${(ms / count).toFixed(3)} ms each, of ${count}\n`,
  )
  await server.close()
}
