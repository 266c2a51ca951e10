import { type Awaitable, isThenable, type Logger } from '@xmppkit/runtime'
import { type Storing, storing } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'

/** What {@link routeStored} needs. */
export interface RouteStoredDeps {
  /** Sends stanzas on their way; usually the router's `route`. */
  readonly route: (stanza: Stanza) => Awaitable<void>
  /** Told what could not be stored. */
  readonly logger: Pick<Logger, 'error'>
}

/**
 * Routes a stanza in its sender's name. Whatever becomes of it, it is not handled before what is stored of it in that name is
 * durable.
 */
export function routeStored({ route, logger }: RouteStoredDeps, stanza: Stanza): Awaitable<void> {
  const routed = route(stanza)
  const pending = stanza.meta(storing)
  if (pending === undefined || pending.state === 'durable') return routed
  const from = stanza.from?.toString()
  return isThenable(routed) ? routed.then(() => store(pending, logger, from)) : store(pending, logger, from)
}

async function store(pending: Storing, logger: RouteStoredDeps['logger'], from?: string): Promise<void> {
  // What has failed was answered by whoever was to deliver it; what nobody was to deliver has its outcome already.
  if (pending.state === 'failed') return
  try {
    await pending.flush()
  } catch (error) {
    logger.error('a message that went nowhere could not be stored for its sender', { error, from })
  }
}
