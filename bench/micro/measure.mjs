// @ts-check
// Measures a piece of work by the processor time it takes, and prints nanoseconds per operation.
//
//   node bench/micro/NAME.mjs [--quick] [--json]

const quick = process.argv.includes('--quick')
const json = process.argv.includes('--json')
const micro = /([\w-]+)\.mjs$/.exec(process.argv[1] ?? '')?.[1] ?? 'micro'

/** Results go here, so that the work cannot be optimised away. */
export const sink = { value: 0 }

/** @param {number} full @param {number} tiny */
export const size = (full, tiny) => (quick ? tiny : full)

/**
 * @param {() => void} run
 * @param {number} operations of one run
 * @returns {number} median of nanoseconds per operation
 */
export function nanoseconds(run, operations) {
  const rounds = size(9, 1)
  for (let i = 0; i < size(3, 1); i++) run()
  /** @type {number[]} */
  const seen = []
  for (let i = 0; i < rounds; i++) {
    const before = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(before)
    seen.push(((user + system) * 1000) / operations)
  }
  seen.sort((a, b) => a - b)
  return seen[rounds >> 1] ?? Number.NaN
}

/** @param {string} name @param {number} ns @param {string} [note] */
export function tell(name, ns, note = '') {
  if (json) console.log(JSON.stringify({ micro, name, ns, note }))
  else console.log(`${name.padEnd(48)}${ns.toFixed(0).padStart(9)} ns  ${note}`)
}

/**
 * Measures and tells.
 *
 * @param {string} name @param {(i: number) => unknown} operation given a running number
 */
export function measure(name, operation) {
  const operations = size(200_000, 500)
  const ns = nanoseconds(() => {
    let sum = 0
    for (let i = 0; i < operations; i++) if (operation(i) !== undefined) sum++
    sink.value += sum
  }, operations)
  tell(name, ns)
}

/** The build of a package. @param {string} name */
export const built = (name) => import(new URL(`../../packages/${name}/dist/index.js`, import.meta.url).href)
