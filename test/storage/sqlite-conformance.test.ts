import { join } from 'node:path'
import { archiveStoreConformance } from '@xmppkit/conformance/archive-store'
import Database from 'libsql'
import { storageConformance } from './conformance.js'
import { openStore, temporaryFolder } from './sqlite.js'

storageConformance('SQLite in a file', async (pick) => {
  const folder = await temporaryFolder()
  return openStore({ path: join(folder.path, 'test.sqlite') }, pick, () => folder.remove())
})

storageConformance('SQLite that others write to as well', async (pick) => {
  const folder = await temporaryFolder()
  const deps = { path: join(folder.path, 'test.sqlite') }
  return openStore(deps, pick, () => folder.remove(), { exclusive: false })
})

storageConformance('SQLite on a connection given', async (pick) => {
  const connection = new Database(':memory:')
  return openStore({ connection }, pick, async () => void connection.close())
})

archiveStoreConformance('SQLite with search', async () => {
  const folder = await temporaryFolder()
  const deps = { path: join(folder.path, 'test.sqlite') }
  return openStore(
    deps,
    ({ archive }) => archive,
    () => folder.remove(),
    { searchArchives: true },
  )
})
