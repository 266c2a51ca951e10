import { type Accounts, removeUser, type UserDataPart } from '@xmppkit/auth'
import type { Hooks } from '@xmppkit/hooks'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { PersonalDataError } from './errors.js'
import { unlessReadOnly } from './read-only.js'

/** What {@link createErasing} needs. */
export interface ErasingDeps {
  readonly accounts: Pick<Accounts, 'get' | 'list' | 'remove' | 'setDisabled'>
  readonly hooks: Pick<Hooks, 'run'>
  readonly parts: () => Promise<readonly UserDataPart[]>
  /** An account is about to be erased: what is under way for it ends. */
  readonly leaving: (account: BareJid) => void
}

/** How far the erasing of something is. */
export interface Erased {
  /** Things removed this time: an account counts as one, each thing there may be many of as one more. */
  readonly count: number
  /** Whether nothing is left. */
  readonly finished: boolean
}

/** Erases accounts and domains in steps that are never too large. */
export interface Erasing {
  /** Goes on erasing an account. */
  account(account: BareJid, limit: number): Promise<Erased>
  /** Goes on erasing a domain that is served no longer. */
  domain(domain: string, limit: number): Promise<Erased>
}

const reason = 'the account is being erased'

/** Makes the {@link Erasing} of one host. */
export function createErasing({ accounts, hooks, parts, leaving }: ErasingDeps): Erasing {
  /** What there may be much of goes first, in batches, while the account is still there to be found again. */
  const bulk = async (account: BareJid, all: readonly UserDataPart[], limit: number): Promise<Erased> => {
    let count = 0
    for (const part of all) {
      if (!part.bulky) continue
      count += await part.remove(account, limit - count)
      if (count >= limit) return { count, finished: false }
    }
    return { count, finished: true }
  }

  const rest = async (account: BareJid, all: readonly UserDataPart[]) => {
    const known = await accounts.get(account)
    // Features say goodbye to contacts, revoke tokens, and forget what they remember; what fails there is only logged ...
    await hooks.run(removeUser, { account, id: known?.id ?? account.toString() })
    // ... so what is stored is removed once more, by who would say so.
    for (const part of all) await part.remove(account, Number.POSITIVE_INFINITY)
    await unlessReadOnly(() => accounts.remove(account))
  }

  const eraseAccount = async (account: BareJid, limit: number): Promise<Erased> => {
    leaving(account)
    const all = await parts()
    // Ends its sessions, and nobody comes back while it is being erased.
    await unlessReadOnly(() => accounts.setDisabled(account, reason))
    const removed = await bulk(account, all, limit)
    if (!removed.finished) return removed
    await rest(account, all)
    return { count: removed.count + 1, finished: true }
  }

  /** Accounts of a domain, or of something kept for them where the accounts are gone or were never ours. */
  const left = async (domain: string, limit: number): Promise<readonly BareJid[]> => {
    const locals = await unlessReadOnly(() => accounts.list(domain, { limit }))
    if (locals?.length) return locals.map((local) => parseJid(`${local}@${domain}`).bare)
    for (const part of await parts()) {
      const found = (await part.accounts?.(domain, { limit })) ?? []
      if (found.length > 0) return found.map((text) => parseJid(text).bare)
    }
    return []
  }

  return {
    account: eraseAccount,
    async domain(domain, limit) {
      let count = 0
      let before = ''
      for (;;) {
        const some = await left(domain, Math.min(limit - count, 100))
        if (some.length === 0) break
        const names = some.join(' ')
        if (names === before)
          throw new PersonalDataError('personal-data/not-erased', `${names} cannot be erased`)
        before = names
        for (const account of some) {
          const erased = await eraseAccount(account, limit - count)
          count += erased.count
          if (count >= limit) return { count, finished: false }
        }
      }
      for (const part of await parts()) {
        count += (await part.removeDomain?.(domain, limit - count)) ?? 0
        if (count >= limit) return { count, finished: false }
      }
      return { count, finished: true }
    },
  }
}
