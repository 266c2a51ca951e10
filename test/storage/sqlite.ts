import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenedStore } from '@xmppkit/conformance'
import {
  createSqlStorage,
  type SqlStorage,
  type SqlStorageDeps,
  type SqlStorageOptions,
} from '@xmppkit/storage-sql'

/** A folder of its own, which goes with what is in it. */
export async function temporaryFolder(): Promise<
  { path: string; remove(): Promise<void> } & AsyncDisposable
> {
  const path = await mkdtemp(join(tmpdir(), 'xmppkit-storage-'))
  const remove = () => rm(path, { recursive: true, force: true })
  return { path, remove, [Symbol.asyncDispose]: remove }
}

/** Opens one store of a database that can be closed and opened again. */
export async function openStore<S>(
  deps: SqlStorageDeps,
  pick: (storage: SqlStorage) => S,
  cleanUp: () => Promise<void>,
  options: SqlStorageOptions = {},
): Promise<OpenedStore<S>> {
  let storage = await createSqlStorage(deps, options)
  return {
    store: pick(storage),
    async reopen() {
      await storage.close()
      storage = await createSqlStorage(deps, options)
      return pick(storage)
    },
    async close() {
      await storage.close()
      await cleanUp()
    },
  }
}
