import { type RawBuilder, sql } from 'kysely'
import type { Row, SqlDatabase, Step } from './database.js'
import { compiled, type Statements } from './statements.js'

/** Full-text search in archives, in the words of one dialect. */
export interface ArchiveSearch {
  /** Whether there is one. */
  readonly enabled: boolean
  /** Where messages that match come from, in order of their numbers. */
  readonly from: RawBuilder<unknown>
  /** The column of that with the number of a message. */
  readonly id: RawBuilder<unknown>
  /** The condition on that, that a message has the words of a parameter made by {@link matchOf}. */
  matches(match: unknown): RawBuilder<unknown>
  /** What to give for words of an account's; whatever is written in them, they are words and nothing else. */
  matchOf(account: string, text: string): string
}

/** Stands where nothing is searched. */
const noSearch = (statements: Pick<Statements, 'table'>): ArchiveSearch => ({
  enabled: false,
  from: statements.table('archive_messages'),
  id: sql`id`,
  matches: () => sql`1 = 0`,
  matchOf: () => '',
})

/**
 * Makes the search of a database, and the index for it; or removes the index, so that it costs nothing. Making it for messages
 * that are there already takes long, and nothing is written meanwhile.
 */
export async function openArchiveSearch(
  db: SqlDatabase,
  statements: Statements,
  enabled: boolean,
): Promise<ArchiveSearch> {
  const make = db.dialect.name === 'sqlite' ? sqliteSearch : postgresSearch
  return make(createRunner(db), statements, enabled)
}

/** Executes a statement that needs no values. */
type Runner = {
  readonly read: (text: string) => Promise<readonly Row[]>
  readonly write: (...texts: readonly string[]) => Promise<void>
}

function createRunner(db: SqlDatabase): Runner {
  const stepOf = (text: string): Step => ({ statement: compiled('archive_search', text), values: [] })
  return {
    read: (text) => db.read(stepOf(text)),
    async write(...texts) {
      const steps = texts.map(stepOf)
      await db.write({ lock: '', steps })
    },
  }
}

// FTS5 has one index for all accounts, so each message carries its account as a word: the hex digits of its name.
async function sqliteSearch(
  { read, write }: Runner,
  statements: Statements,
  enabled: boolean,
): Promise<ArchiveSearch> {
  const there = await read("select 1 from sqlite_master where name = 'archive_search'")
  if (!enabled) {
    if (there.length > 0)
      await write(...sqliteTriggers.map(({ name }) => `drop trigger ${name}`), 'drop table archive_search')
    return noSearch(statements)
  }
  if (there.length === 0) {
    await write(
      `create virtual table archive_search using fts5(
        owner, body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2')`,
      `insert into archive_search (rowid, owner, body)
        select id, hex(account), body from archive_messages where body is not null`,
      ...sqliteTriggers.map(({ name, text }) => `create trigger ${name} ${text}`),
    )
  }
  return {
    enabled: true,
    // In this order: the search gives numbers in order, so it can stop when a page is full.
    from: sql`archive_search cross join archive_messages on archive_messages.id = archive_search.rowid`,
    id: sql`archive_search.rowid`,
    matches: (match) => sql`archive_search match ${match}`,
    matchOf(account, text) {
      const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
      const quoted = words.map((word) => `"${word.replaceAll('"', '""')}"`)
      if (quoted.length === 0) return 'owner : "-"'
      return `owner : "${Buffer.from(account).toString('hex')}" AND body : (${quoted.join(' AND ')})`
    },
  }
}

const sqliteTriggers = [
  {
    name: 'archive_search_insert',
    text: `after insert on archive_messages when new.body is not null begin
      insert into archive_search (rowid, owner, body) values (new.id, hex(new.account), new.body); end`,
  },
  {
    name: 'archive_search_update',
    text: `after update of body on archive_messages when old.body is not null begin
      delete from archive_search where rowid = old.id; end`,
  },
  {
    name: 'archive_search_delete',
    text: `after delete on archive_messages when old.body is not null begin
      delete from archive_search where rowid = old.id; end`,
  },
]

// The account is one more word here too, marked by a sign no word begins with.
const postgresDocument = `(to_tsvector('simple', coalesce(body, '')) || array_to_tsvector(array['=' || account]))`

async function postgresSearch(
  { write }: Runner,
  statements: Statements,
  enabled: boolean,
): Promise<ArchiveSearch> {
  const { qualified } = statements
  if (!enabled) {
    await write(`drop index if exists ${qualified('archive_messages_search')}`)
    return noSearch(statements)
  }
  await write(
    `create index if not exists archive_messages_search on ${qualified('archive_messages')} using gin (${postgresDocument})`,
  )
  return {
    enabled: true,
    from: statements.table('archive_messages'),
    // A sum, so that nobody walks the messages of all accounts in order of their numbers instead of asking the search.
    id: sql`(id + 0)`,
    matches: (match) => {
      const part = (at: number) => sql`(cast(${match} as json) ->> ${sql.lit(at)})`
      return sql`${sql.raw(postgresDocument)} @@
        (cast(${part(0)} as tsquery) && plainto_tsquery('simple', ${part(1)}))`
    },
    matchOf(account, text) {
      const words = /[\p{L}\p{N}]/u.test(text) ? text : ''
      const owner = words === '' ? '=' : `=${account}`
      return JSON.stringify([`'${owner.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`, words])
    },
  }
}
