import type { UserDataPage } from '@xmppkit/auth'
import type { SqlDatabase } from './database.js'
import type { Statements } from './statements.js'
import type { Tables } from './tables.js'

/** Tables whose rows belong to accounts of a domain. */
type OfAccounts = {
  [T in keyof Tables]: Tables[T] extends { account: string; domain: string } ? T : never
}[keyof Tables]

/** Reads which accounts of a domain have rows in a table, page by page. */
export function createAccountPages(
  db: Pick<SqlDatabase, 'read'>,
  { with: taking }: Statements,
  table: OfAccounts,
): (domain: string, page: UserDataPage) => Promise<readonly string[]> {
  const page = taking<{ domain: string; after: string; limit: number }>()(`${table}_accounts`, (query, p) =>
    query
      // All of them have these columns, which is too much for the types of the builder.
      .selectFrom(table as 'last_activity')
      .select('account')
      .distinct()
      .where('domain', '=', p('domain'))
      .where('account', '>', p('after'))
      .orderBy('account')
      .limit(p('limit')),
  )
  return async (domain, { after = '', limit }) =>
    (await db.read(page({ domain, after, limit }))).map(({ account }) => String(account))
}

/** The first of several sorted pages. */
export function mergedPages(pages: readonly (readonly string[])[], limit: number): readonly string[] {
  const all = [...new Set(pages.flat())].map((text) => Buffer.from(text))
  return all.sort(Buffer.compare).slice(0, limit).map(String)
}
