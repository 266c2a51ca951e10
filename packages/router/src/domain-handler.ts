import { type Hooks, isDrop } from '@xmppkit/hooks'
import { type Awaitable, isThenable } from '@xmppkit/runtime'
import { type Stanza, StanzaError } from '@xmppkit/stanza'
import type { StanzaHandler } from './route-table.js'
import { localSendToResource } from './tokens.js'

/** Collaborators of {@link domainHandler}. */
export interface DomainHandlerDeps {
  /** Takes what is for an account or one of its resources. */
  readonly account: StanzaHandler
  /** Takes requests to the server itself. */
  readonly server: StanzaHandler
  /** Hooks of the host; `localSendToResource` is fired there. */
  readonly hooks: Pick<Hooks, 'fold'>
}

/**
 * Makes the route of a domain with accounts: what has a localpart goes to the account, iq requests to the bare domain
 * go to the server, its iq replies are dropped, and everything else is offered to `localSendToResource`. What nobody
 * wants is answered with `item-not-found`, except presence and headlines to the bare domain, which vanish.
 *
 * @example
 * ```ts
 * router.register('example.org', domainHandler({
 *   account: (stanza) => sessions.deliver(stanza),
 *   server: (stanza) => iq.dispatch(stanza, 'server'),
 *   hooks,
 * }))
 * ```
 */
export function domainHandler({ account, server, hooks }: DomainHandlerDeps): StanzaHandler {
  return (stanza) => {
    const { to } = stanza
    if (to === undefined || to.local !== '') return account(stanza)
    if (stanza.kind === 'iq') {
      if (stanza.type === 'result' || stanza.type === 'error') return
      if (to.resource === '') return server(stanza)
    }
    return offer(hooks, stanza)
  }
}

function offer(hooks: Pick<Hooks, 'fold'>, stanza: Stanza): Awaitable<void> {
  const left = hooks.fold(localSendToResource, stanza)
  if (!isThenable(left)) return isDrop(left) ? undefined : refuse(stanza)
  return (left as Promise<unknown>).then((outcome) => (isDrop(outcome) ? undefined : refuse(stanza)))
}

// The router answers for whoever throws, and knows what must not be answered.
function refuse(stanza: Stanza): void {
  const toBareDomain = stanza.to?.resource === ''
  if (toBareDomain && (stanza.kind === 'presence' || stanza.type === 'headline')) return
  throw new StanzaError('item-not-found')
}
