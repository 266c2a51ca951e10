import { type RawBuilder, sql } from 'kysely'
import type { Statements } from './statements.js'

/** A table of entries that are appended, leased and acknowledged, with the names of its columns. */
export interface LeasedTable {
  /** The table. */
  readonly table: 'offline_messages' | 'log_entries'
  /** Column of whose entry it is. */
  readonly owner: string
  /** Column of the entry itself. */
  readonly value: string
  /** Column of when it happened. */
  readonly at: string
  /** Column that tells several logs in the table apart; absent when it is one. */
  readonly scope?: string
}

type Scoped = { scope: string }
type Owned = Scoped & { owner: string }
type Fragment = RawBuilder<unknown>
type Names = ReturnType<typeof namesOf>

function namesOf(statements: Pick<Statements, 'table'>, { table, owner, value, at, scope }: LeasedTable) {
  const inScope = (p: (name: 'scope') => string, condition: Fragment): Fragment =>
    scope === undefined ? condition : sql`${sql.ref(scope)} = ${p('scope')} and ${condition}`
  return {
    table: statements.table(table),
    owner: sql.ref(owner),
    value: sql.ref(value),
    at: sql.ref(at),
    columns: sql`id, ${sql.ref(value)} as value, ${sql.ref(at)} as happened_at, expires_at`,
    /** A column and its value, each followed by a comma, where there is a scope. */
    scopeColumn: scope === undefined ? sql`` : sql`${sql.ref(scope)}, `,
    scopeValue: (p: (name: 'scope') => string) => (scope === undefined ? sql`` : sql`${p('scope')}, `),
    inScope,
    ofOwner: (p: (name: 'scope' | 'owner') => string) => inScope(p, sql`${sql.ref(owner)} = ${p('owner')}`),
  }
}

const alive = (now: string): Fragment => sql`(expires_at is null or expires_at > ${now})`

/** The queries about one such table; written out as SQL, because the names of its columns vary. */
export function leasedStatements(statements: Statements, shape: LeasedTable) {
  const { with: taking, dialect } = statements
  const n = namesOf(statements, shape)
  return {
    append: appendStatement(taking, shape.table, n, dialect.returningId),
    appendWithin: appendWithinStatement(taking, shape.table, n),
    ...readStatements(taking, shape.table, n),
    ...leaseStatements(taking, shape.table, n, dialect.numbersIn),
    ...removeStatements(taking, shape.table, n),
  }
}

type Taking = Statements['with']
type New = Owned & { domain: string; value: string; at: string; expires_at: string | null }

/** Appends without a look at what is there. */
function appendStatement(taking: Taking, table: string, n: Names, returningId: Fragment) {
  return taking<New>()(
    `${table}_add`,
    (_, p) => sql`
      insert into ${n.table} (${n.scopeColumn}${n.owner}, domain, ${n.value}, ${n.at}, expires_at)
      values (${n.scopeValue(p)}${p('owner')}, ${p('domain')}, ${p('value')}, ${p('at')}, ${p('expires_at')})
      ${returningId}`,
    { givesId: true },
  )
}

/** Appends unless there are as many as allowed, and counts no further than that. */
function appendWithinStatement(taking: Taking, table: string, n: Names) {
  return taking<New & { limit: number }>()(
    `${table}_append`,
    (_, p) => sql`
      insert into ${n.table} (${n.scopeColumn}${n.owner}, domain, ${n.value}, ${n.at}, expires_at)
      select ${n.scopeValue(p)}${p('owner')}, ${p('domain')}, ${p('value')}, ${p('at')}, ${p('expires_at')}
      where (select count(*) from (
        select 1 from ${n.table} where ${n.ofOwner(p)} and ${alive(p('at'))} limit ${p('limit')}
      ) as waiting) < ${p('limit')}
      returning id`,
  )
}

function readStatements(taking: Taking, table: string, n: Names) {
  const page = (order: 'asc' | 'desc') =>
    taking<Owned & { after: number; before: number; now: string; limit: number }>()(
      `${table}_page_${order}`,
      (_, p) => sql`
        select ${n.columns} from ${n.table}
        where ${n.ofOwner(p)} and id > ${p('after')} and id < ${p('before')} and ${alive(p('now'))}
        order by id ${sql.raw(order)} limit ${p('limit')}`,
    )
  return {
    oldestFirst: page('asc'),
    newestFirst: page('desc'),
    get: taking<Owned & { id: number }>()(
      `${table}_get`,
      (_, p) => sql`select ${n.columns} from ${n.table} where ${n.ofOwner(p)} and id = ${p('id')}`,
    ),
    count: taking<Owned & { now: string }>()(
      `${table}_count`,
      (_, p) => sql`select count(*) as count from ${n.table} where ${n.ofOwner(p)} and ${alive(p('now'))}`,
    ),
  }
}

function leaseStatements(taking: Taking, table: string, n: Names, numbersIn: (json: string) => Fragment) {
  return {
    /** Takes what is free, up to the oldest entry another holder works on: so order holds. */
    lease: taking<Owned & { holder: string; until: string; now: string; limit: number }>()(
      `${table}_lease`,
      (_, p) => sql`
        update ${n.table} set leased_by = ${p('holder')}, leased_until = ${p('until')}
        where id in (
          select id from ${n.table}
          where ${n.ofOwner(p)} and ${alive(p('now'))}
            and (leased_until is null or leased_until <= ${p('now')})
            and id < coalesce((
              select min(id) from ${n.table}
              where ${n.ofOwner(p)} and ${alive(p('now'))}
                and leased_until > ${p('now')} and leased_by <> ${p('holder')}
            ), ${sql.lit(Number.MAX_SAFE_INTEGER)})
          order by id limit ${p('limit')}
        )
        returning ${n.columns}`,
    ),
    ack: taking<Owned & { ids: string }>()(
      `${table}_ack`,
      (_, p) => sql`delete from ${n.table} where ${n.ofOwner(p)} and id in ${numbersIn(p('ids'))}`,
    ),
    release: taking<Owned & { holder: string }>()(
      `${table}_release`,
      (_, p) => sql`
        update ${n.table} set leased_by = null, leased_until = null
        where ${n.ofOwner(p)} and leased_by = ${p('holder')}`,
    ),
  }
}

function removeStatements(taking: Taking, table: string, n: Names) {
  return {
    removeOwner: taking<Owned>()(
      `${table}_remove_owner`,
      (_, p) => sql`delete from ${n.table} where ${n.ofOwner(p)}`,
    ),
    removeExpired: taking<Scoped & { now: string; limit: number }>()(
      `${table}_remove_expired`,
      (_, p) => sql`
        delete from ${n.table} where id in (
          select id from ${n.table} where ${n.inScope(p, sql`expires_at <= ${p('now')}`)}
          order by expires_at limit ${p('limit')}
        )`,
    ),
    removeBefore: taking<Scoped & { domain: string; before: string; limit: number }>()(
      `${table}_remove_before`,
      (_, p) => sql`
        delete from ${n.table} where id in (
          select id from ${n.table}
          where ${n.inScope(p, sql`domain = ${p('domain')} and ${n.at} < ${p('before')}`)}
          order by ${n.at} limit ${p('limit')}
        )`,
    ),
  }
}
