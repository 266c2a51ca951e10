import { sql } from 'kysely'
import type { Statements } from './statements.js'

const columns = sql`id, target, conversation, account, type, event, happened_at, refusals, dead_at, error`

/** The queries about events on their way out. */
export function outboxStatements(statements: Statements) {
  return {
    ...waitingStatements(statements),
    ...deadStatements(statements),
    ...leaseStatements(statements),
  }
}

interface New {
  readonly target: string
  readonly conversation: string
  readonly account: string
  readonly type: string
  readonly event: string
  readonly happened_at: string
}

function waitingStatements({ with: taking, table, dialect }: Statements) {
  const events = table('outbox_events')
  return {
    append: taking<New & Record<string, string>>()('outbox_append', (query, p) =>
      query.insertInto('outbox_events').values({
        target: p('target'),
        conversation: p('conversation'),
        account: p('account'),
        type: p('type'),
        event: p('event'),
        happened_at: p('happened_at'),
      }),
    ),
    waiting: taking<{ target: string; limit: number }>()(
      'outbox_waiting',
      (_, p) => sql`
        select ${columns} from ${events} where target = ${p('target')} and dead_at is null
        order by id limit ${p('limit')}`,
    ),
    waitingExcept: taking<{ target: string; limit: number; except: string }>()(
      'outbox_waiting_except',
      (_, p) => sql`
        select ${columns} from ${events} where target = ${p('target')} and dead_at is null
          and not (${dialect.isOneOf(sql`conversation`, p('except'), 'text')})
        order by id limit ${p('limit')}`,
    ),
    ack: taking<{ target: string; ids: string }>()(
      'outbox_ack',
      (_, p) => sql`
        delete from ${events} where ${dialect.isOneOf(sql`id`, p('ids'), 'bigint')}
          and target = ${p('target')} and dead_at is null`,
    ),
    refused: taking<{ target: string; id: number }>()(
      'outbox_refused',
      (_, p) => sql`
        update ${events} set refusals = refusals + 1
        where id = ${p('id')} and target = ${p('target')} and dead_at is null`,
    ),
    bury: taking<{ target: string; id: number; error: string; dead_at: string }>()(
      'outbox_bury',
      (_, p) => sql`
        update ${events} set dead_at = ${p('dead_at')}, error = ${p('error')}
        where id = ${p('id')} and target = ${p('target')} and dead_at is null`,
    ),
    count: taking<{ target: string }>()(
      'outbox_count',
      (_, p) => sql`
        select count(*) as total, count(dead_at) as given_up from ${events} where target = ${p('target')}`,
    ),
  }
}

function deadStatements({ with: taking, table }: Statements) {
  const events = table('outbox_events')
  return {
    dead: taking<{ after: number; limit: number }>()(
      'outbox_dead',
      (_, p) => sql`
        select ${columns} from ${events} where dead_at is not null and id > ${p('after')}
        order by id limit ${p('limit')}`,
    ),
    deadOf: taking<{ target: string; after: number; limit: number }>()(
      'outbox_dead_of',
      (_, p) => sql`
        select ${columns} from ${events}
        where target = ${p('target')} and dead_at is not null and id > ${p('after')}
        order by id limit ${p('limit')}`,
    ),
    revive: taking<{ target: string; limit: number }>()(
      'outbox_revive',
      (_, p) => sql`
        update ${events} set dead_at = null, error = null, refusals = 0 where id in (
          select id from ${events} where target = ${p('target')} and dead_at is not null
          order by id limit ${p('limit')}
        )`,
    ),
    purge: taking<{ target: string; before: string; limit: number }>()(
      'outbox_purge',
      (_, p) => sql`
        delete from ${events} where id in (
          select id from ${events} where target = ${p('target')} and dead_at < ${p('before')}
          order by dead_at limit ${p('limit')}
        )`,
    ),
    forget: taking<{ account: string }>()(
      'outbox_forget',
      (_, p) => sql`delete from ${events} where account = ${p('account')} and dead_at is not null`,
    ),
  }
}

function leaseStatements({ with: taking, table }: Statements) {
  const leases = table('outbox_leases')
  return {
    lease: taking<{ target: string; holder: string; now: string; held_until: string }>()(
      'outbox_lease',
      (_, p) => sql`
        insert into ${leases} (target, holder, held_until)
        values (${p('target')}, ${p('holder')}, ${p('held_until')})
        on conflict (target) do update set holder = excluded.holder, held_until = excluded.held_until
        where outbox_leases.holder = excluded.holder or outbox_leases.held_until <= ${p('now')}`,
    ),
    release: taking<{ target: string; holder: string }>()(
      'outbox_release',
      (_, p) => sql`delete from ${leases} where target = ${p('target')} and holder = ${p('holder')}`,
    ),
  }
}
