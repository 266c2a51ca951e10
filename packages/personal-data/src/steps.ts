/**
 * Makes steps of a job out of an iteration in which each value is one thing that was dealt with. The iteration ends early, by
 * its `return`, when the job is aborted.
 */
export function stepsOf<A extends unknown[]>(
  begin: (...about: A) => AsyncGenerator<unknown>,
): (limit: number, signal: AbortSignal, ...about: A) => Promise<number> {
  // A job is known by its signal, which is its own.
  const running = new WeakMap<AbortSignal, AsyncGenerator<unknown>>()
  const iterationOf = (signal: AbortSignal, about: A) => {
    const known = running.get(signal)
    if (known) return known
    const iteration = begin(...about)
    running.set(signal, iteration)
    // What ending it comes to is the answer of the step under way, if there is one.
    signal.addEventListener('abort', () => void iteration.return(undefined).catch(() => {}), { once: true })
    return iteration
  }
  return async (limit, signal, ...about) => {
    const iteration = iterationOf(signal, about)
    let count = 0
    while (count < limit) {
      const { done } = await iteration.next()
      if (done) break
      count += 1
    }
    return count
  }
}
