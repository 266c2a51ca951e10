import { createRateTable } from '@xmppkit/access'
import { event, type Hooks } from '@xmppkit/hooks'
import type { BareJid, Jid } from '@xmppkit/jid'
import { type Clock, createScope, type Logger } from '@xmppkit/runtime'
import { matches } from '@xmppkit/stanza'
import type { Element } from '@xmppkit/xml'
import { abuseReport, reportPayload } from './report.js'
import { type ReportingOptions, reportingDefaults } from './reporting-options.js'
import { abuseReported } from './tokens.js'

/** Collaborators of {@link createReporting}. */
export interface ReportingDeps {
  /** The host's hooks: reports come with blocks, and go to who listens to `abuseReported`. */
  readonly hooks: Pick<Hooks, 'on' | 'run'>
  /** Counts reports. */
  readonly clock: Pick<Clock, 'monotonic'>
  /** Told of reports that cannot be read, or are too many. */
  readonly logger: Logger
}

/** Reports of one host. */
export interface Reporting extends AsyncDisposable {
  /** Ends: reports are ignored. */
  close(): Promise<void>
}

// The hook of @xmppkit/blocking, which is of this layer: hooks of one name are one hook.
const blocklistChanged = event<{
  readonly account: BareJid
  readonly blocked: readonly { readonly jid: Jid; readonly extensions: readonly Element[] }[]
}>('blocking/blocklist-changed')

const label = 'reporting'

/**
 * Hands on what users report when they block somebody (XEP-0377). The block holds whatever the report is like.
 *
 * @example
 * ```ts
 * const reporting = createReporting({ hooks, clock, logger })
 * hooks.on(abuseReported, ({ reported, reason }) => tickets.open(`${reported}: ${reason}`))
 * ```
 */
export function createReporting(deps: ReportingDeps, options: ReportingOptions = {}): Reporting {
  const settings = Object.freeze({ ...reportingDefaults, ...options })
  const { hooks, logger } = deps
  const rate = createRateTable(deps, {
    limit: settings.maxReportsPerWindow,
    windowMs: settings.reportsWindowMs,
  })

  const handOn = async (account: BareJid, reported: Jid, report: Element) => {
    if (!rate.hit(account.toString()).allowed) {
      logger.warn('a report was ignored: there are too many', { account: account.toString() })
      return
    }
    let read: ReturnType<typeof reportPayload.decode>
    try {
      read = reportPayload.decode(report)
    } catch (cause) {
      logger.warn('a report was ignored: it cannot be read', { account: account.toString(), cause })
      return
    }
    await hooks.run(abuseReported, abuseReport(account, reported, read, settings))
  }

  const scope = createScope()
  scope.use(
    hooks.on(
      blocklistChanged,
      async ({ account, blocked }) => {
        for (const { jid, extensions } of blocked) {
          const report = extensions.find((one) => matches(reportPayload, one))
          if (report) await handOn(account, jid, report)
        }
      },
      { label },
    ),
  )
  return { close: () => scope.close(), [Symbol.asyncDispose]: () => scope.close() }
}
