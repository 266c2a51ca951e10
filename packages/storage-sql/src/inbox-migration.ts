import type { Migration } from './migrations.js'

/** What inboxes need: which messages people read, and how far they have. What was archived before counts as read. */
export const inboxMigration: Migration = {
  id: 10,
  name: 'inboxes',
  up: (t) => [
    `alter table archive_messages add column instant ${t.boolean} not null default ${t.no}`,
    // The index by party tells the kind of messages too, so that unread ones are counted in it alone.
    'drop index archive_messages_with',
    'create index archive_messages_with on archive_messages (account, with_bare, (id + 0), direction, instant)',
    `create table inbox_marks (
      account ${t.text} not null,
      domain ${t.text} not null,
      with_bare ${t.text} not null,
      read_to ${t.integer} not null,
      read_id ${t.text} not null,
      marked_at ${t.timestamp} not null,
      primary key (account, with_bare)
    )${t.suffix}`,
    'create index inbox_marks_of_domain on inbox_marks (domain, account)',
  ],
}
