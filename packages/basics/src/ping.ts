import type { Disco } from '@xmppkit/disco'
import type { Iq } from '@xmppkit/iq'
import { disposable, isThenable } from '@xmppkit/runtime'
import { defineIq, element, NS, StanzaError } from '@xmppkit/stanza'

/** Asks whether somebody is there (XEP-0199); the answer is empty. */
export const pingGet = defineIq({ type: 'get', request: element('ping', NS.ping, {}) })

/** Collaborators of {@link createPing}. */
export interface PingDeps {
  /** Answers the requests. */
  readonly iq: Pick<Iq, 'handle'>
  /** Knows who may learn that an account exists. */
  readonly disco: Pick<Disco, 'mayQuery'>
}

function answer(visible: boolean): void {
  if (!visible) throw new StanzaError('service-unavailable')
}

/**
 * Answers pings to servers, and to accounts on their behalf (XEP-0199). An account answers itself and those that may
 * see its presence; to others it looks as if it did not exist (L-6).
 *
 * @example
 * ```ts
 * scope.use(createPing({ iq, disco }))
 * ```
 */
export function createPing({ iq, disco }: PingDeps): Disposable {
  const server = iq.handle(pingGet, 'server', () => undefined)
  const account = iq.handle(pingGet, 'account', ({ from, to }) => {
    const visible = disco.mayQuery(to.bare, from)
    return isThenable(visible) ? visible.then(answer) : answer(visible)
  })
  return disposable(() => {
    account[Symbol.dispose]()
    server[Symbol.dispose]()
  })
}
