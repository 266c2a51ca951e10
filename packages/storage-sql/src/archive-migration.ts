import type { Migration } from './migrations.js'

/** The tables of archives. */
export const archiveMigration: Migration = {
  id: 6,
  name: 'archives',
  up: (t) => [
    `create table archive_messages (
      id ${t.id},
      account ${t.text} not null,
      domain ${t.text} not null,
      archive_id ${t.text} not null,
      with_bare ${t.text} not null,
      with_resource ${t.text},
      direction ${t.text} not null check (direction in ('sent', 'received')),
      kind ${t.text} not null check (kind in ('chat', 'groupchat')),
      origin_id ${t.text},
      stanza ${t.text} not null,
      body ${t.text},
      sent_at ${t.timestamp} not null
    )${t.suffix}`,
    'create unique index archive_messages_named on archive_messages (account, archive_id)',
    // Within an account times grow like ids, so this one serves for both.
    'create index archive_messages_of_account on archive_messages (account, sent_at, id)',
    // Ordered by a sum, which the primary key is not: or PostgreSQL would walk all messages of all accounts by it, where it
    // thinks that those wanted are many.
    'create index archive_messages_with on archive_messages (account, with_bare, (id + 0))',
    `create index archive_messages_with_resource on archive_messages (account, with_bare, with_resource, (id + 0))
      where with_resource is not null`,
    `create index archive_messages_by_origin on archive_messages (account, origin_id)
      where origin_id is not null`,
    'create index archive_messages_by_age on archive_messages (domain, kind, sent_at)',
    `create view archives as
      select account, domain, count(*) as messages, min(sent_at) as oldest_at, max(sent_at) as newest_at
      from archive_messages group by account, domain`,
    `create table archive_preferences (
      account ${t.text} primary key,
      domain ${t.text} not null,
      default_rule ${t.text} not null check (default_rule in ('always', 'never', 'roster')),
      always_with ${t.text} not null,
      never_with ${t.text} not null
    )${t.suffix}`,
  ],
}
