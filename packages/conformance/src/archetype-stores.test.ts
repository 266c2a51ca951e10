// The archetypes of @xmppkit/storage suffice for every port: here each is built from them, in a few lines, and tested.
import type { AccountStore, StoredAccount, StoredCredentials } from '@xmppkit/auth'
import type { LastActivity, LastActivityStore } from '@xmppkit/basics'
import type { OfflineMessage, OfflineStore } from '@xmppkit/offline'
import {
  createMemoryKeyValue,
  createMemoryLog,
  jsonKeyValue,
  type KeyValue,
  type Log,
  type LogEntry,
} from '@xmppkit/storage'
import { accountStoreConformance } from './account-store.js'
import { lastActivityStoreConformance } from './last-activity-store.js'
import { offlineStoreConformance } from './offline-store.js'

const bytes = (_: string, value: unknown) => (value instanceof Uint8Array ? { bytes: [...value] } : value)
const unbytes = (_: string, value: unknown) => {
  const list: unknown = Reflect.get(Object(value), 'bytes')
  return Array.isArray(list) ? Uint8Array.from(list) : value
}

function accountsFrom(store: KeyValue): AccountStore {
  const read = (text: string | undefined) => text && (JSON.parse(text, unbytes) as StoredAccount)
  const change = async (domain: string, local: string, to: (account: StoredAccount) => object) => {
    const { changed, value } = await store.update(domain, local, (text) => {
      const account = read(text)
      return account && JSON.stringify(to(account), bytes)
    })
    return changed || value !== undefined
  }
  return {
    async create({ domain, local }, account) {
      const { previous } = await store.update(domain, local, (text) => text ?? JSON.stringify(account, bytes))
      return previous === undefined
    },
    get: async ({ domain, local }) => read(await store.get(domain, local)) || undefined,
    async setCredentials({ domain, local }, { scram }, before) {
      const keys = (credentials: StoredCredentials) =>
        credentials.scram.map(({ storedKey }) => Buffer.from(storedKey).toString('hex')).sort()
      const { changed } = await store.update(domain, local, (text) => {
        const account = read(text)
        if (!account || (before && keys(account).join() !== keys(before).join())) return text
        return JSON.stringify({ ...account, scram }, bytes)
      })
      return changed
    },
    setDisabled: ({ domain, local }, reason) =>
      // JSON leaves out what is undefined.
      change(domain, local, (account) => ({ ...account, disabled: reason })),
    remove: ({ domain, local }) => store.delete(domain, local),
    async list(domain, page) {
      // The order of keys is the store's own, that of accounts is by bytes.
      const entries = await store.list(domain, { limit: 1_000 })
      return entries
        .map(({ key }) => key)
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .filter(
          (key) => page.after === undefined || Buffer.compare(Buffer.from(key), Buffer.from(page.after)) > 0,
        )
        .slice(0, page.limit)
    },
    count: (domain) => store.count(domain),
  }
}

function offlineFrom(log: Log): OfflineStore {
  const toMessage = ({ id, value, at, expiresAt }: LogEntry): OfflineMessage => ({
    id,
    stanza: value,
    receivedAt: at,
    ...(expiresAt !== undefined && { expiresAt }),
  })
  return {
    append: (account, { stanza, receivedAt, expiresAt }, limit) =>
      log.append(
        account.toString(),
        { value: stanza, at: receivedAt, ...(expiresAt !== undefined && { expiresAt }) },
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

function lastActivityFrom(text: KeyValue): LastActivityStore {
  const store = jsonKeyValue(text, (value) => value as LastActivity)
  return {
    set: (account, activity) => store.set(account.toString(), 'last', activity),
    get: (account) => store.get(account.toString(), 'last'),
    remove: async (account) => void (await store.delete(account.toString(), 'last')),
  }
}

accountStoreConformance('over a key-value store', () => ({ store: accountsFrom(createMemoryKeyValue()) }))
offlineStoreConformance('over a log', () => ({ store: offlineFrom(createMemoryLog()) }))
lastActivityStoreConformance('over a key-value store', () => ({
  store: lastActivityFrom(createMemoryKeyValue()),
}))
