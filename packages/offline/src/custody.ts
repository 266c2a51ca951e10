import type { BareJid } from '@xmppkit/jid'
import { inCustody, type MessageCustody, takenAt } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'
import type { Deletions } from './deletions.js'
import type { NewOfflineMessage, OfflineStore } from './ports.js'

/** What {@link createCustody} needs. */
export interface CustodyDeps {
  readonly store: Pick<OfflineStore, 'append'>
  readonly deletions: Pick<Deletions, 'add'>
}

/**
 * Keeps messages in the store that sessions have already, until a client has acknowledged them: a session is in the memory of
 * this process, and is lost with it.
 */
export interface Custody {
  /** Stores a message; resolves with it when it is durable. Rejects when the store fails. */
  take(account: BareJid, stanza: Stanza, message: NewOfflineMessage): Promise<Stanza>
  /** Sessions have failed: nobody has the message but the store. Its id there; `undefined` if it is not kept here. */
  end(stanza: Stanza): string | undefined
  /** Whether sessions have this stored message. */
  keeps(account: BareJid, id: string): boolean
  /** Resolves when what is being stored for sessions is known to {@link Custody.keeps}; `undefined` if nothing is. */
  settled(account: BareJid): Promise<unknown> | undefined
  /** The account is gone. */
  drop(account: BareJid): void
}

/** Makes the custody of one host. */
export function createCustody({ store, deletions }: CustodyDeps): Custody {
  const kept = new Map<string, Set<string>>()
  const writing = new Map<string, Set<Promise<unknown>>>()

  const add = <T>(to: Map<string, Set<T>>, key: string, one: T) => {
    const all = to.get(key) ?? new Set<T>()
    to.set(key, all.add(one))
  }
  const remove = <T>(from: Map<string, Set<T>>, key: string, one: T): boolean => {
    const all = from.get(key)
    const was = all?.delete(one) === true
    if (all?.size === 0) from.delete(key)
    return was
  }

  const append = async (account: BareJid, message: NewOfflineMessage): Promise<string> => {
    // What sessions may have at a time is limited already, and who is there is not to be refused.
    const stored = await store.append(account, message, Number.POSITIVE_INFINITY)
    if (stored === 'full') throw new Error('a store without a limit is full')
    add(kept, account.toString(), stored.id)
    return stored.id
  }

  return {
    async take(account, stanza, message) {
      const key = account.toString()
      const appending = append(account, message)
      add<Promise<unknown>>(writing, key, appending)
      try {
        const id = await appending
        const delivered = () => {
          if (remove(kept, key, id)) deletions.add(account, id)
        }
        return stanza
          .withMeta(inCustody, new Kept(account, id, delivered))
          .withMeta(takenAt, message.receivedAt)
      } finally {
        remove<Promise<unknown>>(writing, key, appending)
      }
    },
    end(stanza) {
      const one = stanza.meta(inCustody)
      if (!(one instanceof Kept)) return undefined
      return remove(kept, one.account.toString(), one.id) ? one.id : undefined
    },
    keeps: (account, id) => kept.get(account.toString())?.has(id) === true,
    settled(account) {
      const all = writing.get(account.toString())
      return all && Promise.allSettled(all)
    },
    drop: (account) => void kept.delete(account.toString()),
  }
}

/** A message that is kept. */
class Kept implements MessageCustody {
  constructor(
    readonly account: BareJid,
    readonly id: string,
    readonly delivered: () => void,
  ) {}
}
