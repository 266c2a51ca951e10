import type { Migration } from './migrations.js'

/** Domains that were added at run time, and what they have of their own; what is null the options say. */
export const tenants: Migration = {
  id: 12,
  name: 'tenants',
  up: (t) => [
    `create table tenants (
      domain ${t.text} primary key,
      host ${t.text} not null,
      created_at ${t.timestamp} not null,
      name ${t.text},
      contacts ${t.text},
      max_accounts ${t.integer},
      max_sessions ${t.integer},
      max_sessions_per_account ${t.integer},
      max_stanzas_per_second ${t.integer},
      max_offline_messages ${t.integer},
      max_archived_messages ${t.integer},
      max_archive_days ${t.integer}
    )${t.suffix}`,
    'create index tenants_of_host on tenants (host, domain)',
  ],
}
