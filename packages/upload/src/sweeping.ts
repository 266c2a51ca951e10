import type { Clock, Logger } from '@xmppkit/runtime'

/** What {@link sweepUploads} needs. */
export interface SweepDeps {
  readonly domains: { list(): readonly string[] }
  readonly clock: Pick<Clock, 'after'>
  readonly logger: Logger
  readonly removeExpired: (domain: string, limit: number) => Promise<number>
}

const batch = 100

/** Removes files whose time has come, again and again until disposed. */
export function sweepUploads(deps: SweepDeps, everyMs: number): Disposable {
  const { domains, clock, logger, removeExpired } = deps
  let timer: Disposable | undefined
  let ended = false

  const sweep = async () => {
    try {
      for (const domain of domains.list()) {
        let removed = batch
        while (removed === batch && !ended) removed = await removeExpired(domain, batch)
      }
    } catch (cause) {
      logger.error('uploaded files could not be removed', { cause })
    }
    schedule()
  }
  const schedule = () => {
    if (!ended) timer = clock.after(everyMs, () => void sweep())
  }
  schedule()
  return {
    [Symbol.dispose]() {
      ended = true
      timer?.[Symbol.dispose]()
    },
  }
}
