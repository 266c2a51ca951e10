import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseJid } from '@xmppkit/jid'
import { createSqlStorage, type SqlStorage } from '@xmppkit/storage-sql'
import { freshSchema, query } from '../storage/postgres.js'
import { domain, recipients } from './cast.js'

/** Where a server keeps what it must not forget. */
export interface Place extends AsyncDisposable {
  /** Its folder. */
  readonly folder: string
  /** Further options of `xmppkit serve`. */
  readonly flags: readonly string[]
  /** Ids of the messages that wait for each account; with the server down. */
  readWaiting(): Promise<Map<string, string[]>>
}

const makeFolder = () => mkdtemp(join(tmpdir(), 'xmppkit-crash-'))
const removeFolder = (folder: string) => rm(folder, { recursive: true, force: true })

/** A file in the folder. */
export async function sqlitePlace(): Promise<Place> {
  const folder = await makeFolder()
  return {
    folder,
    flags: [],
    readWaiting: () => readWaiting(() => createSqlStorage({ path: join(folder, 'xmppkit.sqlite') })),
    [Symbol.asyncDispose]: () => removeFolder(folder),
  }
}

/** A schema of its own. */
export async function postgresPlace(url: string): Promise<Place> {
  const folder = await makeFolder()
  const schema = freshSchema()
  return {
    folder,
    flags: ['--database-url', url, '--set', `sql.schema=${schema}`, '--set', 'sql.maxConnections=6'],
    readWaiting: () =>
      readWaiting(() => createSqlStorage({ url }, { schema, maxConnections: 2, writers: 1 })),
    async [Symbol.asyncDispose]() {
      await removeFolder(folder)
      await query(url, `drop schema if exists "${schema}" cascade`)
    },
  }
}

async function readWaiting(open: () => Promise<SqlStorage>): Promise<Map<string, string[]>> {
  await using storage = await open()
  const waiting = new Map<string, string[]>()
  for (const { account } of recipients) {
    const page = { limit: 100_000, now: 0 }
    const messages = await storage.offline.list(parseJid(`${account}@${domain}`).bare, page)
    waiting.set(
      account,
      messages.map(({ stanza }) => / id=['"]([^'"]+)/.exec(stanza)?.[1] ?? stanza),
    )
  }
  return waiting
}
