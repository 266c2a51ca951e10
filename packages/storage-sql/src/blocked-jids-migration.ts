import type { Migration } from './migrations.js'

/** Who has blocked whom (XEP-0191). */
export const blockedJids: Migration = {
  id: 8,
  name: 'blocked addresses',
  up: (t) => [
    `create table blocked_jids (
      account ${t.text} not null,
      domain ${t.text} not null,
      jid ${t.text} not null,
      blocked_at ${t.timestamp} not null,
      primary key (account, jid)
    )${t.suffix}`,
    'create index blocked_jids_of_domain on blocked_jids (domain)',
  ],
}
