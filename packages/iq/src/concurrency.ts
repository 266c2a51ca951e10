import { IqError } from './errors.js'

/**
 * How many requests a handler serves at a time, and in which order.
 *
 * - `'inline'`: at once, in the stream of the sender, which reads on when the answer is out. Nothing overtakes anything,
 *   and a slow handler slows its sender down. A handler that asks its own sender something must not be inline: the
 *   answer could not be read. (ejabberd: no_queue)
 * - `'serial'`: one after another. (one_queue)
 * - `{ pool: n }`: n queues, each sender always in the same one, so that its requests keep their order. ({queues, N})
 * - `{ parallel: max }`: so many at a time, in no order. (parallel, with a bound)
 * - `{ perSender: max }`: each sender's one after another, so many senders at a time, taking turns.
 *
 * A sender is an account: the bare address.
 */
export type Concurrency =
  | 'inline'
  | 'serial'
  | { readonly pool: number }
  | { readonly parallel: number }
  | { readonly perSender: number }

/** Work to do; what it returns is over when it settles. It must not fail. */
export type Job = () => void | Promise<void>

/** Does jobs as a {@link Concurrency} demands. */
export type Scheduler = (sender: string, job: Job) => void | Promise<void>

/**
 * Makes the scheduler of a handler.
 *
 * @throws `IqError` `iq/invalid-option` for a number that is not at least 1
 */
export function createScheduler(concurrency: Concurrency): Scheduler {
  if (concurrency === 'inline') return (_sender, job) => job()
  if (concurrency === 'serial') return createLanes(1, () => 0)
  if ('pool' in concurrency) {
    const lanes = atLeastOne(concurrency.pool)
    if (lanes === Number.POSITIVE_INFINITY) throw new IqError('iq/invalid-option', 'a pool has an end')
    return createLanes(lanes, (sender) => hashOf(sender) % lanes)
  }
  if ('parallel' in concurrency) return createLanes(atLeastOne(concurrency.parallel), (_sender, job) => job)
  return createLanes(atLeastOne(concurrency.perSender), (sender) => sender)
}

function atLeastOne(value: number): number {
  if (value >= 1 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY)) return value
  throw new IqError('iq/invalid-option', 'a concurrency is a whole number from 1')
}

/** Jobs of one lane run one after another, `width` lanes at a time; a lane with more to do waits for its next turn. */
function createLanes(width: number, laneOf: (sender: string, job: Job) => unknown): Scheduler {
  // A lane is here while it has jobs that wait or run.
  const lanes = new Map<unknown, Job[]>()
  const ready: unknown[] = []
  let running = 0

  function startReady(): void {
    while (running < width && ready.length > 0) {
      const lane = ready.shift()
      const done = lanes.get(lane)?.shift()?.()
      if (done === undefined) {
        ended(lane)
      } else {
        running += 1
        void done.then(() => {
          running -= 1
          ended(lane)
          startReady()
        })
      }
    }
  }

  function ended(lane: unknown): void {
    if (lanes.get(lane)?.length === 0) lanes.delete(lane)
    else ready.push(lane)
  }

  return (sender, job) => {
    const lane = laneOf(sender, job)
    const waiting = lanes.get(lane)
    if (waiting) return void waiting.push(job)
    lanes.set(lane, [job])
    ready.push(lane)
    startReady()
  }
}

/** FNV-1a: spreads well and costs little. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
