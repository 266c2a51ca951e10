import type { InlineAnswer, InlineContext, LoginRequest, Revocations, UserAgent } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import type { Clock, Ids } from '@xmppkit/runtime'
import { StreamError } from '@xmppkit/stanza'
import { Element, type RawElement } from '@xmppkit/xml'
import type { FastOptions } from './fast-options.js'
import { fastNs, readFastRequest } from './fast-request.js'
import { offeredMechanisms } from './offer.js'
import type { ClientNames, FastTokenStore, StoredToken } from './ports.js'
import { tokenOf } from './token-secret.js'

/** What {@link createTokenIssue} needs. */
export interface TokenIssueDeps {
  readonly store: Pick<FastTokenStore, 'issue' | 'revoke'>
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Ids
  readonly secret: Uint8Array
  readonly settings: Required<FastOptions>
  readonly revocations: Pick<Revocations, 'moment' | 'since'>
}

/** Gives tokens out. */
export interface TokenIssue {
  /** A login begins that may get one. */
  begins(request: Pick<LoginRequest, 'element'>): void
  /**
   * What a login that succeeded gets. `used` is the token it was proven with, if it was one.
   *
   * @throws StreamError `not-authorized` if that was taken meanwhile
   */
  answer(context: InlineContext, used: StoredToken | undefined): Promise<InlineAnswer>
}

/** Creates the office that gives tokens out: to who asks for one, and to who used one that is due for rotation. */
export function createTokenIssue(deps: TokenIssueDeps): TokenIssue {
  const { store, clock, ids, secret, settings, revocations } = deps
  const begun = new WeakMap<RawElement, number>()

  const issue = async (
    { account, userAgent }: InlineContext,
    client: string,
    mechanism: string,
  ): Promise<InlineAnswer> => {
    const issuedAt = clock.now()
    const token = { id: ids.next(), mechanism, issuedAt, expiresAt: issuedAt + settings.lifetimeMs, count: 0 }
    await store.issue(account, client, token, namesOf(userAgent), settings.maxClients)
    return { element: tokenElement(tokenOf(secret, account, client, token), token.expiresAt) }
  }

  const wasRevoked = (account: BareJid, element: RawElement): boolean =>
    revocations.since(account, begun.get(element) ?? Number.NEGATIVE_INFINITY)

  return {
    begins: ({ element }) => void begun.set(element, revocations.moment),
    async answer(context, used) {
      const { account, element, state, userAgent, mechanism: proof } = context
      if (used !== undefined && wasRevoked(account, element)) throw accessTaken()
      const request = readFastRequest(element)
      const client = userAgent.id
      // Nobody comes back to an anonymous account.
      if (request === undefined || client === undefined || proof === 'ANONYMOUS') return {}
      const invalidated = used !== undefined && request.invalidate
      if (invalidated) await store.revoke(account, client)
      const due = used !== undefined && !invalidated && clock.now() - used.issuedAt >= settings.rotateAfterMs
      const mechanism = request.wantedMechanism ?? (due ? used.mechanism : undefined)
      if (mechanism === undefined || !offeredMechanisms(settings.mechanisms, state).includes(mechanism))
        return {}
      if (wasRevoked(account, element)) return {}
      const answer = await issue(context, client, mechanism)
      if (!wasRevoked(account, element)) return answer
      // What was being stored may have come behind the revocation.
      await store.revoke(account, client)
      return {}
    },
  }
}

/** The token was good when it was used, and is not any more; ends the stream, and the session it has got. */
function accessTaken(): StreamError {
  return new StreamError('not-authorized', { text: 'its access was taken' })
}

function namesOf({ software, device }: UserAgent): ClientNames {
  return { ...(software && { software }), ...(device && { device }) }
}

function tokenElement(token: string, expiresAt: number): Element {
  return new Element('token', { xmlns: fastNs, token, expiry: new Date(expiresAt).toISOString() })
}
