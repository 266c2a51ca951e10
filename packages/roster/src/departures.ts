import type { BareJid } from '@xmppkit/jid'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { StanzaError } from '@xmppkit/stanza'
import type { RosterStore } from './ports.js'

/**
 * Accounts that are being removed. As long as they have sessions, something could still be written for them,
 * which the next account of that name would inherit (rule P-10).
 */
export interface Departures {
  /** The store as everybody else sees it: the roster of an account that leaves is empty and takes nothing. */
  readonly store: RosterStore
  /** An account is about to be removed. */
  begin(account: BareJid): void
  /** Its roster is gone, or one of its sessions: it is forgotten with the last of them. */
  check(account: BareJid): void
  /** Whether an account is leaving. */
  has(account: BareJid): boolean
}

/** Makes the list of one host. */
export function createDepartures(deps: {
  readonly store: RosterStore
  readonly sessions: Pick<Sessions, 'resources'>
}): Departures {
  const { store } = deps
  const leaving = new Set<string>()
  const has = (account: BareJid) => leaving.size > 0 && leaving.has(account.toString())
  const sessionsOf = (account: BareJid): readonly SessionRecord[] => deps.sessions.resources(account)

  return {
    has,
    begin: (account) => void leaving.add(account.toString()),
    check(account) {
      if (has(account) && sessionsOf(account).length === 0) leaving.delete(account.toString())
    },
    store: {
      load: (account) => (has(account) ? { version: 0, items: [] } : store.load(account)),
      get: (account, contact) => (has(account) ? undefined : store.get(account, contact)),
      changedSince: (account, version) => (has(account) ? undefined : store.changedSince(account, version)),
      async update(account, contact, decide) {
        if (has(account)) throw new StanzaError('service-unavailable')
        return store.update(account, contact, decide)
      },
      count: (account) => store.count(account),
      accounts: (domain, page) => store.accounts(domain, page),
      removeAll: (account) => store.removeAll(account),
    },
  }
}
