import type { BareJid } from '@xmppkit/jid'
import { type Clock, type Logger, type RemoveAll, startSweep } from '@xmppkit/runtime'
import type { ArchiveStore } from './ports.js'

/** What {@link createRetention} needs. */
export interface RetentionDeps {
  /** Where archives are kept. */
  readonly store: Pick<ArchiveStore, 'trim' | 'removeOlder'>
  /** The domains whose archives these are. */
  readonly domains: () => readonly string[]
  /** What is kept on a domain that has limits of its own. @default what the options say */
  readonly limitOf?: (domain: string, limit: 'maxAgeDays' | 'maxMessagesPerAccount') => number | undefined
  /** Tells when to sweep, and what is old. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Told when it fails. */
  readonly logger: Logger
}

/** What is kept; see `ArchiveOptions`. */
export interface RetentionOptions {
  readonly maxAgeDays: number
  readonly maxMessagesPerAccount: number
  readonly sweepMs: number
}

/** Removes what is too old or too much. */
export interface Retention extends Disposable {
  /** An archive has grown: it is looked at in the next sweep. */
  grown(account: BareJid): void
}

const dayMs = 24 * 60 * 60 * 1000
/** Accounts remembered between two sweeps; of more, the rest is looked at when they grow again. */
const maxGrown = 100_000

/** Makes the retention of one host: it sweeps again and again until disposed. */
export function createRetention(deps: RetentionDeps, options: RetentionOptions): Retention {
  const { store, clock, logger } = deps
  const limit = (domain: string, name: 'maxAgeDays' | 'maxMessagesPerAccount') =>
    deps.limitOf?.(domain, name) ?? options[name]
  let grown = new Map<string, BareJid>()

  const removeOld = async (removeAll: RemoveAll) => {
    if (deps.limitOf === undefined && options.maxAgeDays === Number.POSITIVE_INFINITY) return
    for (const domain of deps.domains()) {
      const days = limit(domain, 'maxAgeDays')
      if (days === Number.POSITIVE_INFINITY) continue
      await removeAll((limit) => store.removeOlder({ domain, before: clock.now() - days * dayMs }, limit))
    }
  }
  const removeMany = async (removeAll: RemoveAll) => {
    const accounts = grown
    grown = new Map()
    for (const account of accounts.values()) {
      const keep = limit(account.domain, 'maxMessagesPerAccount')
      await removeAll((limit) => store.trim(account, keep, limit))
    }
  }
  const sweep = startSweep(
    { clock, logger, failed: 'archived messages could not be removed', everyMs: options.sweepMs },
    async (removeAll) => {
      await removeOld(removeAll)
      await removeMany(removeAll)
    },
  )

  return {
    grown(account) {
      if (grown.size >= maxGrown) return
      if (limit(account.domain, 'maxMessagesPerAccount') === Number.POSITIVE_INFINITY) return
      grown.set(account.toString(), account)
    },
    [Symbol.dispose]: () => sweep[Symbol.dispose](),
  }
}
