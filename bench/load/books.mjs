// @ts-check
// The books of a load: every stanza that was sent must arrive once, in order, whole. Anything else is an error.

/** What went wrong, as often as it did. */
export class Books {
  sent = 0
  arrived = 0
  doubled = 0
  outOfOrder = 0
  misplaced = 0
  corrupt = 0
  /** Number each flow expects next, by recipient's place where there are several. @type {Uint32Array} */
  #expected

  /** @param {number} flows */
  constructor(flows) {
    this.#expected = new Uint32Array(flows)
  }

  /** @param {number} flow @param {number} number */
  arrive(flow, number) {
    const expected = /** @type {number} */ (this.#expected[flow])
    this.arrived++
    if (number === expected) this.#expected[flow] = number + 1
    else if (number < expected) this.doubled++
    else {
      this.outOfOrder++
      this.#expected[flow] = number + 1
    }
  }

  get lost() {
    return this.sent - this.arrived
  }

  /** @throws Error unless everything is as it should be */
  check() {
    const { sent, arrived, doubled, outOfOrder, misplaced, corrupt } = this
    if (this.lost === 0 && doubled + outOfOrder + misplaced + corrupt === 0) return
    throw new Error(
      `deliveries: ${JSON.stringify({ sent, arrived, doubled, outOfOrder, misplaced, corrupt })}`,
    )
  }
}

/** @param {number} ms */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Lets a load run: for some time, and until enough has happened for a figure to mean something, but not for ever.
 *
 * @param {number} ms @param {number} operations @param {() => number} count of operations so far
 */
export async function phase(ms, operations, count) {
  const before = count()
  const started = performance.now()
  await pause(ms)
  while (count() - before < operations && performance.now() - started < 8 * ms) await pause(20)
  return count() - before
}

/**
 * Waits until something is so, or nothing has moved for as long as the limit.
 *
 * @param {() => boolean} done @param {() => number} progress @param {number} [limitMs]
 */
export async function drained(done, progress, limitMs = 10_000) {
  let seen = progress()
  let since = performance.now()
  while (!done()) {
    await pause(20)
    if (progress() !== seen) {
      seen = progress()
      since = performance.now()
    } else if (performance.now() - since > limitMs) return
  }
  // What should not come has a moment to come.
  await pause(200)
}

/** Percentiles in the unit of the values. @param {number[]} values */
export function percentiles(values) {
  const sorted = Float64Array.from(values).sort()
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999), max: at(1), count: sorted.length }
}
