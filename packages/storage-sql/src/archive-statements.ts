import { type RawBuilder, sql } from 'kysely'
import type { ArchiveSearch } from './archive-search.js'
import type { Statements } from './statements.js'

type Fragment = RawBuilder<unknown>
type Taking = Statements['with']

/** Between which messages; ids exclusive, moments inclusive. Every page has all four, so there is one plan for each. */
type Bounds = { account: string; after: number; before: number; from: string; to: string }
type Party = { bare: string; resource: string }
type Named = { ids: string }
type Searched = { match: string }
type Part = { limit: number; skip: number }
/** What a page can be asked with; each statement takes what it needs of it. */
export type PageParameters = Bounds & Party & Named & Searched & Part

type P = (name: keyof PageParameters) => unknown

/** How messages are found, each by an index of its own. */
export type Access = 'all' | 'bare' | 'full' | 'text'

const columns = sql`archive_id, sent_at, stanza`
/** The number of a message, as the indexes by party have it, and so that PostgreSQL does not walk the messages of all accounts. */
const sum = sql`(id + 0)`

/** The queries about archives. */
export function archiveStatements(statements: Statements, search: ArchiveSearch) {
  const { with: taking, table, dialect } = statements
  const messages = table('archive_messages')
  return {
    append: appendStatement(taking, messages, dialect.types.timestamp),
    pages: pageStatements(taking, messages, search),
    ...idStatements(statements, messages, search),
    ...timeStatements(taking, messages),
    ...removeStatements(taking, messages),
    ...preferenceStatements(taking),
  }
}

/** Appends; a message is never older than the one before it. */
function appendStatement(taking: Taking, messages: Fragment, moment: string) {
  type New = {
    account: string
    domain: string
    archive_id: string
    with_bare: string
    with_resource: string | null
    direction: string
    kind: string
    origin_id: string | null
    stanza: string
    instant: boolean
    body: string | null
    sent_at: string
  }
  return taking<New>()(
    'archive_append',
    (_, p) => sql`
      insert into ${messages}
        (account, domain, archive_id, with_bare, with_resource, direction, kind, origin_id, stanza, instant,
          body, sent_at)
      values (${p('account')}, ${p('domain')}, ${p('archive_id')}, ${p('with_bare')}, ${p('with_resource')},
        ${p('direction')}, ${p('kind')}, ${p('origin_id')}, ${p('stanza')}, ${p('instant')}, ${p('body')},
        (select max(moment) from (
          select cast(${p('sent_at')} as ${sql.raw(moment)}) as moment
          union all
          select sent_at from (
            select sent_at from ${messages} where account = ${p('account')} order by sent_at desc limit 1
          ) as newest
        ) as moments))`,
  )
}

const within = (p: P, id: Fragment): Fragment => sql`${id} > ${p('after')} and ${id} < ${p('before')}`
const inTime = (p: P): Fragment => sql`sent_at >= ${p('from')} and sent_at <= ${p('to')}`
type OfParty = (name: 'account' | keyof Party) => unknown
const withBare = (p: OfParty): Fragment => sql`account = ${p('account')} and with_bare = ${p('bare')}`
const withFull = (p: OfParty): Fragment => sql`${withBare(p)} and with_resource = ${p('resource')}`

/** What is asked for, in the words of each access. */
function conditions(p: P, access: Access, search: ArchiveSearch): Fragment {
  switch (access) {
    case 'all':
      return sql`account = ${p('account')} and ${inTime(p)} and ${within(p, sum)}`
    case 'bare':
      return sql`${withBare(p)} and ${within(p, sum)}`
    case 'full':
      return sql`${withFull(p)} and ${within(p, sum)}`
    case 'text':
      // No column that an index has: PostgreSQL would look at all of an account's besides.
      return sql`${search.matches(p('match'))} and ${within(p, search.id)} and account || '' = ${p('account')}
        and (cast(${p('bare')} as text) = '' or with_bare = ${p('bare')})
        and (cast(${p('resource')} as text) = '' or with_resource = ${p('resource')})`
  }
}

function pageStatements(taking: Taking, messages: Fragment, search: ArchiveSearch) {
  const from = (access: Access) => (access === 'text' ? search.from : messages)
  const page = (access: Access, order: 'asc' | 'desc') => {
    const direction = sql.raw(order)
    const id = access === 'text' ? search.id : sum
    // Within an account both orders are the same; each is that of its index.
    const by = access === 'all' ? sql`sent_at ${direction}, id ${direction}` : sql`${id} ${direction}`
    return taking<PageParameters>()(
      `archive_page_${access}_${order}`,
      (_, p) => sql`
        select ${columns} from ${from(access)} where ${conditions(p as P, access, search)}
        order by ${by} limit ${p('limit')} offset ${p('skip')}`,
    )
  }
  const both = (access: Access) => ({
    oldest: page(access, 'asc'),
    newest: page(access, 'desc'),
    count: taking<PageParameters>()(
      `archive_count_${access}`,
      (_, p) =>
        sql`select count(*) as count from (
          select 1 from ${from(access)} where ${conditions(p as P, access, search)} limit ${p('limit')}
        ) as matching`,
    ),
  })
  return { all: both('all'), bare: both('bare'), full: both('full'), text: both('text') }
}

function idStatements({ with: taking, dialect }: Statements, messages: Fragment, search: ArchiveSearch) {
  type Owned = { account: string }
  const { isOneOf } = dialect
  return {
    /** Where messages stand that are known by their archive's ids. */
    resolve: taking<Owned & Named>()(
      'archive_resolve',
      (_, p) => sql`
        select id, archive_id, sent_at, with_bare, with_resource from ${messages}
        where account = ${p('account')} and ${isOneOf(sql`archive_id`, p('ids'), 'text')}`,
    ),
    /** Messages by their numbers, oldest first. */
    get: taking<Owned & Named>()(
      'archive_get',
      (_, p) => sql`
        select ${columns} from ${messages}
        where account = ${p('account')} and ${isOneOf(sql`id`, p('ids'), 'bigint')} order by id`,
    ),
    /** Which of some messages have the words. */
    having: taking<Owned & Named & Searched>()(
      'archive_having',
      (_, p) => sql`
        select ${search.id} as id from ${search.from}
        where ${search.matches(p('match'))} and account = ${p('account')}
          and ${isOneOf(search.id, p('ids'), 'bigint')}`,
    ),
    // Ordered and asked by what no index has, or all messages with somebody would be walked.
    find: taking<Owned & { origin_id: string; with_bare: string; direction: string }>()(
      'archive_find',
      (_, p) => sql`
        select ${columns} from ${messages}
        where account = ${p('account')} and origin_id = ${p('origin_id')}
          and with_bare || '' = ${p('with_bare')} and direction = ${p('direction')}
        order by -id limit 1`,
    ),
    replace: taking<Owned & { archive_id: string; stanza: string }>()(
      'archive_replace',
      (_, p) => sql`
        update ${messages} set stanza = ${p('stanza')}, instant = ${sql.raw(dialect.types.no)}, body = null
        where account = ${p('account')} and archive_id = ${p('archive_id')}`,
    ),
  }
}

function timeStatements(taking: Taking, messages: Fragment) {
  type At = { account: string; at: string }
  return {
    /** The first message that is not before a moment. */
    firstFrom: taking<At>()(
      'archive_first_from',
      (_, p) => sql`
        select id, archive_id, sent_at from ${messages} where account = ${p('account')} and sent_at >= ${p('at')}
        order by sent_at, id limit 1`,
    ),
    /** The last message that is not after a moment. */
    lastTo: taking<At>()(
      'archive_last_to',
      (_, p) => sql`
        select id, archive_id, sent_at from ${messages} where account = ${p('account')} and sent_at <= ${p('at')}
        order by sent_at desc, id desc limit 1`,
    ),
  }
}

function removeStatements(taking: Taking, messages: Fragment) {
  type Some = { account: string; limit: number }
  type Old = { domain: string; kind: string; before: string }
  const remove = (name: string, order: Fragment, where: (p: OfParty) => Fragment) =>
    taking<Some & Party>()(
      name,
      (_, p) => sql`
        delete from ${messages} where id in (
          select id from ${messages} where ${where(p)} order by ${order} limit ${p('limit')}
        )`,
    )
  return {
    remove: {
      all: remove('archive_remove', sql`sent_at, id`, (p) => sql`account = ${p('account')}`),
      bare: remove('archive_remove_bare', sum, withBare),
      full: remove('archive_remove_full', sum, withFull),
    },
    /** The newest message beyond those to keep. */
    newestBeyond: taking<{ account: string; keep: number }>()(
      'archive_newest_beyond',
      (_, p) => sql`
        select id from ${messages} where account = ${p('account')}
        order by sent_at desc, id desc limit 1 offset ${p('keep')}`,
    ),
    removeTo: taking<Some & { to: number }>()(
      'archive_remove_to',
      (_, p) => sql`
        delete from ${messages} where id in (
          select id from ${messages} where account = ${p('account')} and id <= ${p('to')}
          order by sent_at, id limit ${p('limit')}
        )`,
    ),
    removeOlder: taking<Old & { limit: number }>()(
      'archive_remove_older',
      (_, p) => sql`
        delete from ${messages} where id in (
          select id from ${messages}
          where domain = ${p('domain')} and kind = ${p('kind')} and sent_at < ${p('before')}
          order by sent_at limit ${p('limit')}
        )`,
    ),
    countOlder: taking<Old>()(
      'archive_count_older',
      (_, p) => sql`
        select count(*) as count from ${messages}
        where domain = ${p('domain')} and kind = ${p('kind')} and sent_at < ${p('before')}`,
    ),
  }
}

function preferenceStatements(taking: Taking) {
  type Preferences = { domain: string; default_rule: string; always_with: string; never_with: string }
  return {
    preferences: taking<{ account: string }>()('archive_preferences', (db, p) =>
      db
        .selectFrom('archive_preferences')
        .select(['default_rule', 'always_with', 'never_with'])
        .where('account', '=', p('account')),
    ),
    setPreferences: taking<{ account: string } & Preferences>()('archive_set_preferences', (db, p) => {
      const changes = {
        default_rule: p('default_rule'),
        always_with: p('always_with'),
        never_with: p('never_with'),
      }
      return db
        .insertInto('archive_preferences')
        .values({ account: p('account'), domain: p('domain'), ...changes })
        .onConflict((conflict) => conflict.column('account').doUpdateSet(changes))
    }),
    forgetPreferences: taking<{ account: string }>()('archive_forget_preferences', (db, p) =>
      db.deleteFrom('archive_preferences').where('account', '=', p('account')),
    ),
  }
}
