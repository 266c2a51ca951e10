import type { Awaitable, Clock, Logger } from '@xmppkit/runtime'
import { CommandError } from './errors.js'

/** How a job is doing. */
export interface JobStatus {
  /** Names the job. */
  readonly key: string
  /** `running`, and then one of the others. */
  readonly state: 'running' | 'finished' | 'aborted' | 'failed'
  /** Things dealt with so far. */
  readonly done: number
  /** When it began, in milliseconds since 1970. */
  readonly startedAt: number
  /** When it ended, in milliseconds since 1970. */
  readonly endedAt?: number
}

/**
 * What a step of a job came to: how many things were dealt with, and whether that was the last of them. A number alone that is
 * less than what might have been dealt with says that it was.
 */
export type StepOutcome = number | { readonly count: number; readonly finished: boolean }

/** A long job, done in batches. */
export interface Job {
  /** Names the job; there is one at a time for a key. */
  readonly key: string
  /** Things dealt with per minute. `Infinity` does not wait. */
  readonly ratePerMinute: number
  /** Things dealt with in one step. */
  readonly batchSize: number
  /** Deals with about `limit` things at most. */
  step(limit: number, signal: AbortSignal): Awaitable<StepOutcome>
}

/** Jobs that run on after the command that started them. */
export interface Jobs extends AsyncDisposable {
  /**
   * Starts a job.
   *
   * @throws {@link CommandError} `commands/job-running` when one with its key runs, `commands/too-many-jobs`
   */
  start(job: Job): JobStatus
  /** How a job is doing or did; `undefined` for one unknown or forgotten. */
  status(key: string): JobStatus | undefined
  /** Ends a job after the step under way; false when it does not run. */
  abort(key: string): boolean
  /** All jobs, the newest first. */
  list(): readonly JobStatus[]
  /** Resolves when a job has ended. */
  ended(key: string): Promise<JobStatus | undefined>
  /** Aborts all jobs and waits for their steps. */
  close(): Promise<void>
}

/** Options of {@link createJobs}. */
export interface JobsOptions {
  /** Jobs that may run at once. @default 20 */
  readonly maxRunning?: number
  /** Ended jobs whose status is remembered. @default 100 */
  readonly maxEnded?: number
}

/** What {@link createJobs} uses for options not given. */
export const jobsDefaults = Object.freeze({ maxRunning: 20, maxEnded: 100 })

interface Running {
  status: JobStatus
  readonly abort: AbortController
  ended: Promise<void>
}

/**
 * Makes a {@link Jobs}.
 *
 * @example
 * ```ts
 * await using jobs = createJobs({ clock, logger })
 * jobs.start({ key: 'purge', ratePerMinute: 6_000, batchSize: 100, step: (limit) => store.removeExpired(now, limit) })
 * ```
 */
export function createJobs(
  deps: { readonly clock: Clock; readonly logger: Logger },
  options: JobsOptions = {},
): Jobs {
  const { maxRunning, maxEnded } = Object.freeze({ ...jobsDefaults, ...options })
  const jobs = new Map<string, Running>()
  const isRunning = (running: Running | undefined) => running?.status.state === 'running'

  async function work(job: Job, running: Running): Promise<void> {
    const { signal } = running.abort
    let state: JobStatus['state'] = 'finished'
    try {
      for (;;) {
        const outcome = await job.step(job.batchSize, signal)
        const count = typeof outcome === 'number' ? outcome : outcome.count
        running.status = { ...running.status, done: running.status.done + count }
        if (typeof outcome === 'number' ? count < job.batchSize : outcome.finished) break
        await pause(deps.clock, (count / job.ratePerMinute) * 60_000, signal)
        if (signal.aborted) {
          state = 'aborted'
          break
        }
      }
    } catch (error) {
      state = signal.aborted ? 'aborted' : 'failed'
      if (state === 'failed') deps.logger.error('a job failed', { job: job.key, error })
    }
    running.status = { ...running.status, state, endedAt: deps.clock.now() }
    deps.logger.info('a job ended', { job: job.key, state, done: running.status.done })
    forgetOldest()
  }

  function forgetOldest(): void {
    const ended = [...jobs].filter(([, running]) => !isRunning(running))
    for (const [key] of ended.slice(0, Math.max(0, ended.length - maxEnded))) jobs.delete(key)
  }

  function close(): Promise<void> {
    for (const running of jobs.values()) running.abort.abort()
    return Promise.all([...jobs.values()].map((running) => running.ended)).then(() => undefined)
  }

  return {
    start(job) {
      if (isRunning(jobs.get(job.key))) {
        throw new CommandError('commands/job-running', `job ${JSON.stringify(job.key)} runs already`)
      }
      if ([...jobs.values()].filter(isRunning).length >= maxRunning) {
        throw new CommandError('commands/too-many-jobs', `${maxRunning} jobs run already`)
      }
      const status: JobStatus = { key: job.key, state: 'running', done: 0, startedAt: deps.clock.now() }
      const running: Running = { status, abort: new AbortController(), ended: Promise.resolve() }
      jobs.delete(job.key)
      jobs.set(job.key, running)
      running.ended = work(job, running)
      return running.status
    },
    status: (key) => jobs.get(key)?.status,
    abort(key) {
      const running = jobs.get(key)
      if (!running || !isRunning(running)) return false
      running.abort.abort()
      return true
    },
    list: () => [...jobs.values()].map((running) => running.status).reverse(),
    async ended(key) {
      const running = jobs.get(key)
      await running?.ended
      return running?.status
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Waits, or until the signal aborts. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (!(ms > 0) || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = clock.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
