import type { OfflineMessage, OfflineStore } from '@xmppkit/offline'
import type { LogEntry } from '@xmppkit/storage'
import type { SqlDatabase } from './database.js'
import { createSqlLogs } from './sql-log.js'
import type { Statements } from './statements.js'

/** Keeps offline messages in the table `offline_messages`. */
export function createSqlOfflineStore(
  deps: { readonly db: SqlDatabase },
  statements: Statements,
): OfflineStore {
  const log = createSqlLogs(deps, statements, {
    table: 'offline_messages',
    owner: 'account',
    value: 'stanza',
    at: 'received_at',
  })('')

  return {
    append: (account, { stanza, receivedAt, expiresAt }, limit) =>
      log.append(
        account.toString(),
        expiresAt === undefined
          ? { value: stanza, at: receivedAt }
          : { value: stanza, at: receivedAt, expiresAt },
        limit,
      ),
    lease: async (account, request) => (await log.lease(account.toString(), request)).map(toMessage),
    ack: (account, ids) => log.ack(account.toString(), ids),
    release: (account, holder) => log.release(account.toString(), holder),
    list: async (account, page) => (await log.read(account.toString(), page)).map(toMessage),
    async get(account, id) {
      const entry = await log.get(account.toString(), id)
      return entry && toMessage(entry)
    },
    count: (account, now) => log.count(account.toString(), now),
    removeAll: (account) => log.removeOwner(account.toString()),
    removeExpired: (now, limit) => log.removeExpired(now, limit),
    removeOlder: (domain, before, limit) => log.removeBefore(domain, before, limit),
  }
}

function toMessage({ id, value, at, expiresAt }: LogEntry): OfflineMessage {
  return { id, stanza: value, receivedAt: at, ...(expiresAt !== undefined && { expiresAt }) }
}
