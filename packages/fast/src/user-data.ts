import type { UserDataPart } from '@xmppkit/auth'
import type { FastTokenStore } from './ports.js'

/**
 * Login tokens as a part of what is kept for accounts: erased, but not exported. They are worth something only together with a
 * secret of this server, and to whoever finds an export they should be worth nothing.
 */
export function fastTokenData(store: FastTokenStore): UserDataPart {
  return {
    name: 'fast',
    remove: (account) => store.revoke(account),
    accounts: (domain, page) => store.accounts(domain, page),
  }
}
