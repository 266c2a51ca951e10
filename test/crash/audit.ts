import { recipients } from './cast.js'
import { belongsInArchive, type Entry, type Ledger } from './ledger.js'

/** Messages of archives: by account, then by the message's id, the ids the archive gave it. */
export type Archives = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>

const byAccount = new Map(recipients.map((one) => [one.account, one]))

const hasReached = ({ account, receipts }: Entry) =>
  receipts.some(({ client }) => client.startsWith(`${account}/`))

/** Compares the books with what waits in the storage while the server is down. */
export function auditWaiting(ledger: Ledger, waiting: ReadonlyMap<string, readonly string[]>): void {
  const stored = new Set<string>()
  for (const [account, ids] of waiting) {
    for (const id of ids) {
      const entry = ledger.entries.get(id)
      if (entry === undefined || entry.account !== account) {
        ledger.wrongs.push(`${id} waits for ${account}, and nobody sent it`)
        continue
      }
      if (stored.has(id)) ledger.complain(entry, 'waits twice')
      stored.add(id)
      if (entry.refused) ledger.complain(entry, 'was refused, and waits')
      const holder = entry.receipts.find(({ confirmed, way }) => confirmed && way !== 'copy')
      if (holder !== undefined) ledger.complain(entry, `waits, and ${holder.client} has confirmed it`)
    }
  }
  for (const entry of ledger.entries.values()) {
    if (!isOwed(entry) || belongsInArchive(entry) || stored.has(entry.id)) continue
    if (byAccount.get(entry.account)?.managed === true)
      ledger.complain(entry, 'was acknowledged, and is lost')
    else {
      // Its client has no way to say that it did not read what was written to a connection it cut.
      ledger.counts.lostToCuts++
      entry.refused = true
    }
  }
}

/** Whether the server has taken responsibility for a message, and nobody has it or was told that nobody will. */
const isOwed = (entry: Entry) => entry.acknowledged && !entry.refused && !hasReached(entry)

/** Compares the books with the archives at the end. */
export function auditArchives(ledger: Ledger, archives: Archives): void {
  for (const [account, messages] of archives) {
    for (const [id, archiveIds] of messages) {
      const entry = ledger.entries.get(id)
      if (entry === undefined) ledger.wrongs.push(`${id} is in the archive of ${account}, and nobody sent it`)
      else if (archiveIds.length > 1) ledger.complain(entry, `is in the archive of ${account} twice`)
    }
  }
  for (const entry of ledger.entries.values()) auditEntry(ledger, archives, entry)
}

function auditEntry(ledger: Ledger, archives: Archives, entry: Entry): void {
  const [archiveId] = archives.get(entry.account)?.get(entry.id) ?? []
  const isSentArchived = archives.get(entry.from)?.has(entry.id) === true
  if (archiveId !== undefined) {
    if (!belongsInArchive(entry)) ledger.complain(entry, 'is archived, and should not be')
    if (entry.refused) ledger.complain(entry, 'was refused, and is archived')
    for (const receipt of entry.receipts) {
      const isOwn = receipt.client.startsWith(`${entry.account}/`)
      if (isOwn && receipt.archiveId !== archiveId)
        ledger.complain(entry, `is ${archiveId} in the archive, and ${receipt.client} was told otherwise`)
    }
  } else if (belongsInArchive(entry) && !entry.refused) {
    if (hasReached(entry)) ledger.complain(entry, 'was delivered, and is not archived')
    else if (entry.acknowledged) ledger.complain(entry, 'was acknowledged, and is lost')
  }
  const wantsSent = entry.archives && entry.nature === 'chat' && entry.acknowledged
  if (wantsSent && !isSentArchived)
    ledger.complain(entry, 'was acknowledged, and its sender has not archived it')
}
