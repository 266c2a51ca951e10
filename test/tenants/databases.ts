import { join } from 'node:path'
import type { ServerOptions } from '@xmppkit/server'
import Database from 'libsql'
import { freshSchema, postgresOrReason, query } from '../storage/postgres.js'
import { testFolder } from './scene.js'

/** A database of one test. */
export interface TestDatabase extends AsyncDisposable {
  /** For the server; to be opened again after a restart. */
  readonly options: Pick<ServerOptions, 'storage' | 'sql'>
  /** A folder that goes with it. */
  readonly folder: string
  /** Every row of every table, as text, by table; but what the database keeps of itself. Only while no server runs. */
  rows(): Promise<ReadonlyMap<string, readonly string[]>>
}

/** Kinds of databases there are here. */
export async function databaseKinds(): Promise<
  (readonly [name: string, open: () => Promise<TestDatabase>])[]
> {
  const postgres = await postgresOrReason()
  const kinds = [['SQLite', openSqlite] as const]
  return typeof postgres === 'string'
    ? kinds
    : [...kinds, ['PostgreSQL', () => openPostgres(postgres.url)] as const]
}

async function openSqlite(): Promise<TestDatabase> {
  const folder = await testFolder()
  const path = join(folder.path, 'server.sqlite')
  return {
    options: { storage: { path } },
    folder: folder.path,
    async rows() {
      const database = new Database(path, { readonly: true })
      const all = (sql: string) => database.prepare(sql).all() as Record<string, unknown>[]
      // The tables of a search index hold the words of what is in it.
      const tables = all("select name from sqlite_master where type = 'table'").map(({ name }) =>
        String(name),
      )
      const found = tables.map((table) => [table, all(`select * from "${table}"`).map(asText)] as const)
      database.close()
      return new Map(found.filter(([table]) => isOurs(table)))
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

async function openPostgres(url: string): Promise<TestDatabase> {
  const folder = await testFolder()
  const schema = freshSchema()
  return {
    options: { storage: { url }, sql: { schema } },
    folder: folder.path,
    async rows() {
      const listed = await query(
        url,
        `select table_name from information_schema.tables where table_schema = '${schema}' and table_type = 'BASE TABLE'`,
      )
      const found = new Map<string, readonly string[]>()
      for (const { table_name: table } of listed) {
        const rows = await query(url, `select * from "${schema}"."${String(table)}"`)
        if (isOurs(String(table))) found.set(String(table), rows.map(asText))
      }
      return found
    },
    async [Symbol.asyncDispose]() {
      await query(url, `drop schema if exists "${schema}" cascade`)
      await folder[Symbol.asyncDispose]()
    },
  }
}

const asText = (row: Record<string, unknown>) =>
  Object.values(row)
    .map((value) =>
      Buffer.isBuffer(value)
        ? value.toString('latin1')
        : value instanceof Date
          ? value.toISOString()
          : `${value as string}`,
    )
    .join('\t')

// What every database has of itself, without anything of anybody.
const isOurs = (table: string) => !['schema_migrations', 'sqlite_sequence', 'sqlite_stat1'].includes(table)
