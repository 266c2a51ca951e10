import { type RawBuilder, sql } from 'kysely'
import type { Statements } from './statements.js'

type Fragment = RawBuilder<unknown>

/** The number of a message, as the indexes by party have it. */
const sum = sql`(m.id + 0)`

/** The queries about inboxes. */
export function inboxStatements(statements: Statements) {
  const { with: taking, dialect, table } = statements
  const [messages, marks] = [table('archive_messages'), table('inbox_marks')]
  return {
    conversations: conversationsStatement(statements),
    countMarks: taking<{ account: string }>()(
      'inbox_count_marks',
      (_, p) => sql`select count(*) as count from ${marks} where account = ${p('account')}`,
    ),
    place: taking<{ account: string; archive_id: string }>()(
      'inbox_place',
      (_, p) =>
        sql`select id from ${messages} where account = ${p('account')} and archive_id = ${p('archive_id')}`,
    ),
    messages: taking<{ account: string; ids: string }>()(
      'inbox_messages',
      (_, p) => sql`
        select id, archive_id, sent_at, stanza from ${messages}
        where account = ${p('account')} and ${dialect.isOneOf(sql`id`, p('ids'), 'bigint')}`,
    ),
    mark: markStatements(statements),
    prune: taking<{ account: string }>()(
      'inbox_prune',
      (_, p) => sql`
        delete from ${marks} where account = ${p('account')} and not exists (
          select 1 from ${messages} as m
          where m.account = ${p('account')} and m.with_bare = inbox_marks.with_bare
        )`,
    ),
    remove: taking<{ account: string }>()('inbox_remove', (db, p) =>
      db.deleteFrom('inbox_marks').where('account', '=', p('account')),
    ),
  }
}

/**
 * Each conversation of an account with its ends and what is unread in it. It goes from party to party in the index by party,
 * and in each back from the newest message, not further than asked: it costs the same in a large archive and in a small one.
 */
function conversationsStatement({ with: taking, table }: Statements) {
  const [messages, marks] = [table('archive_messages'), table('inbox_marks')]
  type Asked = { account: string; limit: number; depth: number }
  return taking<Asked>()('inbox_conversations', (_, p) => {
    const owned = sql`from ${messages} as m where m.account = ${p('account')}`
    const newest = (of: string, where: Fragment, more = sql``) => sql`(
      select ${sum} ${owned} and m.with_bare = ${sql.ref(of)}.with_bare ${where} order by ${sum} desc limit 1 ${more}
    )`
    return sql`
      with recursive parties (with_bare, number) as (
        select (select m.with_bare ${owned} order by m.with_bare desc limit 1), 1
        union all
        select (
          select m.with_bare ${owned} and m.with_bare < parties.with_bare order by m.with_bare desc limit 1
        ), parties.number + 1
        from parties where parties.with_bare is not null and parties.number < ${p('limit')}
      ),
      reach as materialized (
        select parties.with_bare, ${newest('parties', sql``)} as last,
          coalesce(${newest('parties', sql``, sql`offset ${p('depth')}`)}, 0) as start_at,
          coalesce((
            select k.read_to from ${marks} as k
            where k.account = ${p('account')} and k.with_bare = parties.with_bare
          ), 0) as read_to
        from parties where parties.with_bare is not null
      ),
      ends as materialized (
        select reach.with_bare, reach.last,
          ${newest('reach', sql`and m.instant and ${sum} > reach.start_at`)} as message,
          coalesce(${newest(
            'reach',
            sql`and m.direction = 'sent' and m.instant and ${sum} > reach.start_at and ${sum} > reach.read_to`,
          )}, case when reach.read_to > reach.start_at then reach.read_to else reach.start_at end) as read_to
        from reach
      )
      select ends.with_bare, ends.last, ends.message,
        case when ends.message <= ends.read_to or ends.with_bare = ${p('account')} then 0 else (
          select count(*) ${owned} and m.with_bare = ends.with_bare and m.direction = 'received' and m.instant
            and ${sum} > ends.read_to
        ) end as unread
      from ends`
  })
}

/** Move a read marker to a message, if there is one and it is further on. */
function markStatements({ with: taking, table }: Statements) {
  const [messages, marks] = [table('archive_messages'), table('inbox_marks')]
  type Marked = { account: string; domain: string; with_bare: string; marked_at: string; upTo: string }
  const mark = (name: string, which: (upTo: string) => Fragment) =>
    taking<Marked>()(
      `inbox_mark_${name}`,
      (_, p) => sql`
        insert into ${marks} (account, domain, with_bare, read_to, read_id, marked_at)
        select m.account, m.domain, m.with_bare, m.id, m.archive_id, ${p('marked_at')}
        from ${messages} as m
        where m.account = ${p('account')} and m.with_bare = ${p('with_bare')} ${which(p('upTo'))}
        order by ${sum} desc limit 1
        on conflict (account, with_bare) do update
          set read_to = excluded.read_to, read_id = excluded.read_id, marked_at = excluded.marked_at
          where excluded.read_to > inbox_marks.read_to
        returning read_id`,
    )
  return {
    'origin-id': mark('origin', (upTo) => sql`and m.origin_id = ${upTo} and m.direction = 'received'`),
    'archive-id': mark('archive', (upTo) => sql`and m.archive_id = ${upTo}`),
    newest: mark('newest', () => sql``),
  }
}
