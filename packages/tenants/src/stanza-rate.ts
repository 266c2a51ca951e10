import { createTokenBucket, type TokenBucket } from '@xmppkit/access'
import { userSendPacket } from '@xmppkit/c2s'
import type { Hooks } from '@xmppkit/hooks'
import { type Clock, createScope } from '@xmppkit/runtime'
import type { Tenants } from './tenants.js'
import { tenantChanged } from './tokens.js'

/** Collaborators of {@link paceTenants}. */
export interface PaceTenantsDeps {
  /** Whose limits they are. */
  readonly tenants: Pick<Tenants, 'settings' | 'customised'>
  /** What clients send comes through them. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Measures rates and waits. */
  readonly clock: Pick<Clock, 'monotonic' | 'after'>
}

/** Before anything is done with a stanza, and behind what must hear of every one at once. */
const early = 2
const burstSeconds = 10
const label = 'tenants'

/**
 * Holds the clients of a domain together to the domain's `maxStanzasPerSecond`: a stanza over it waits, and its client is not
 * read meanwhile. As long as no domain has such a limit, stanzas pass no handler.
 *
 * @example
 * ```ts
 * scope.use(paceTenants({ tenants, hooks, clock }))
 * ```
 */
export function paceTenants({ tenants, hooks, clock }: PaceTenantsDeps): AsyncDisposable {
  const scope = createScope()
  const buckets = new Map<string, TokenBucket>()
  const waiting = new Set<() => void>()
  let handler: Disposable | undefined

  const limited = new Set<string>()
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const done = () => {
        timer[Symbol.dispose]()
        waiting.delete(done)
        resolve()
      }
      const timer = clock.after(ms, done)
      waiting.add(done)
    })

  const bucketOf = (domain: string): TokenBucket | undefined => {
    const known = buckets.get(domain)
    if (known !== undefined || !limited.has(domain)) return known
    const perSecond = tenants.settings(domain).maxStanzasPerSecond!
    const bucket = createTokenBucket({ clock }, { perSecond, burst: perSecond * burstSeconds })
    buckets.set(domain, bucket)
    return bucket
  }

  const note = (domain: string, perSecond: number | undefined) => {
    buckets.delete(domain)
    if (perSecond === undefined) limited.delete(domain)
    else limited.add(domain)
    if (limited.size === 0) {
      handler?.[Symbol.dispose]()
      handler = undefined
      return
    }
    handler ??= hooks.on(
      userSendPacket,
      (stanza, { session }) => {
        const waitMs = bucketOf(session.jid.domain)?.take(1) ?? 0
        return waitMs === 0 ? stanza : pause(waitMs).then(() => stanza)
      },
      { seq: early, label },
    )
  }

  for (const [domain, settings] of tenants.customised()) note(domain, settings.maxStanzasPerSecond)
  scope.use(
    hooks.on(tenantChanged, ({ domain, settings }) => note(domain, settings.maxStanzasPerSecond), { label }),
  )
  scope.defer(() => {
    handler?.[Symbol.dispose]()
    // Nobody is held by somebody who is gone.
    for (const done of waiting) done()
  })
  return scope
}
