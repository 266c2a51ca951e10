import type { LoginRequest } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import {
  hashedTokenServer,
  type SaslCondition,
  type ServerMechanismDefinition,
  tokenBindingOf,
} from '@xmppkit/sasl'
import type { RawElement } from '@xmppkit/xml'
import { readFastRequest } from './fast-request.js'
import type { FastTokenStore, StoredToken, TokenUse } from './ports.js'
import { tokenOf } from './token-secret.js'

/** What {@link createTokenCheck} needs. */
export interface TokenCheckDeps {
  readonly store: Pick<FastTokenStore, 'get' | 'use'>
  readonly clock: Pick<Clock, 'now'>
  readonly secret: Uint8Array
  readonly settings: { readonly mechanisms: readonly string[] }
}

/** Checks logins with tokens. */
export interface TokenCheck {
  /** The mechanism of a login that says it uses a token; `undefined` if it is none of ours. */
  mechanism(
    request: LoginRequest,
    tries: (username: string) => BareJid,
  ): ServerMechanismDefinition | undefined
  /** The token a login was proven with, if it was one. */
  used(request: Pick<LoginRequest, 'element'>): StoredToken | undefined
}

/** Creates the check of tokens: one look into the store for a login, one entry when it succeeds. */
export function createTokenCheck({ store, clock, secret, settings }: TokenCheckDeps): TokenCheck {
  const used = new WeakMap<RawElement, StoredToken>()

  const accept = async (
    { element }: LoginRequest,
    account: BareJid,
    client: string,
    token: StoredToken,
    count: TokenUse['count'],
  ): Promise<SaslCondition | undefined> => {
    const at = clock.now()
    // XEP-0484 §4.2: the client is to use its password then.
    if (token.expiresAt <= at) return 'credentials-expired'
    // Taken meanwhile, or replayed.
    if (!(await store.use(account, client, { id: token.id, count, at }))) return 'not-authorized'
    used.set(element, token)
    return undefined
  }

  return {
    mechanism(request, tries) {
      const { mechanism, userAgent, element } = request
      const wanted = readFastRequest(element)
      const binding = tokenBindingOf(mechanism)
      const client = userAgent.id
      if (wanted?.usesToken !== true || binding === undefined || client === undefined) return undefined
      if (!settings.mechanisms.includes(mechanism)) return undefined
      const { count } = wanted
      return hashedTokenServer(binding, {
        async candidates(username) {
          const account = tries(username)
          const tokens = await store.get(account, client)
          if (count === 'invalid') return []
          return tokens
            .filter((token) => token.mechanism === mechanism)
            .map((token) => ({
              token: Buffer.from(tokenOf(secret, account, client, token)),
              accept: () => accept(request, account, client, token, count),
            }))
        },
      })
    },
    used: ({ element }) => used.get(element),
  }
}
