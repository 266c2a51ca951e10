import type { Migration } from './migrations.js'

/** The step that brings push registrations. */
export const pushRegistrations: Migration = {
  id: 7,
  name: 'push registrations',
  up: (t) => [
    `create table push_registrations (
      account ${t.text} not null,
      domain ${t.text} not null,
      service ${t.text} not null,
      node ${t.text} not null,
      client ${t.text} not null,
      options ${t.text},
      enabled_at ${t.timestamp} not null,
      primary key (account, service, node)
    )${t.suffix}`,
    'create index push_registrations_of_domain on push_registrations (domain, account)',
    'create index push_registrations_by_age on push_registrations (domain, enabled_at)',
  ],
}
