import type { BareJid, Jid } from '@xmppkit/jid'
import type { ArchiveStore } from './ports.js'

/** Messages removed at one time, so that a large archive does not keep others waiting. */
const batch = 1000

/** Removes all messages of an account, or those with one party; resolves with how many there were. */
export async function removeAll(
  store: Pick<ArchiveStore, 'remove'>,
  account: BareJid,
  about: { readonly with?: Jid },
): Promise<number> {
  let total = 0
  for (let removed = batch; removed >= batch; total += removed) {
    removed = await store.remove(account, { ...about, limit: batch })
  }
  return total
}
