import { createHooks, type Hooks } from '@xmppkit/hooks'
import type { Clock, Logger } from '@xmppkit/runtime'
import { createDomainSet, type Domains } from './domains.js'
import { ModuleError } from './errors.js'
import { hostDown, hostUp } from './tokens.js'

/** Hooks and domains of a host; the two belong together because a listener of `hostUp` may refuse a domain. */
export interface HostDomains {
  /** Hooks of the host; listeners that fail are logged. */
  readonly hooks: Hooks
  /** Domains it serves now. */
  readonly domains: Domains
  /** Makes room for one more, until disposed; throws `module/domain-limit` when there is none. */
  reserve(domain: string): Disposable
  /** Serves a domain, and takes it back when a listener fails. */
  up(domain: string): Promise<void>
  /** Serves it no longer. */
  down(domain: string): Promise<void>
}

/** Makes the hooks of a host, and its empty set of domains. */
export function createHostDomains(
  deps: { readonly clock: Pick<Clock, 'monotonic'>; readonly logger: Logger },
  { name, maxDomains }: { readonly name: string; readonly maxDomains: number },
): HostDomains {
  const domains = createDomainSet()
  let reserved = 0
  // While a domain goes up, what its listeners throw is collected here instead of only being logged.
  let failures: unknown[] | undefined

  const hooks = createHooks({
    clock: deps.clock,
    onError(error, { hook, label }) {
      deps.logger.error('listener failed', { hook, module: label, error })
      if (hook === hostUp.name) failures?.push(error)
    },
  })

  async function up(domain: string): Promise<void> {
    if (domains.has(domain)) return
    domains.add(domain)
    const errors: unknown[] = []
    failures = errors
    await hooks.run(hostUp, { domain })
    failures = undefined
    if (errors.length === 0) return
    await down(domain)
    const cause = errors.length === 1 ? errors[0] : new AggregateError(errors)
    throw new ModuleError('module/domain-failed', `${domain} could not be brought up`, { cause })
  }

  async function down(domain: string): Promise<void> {
    if (!domains.has(domain)) return
    // Out of the list first, so that nothing new begins on it while listeners clear up.
    domains.delete(domain)
    await hooks.run(hostDown, { domain })
  }

  return {
    hooks,
    domains,
    reserve(domain) {
      if (domains.size + reserved >= maxDomains && !domains.has(domain)) {
        throw new ModuleError('module/domain-limit', `${name} serves ${maxDomains} domains at most`)
      }
      reserved += 1
      return { [Symbol.dispose]: () => void reserved-- }
    },
    up,
    down,
  }
}
