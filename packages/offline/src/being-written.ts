import type { BareJid } from '@xmppkit/jid'

/** Messages on their way into the store, by account: until they are there, no page of an archive need have them either. */
export interface BeingWritten {
  /** Writes a message that was taken at a moment, in milliseconds since 1970. */
  during<T>(account: BareJid, takenAt: number, write: () => Promise<T>): Promise<T>
  /** Whether one is being written for an account. */
  has(account: BareJid): boolean
  /** When the oldest of those that are being written for an account was taken; `undefined` if none is. */
  oldest(account: BareJid): number | undefined
}

/** Starts with none. */
export function createBeingWritten(): BeingWritten {
  const accounts = new Map<string, number[]>()

  const ended = (key: string, takenAt: number) => {
    const moments = accounts.get(key)
    if (moments === undefined) return
    if (moments.length === 1) accounts.delete(key)
    else moments.splice(moments.indexOf(takenAt), 1)
  }

  return {
    async during(account, takenAt, write) {
      const key = account.toString()
      const moments = accounts.get(key)
      if (moments === undefined) accounts.set(key, [takenAt])
      else moments.push(takenAt)
      try {
        return await write()
      } finally {
        ended(key, takenAt)
      }
    },
    has: (account) => accounts.size > 0 && accounts.has(account.toString()),
    oldest(account) {
      const moments = accounts.get(account.toString())
      return moments?.reduce((one, other) => Math.min(one, other))
    },
  }
}
