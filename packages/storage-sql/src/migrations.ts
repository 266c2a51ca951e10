import { archiveMigration } from './archive-migration.js'
import { blockedJids } from './blocked-jids-migration.js'
import type { ColumnTypes } from './dialect.js'
import { fastTokens } from './fast-migration.js'
import { inboxMigration } from './inbox-migration.js'
import { outboxEvents } from './outbox-migration.js'
import { pushRegistrations } from './push-migration.js'
import { tenants } from './tenants-migration.js'

/** A step from one state of the tables to the next. Never changed once it was released. */
export interface Migration {
  /** Its place in the order. */
  readonly id: number
  /** What it brings. */
  readonly name: string
  /** Its statements. */
  up(types: ColumnTypes): readonly string[]
}

/** A step in the words of one dialect. */
export interface MigrationStep {
  /** Its place in the order. */
  readonly id: number
  /** What it brings. */
  readonly name: string
  /** Its statements. */
  readonly statements: readonly string[]
}

const accounts: Migration = {
  id: 1,
  name: 'accounts',
  up: (t) => [
    `create table accounts (
      account ${t.text} primary key,
      domain ${t.text} not null,
      localpart ${t.text} not null,
      id ${t.text} not null unique,
      created_at ${t.timestamp} not null,
      credentials_changed_at ${t.timestamp} not null,
      disabled_reason ${t.text}
    )${t.suffix}`,
    'create unique index accounts_of_domain on accounts (domain, localpart)',
    `create table account_credentials (
      account ${t.text} not null references accounts (account) on delete cascade,
      hash ${t.text} not null,
      iterations ${t.integer} not null,
      salt ${t.text} not null,
      stored_key ${t.text} not null,
      server_key ${t.text} not null,
      primary key (account, hash)
    )${t.suffix}`,
  ],
}

function groupsView(t: ColumnTypes): string {
  const { table, position, value } = t.textsOf('roster_items.group_names')
  return `create view roster_groups as
      select account, contact, ${position} as position, ${value} as group_name from roster_items, ${table}`
}

const rosters: Migration = {
  id: 2,
  name: 'rosters',
  up: (t) => [
    `create table rosters (
      account ${t.text} primary key,
      domain ${t.text} not null,
      version ${t.integer} not null,
      forgotten_version ${t.integer} not null,
      changed_at ${t.timestamp} not null
    )${t.suffix}`,
    'create index rosters_of_domain on rosters (domain)',
    `create table roster_items (
      account ${t.text} not null references rosters (account) on delete cascade,
      contact ${t.text} not null,
      name ${t.text},
      group_names ${t.text} not null,
      subscription ${t.text} not null check (subscription in ('none', 'to', 'from', 'both')),
      pending_out ${t.boolean} not null default ${t.no},
      pending_in ${t.boolean} not null default ${t.no},
      approved ${t.boolean} not null default ${t.no},
      listed ${t.boolean} not null default ${t.no},
      request ${t.text},
      version ${t.integer} not null,
      primary key (account, contact)
    )${t.suffix}`,
    'create index roster_items_of_contact on roster_items (contact)',
    `create table roster_removals (
      account ${t.text} not null references rosters (account) on delete cascade,
      contact ${t.text} not null,
      version ${t.integer} not null,
      primary key (account, contact)
    )${t.suffix}`,
    'create index roster_removals_by_version on roster_removals (account, version)',
    groupsView(t),
  ],
}

const leasedColumns = (t: ColumnTypes) => `
      expires_at ${t.timestamp},
      leased_by ${t.text},
      leased_until ${t.timestamp}`

const offline: Migration = {
  id: 3,
  name: 'offline messages',
  up: (t) => [
    `create table offline_messages (
      id ${t.id},
      account ${t.text} not null,
      domain ${t.text} not null,
      stanza ${t.text} not null,
      received_at ${t.timestamp} not null,${leasedColumns(t)}
    )${t.suffix}`,
    // Covers counting, so that a limit costs no look at the messages themselves.
    'create index offline_messages_waiting on offline_messages (account, id, expires_at)',
    'create index offline_messages_by_age on offline_messages (domain, received_at)',
    'create index offline_messages_expiring on offline_messages (expires_at) where expires_at is not null',
    'create index offline_messages_leased on offline_messages (leased_by) where leased_by is not null',
    `create view offline_queues as
      select account, domain, count(*) as messages, min(received_at) as oldest_at, max(received_at) as newest_at
      from offline_messages group by account, domain`,
  ],
}

const lastActivity: Migration = {
  id: 4,
  name: 'last activity',
  up: (t) => [
    `create table last_activity (
      account ${t.text} primary key,
      domain ${t.text} not null,
      last_at ${t.timestamp} not null,
      status ${t.text} not null
    )${t.suffix}`,
    'create index last_activity_of_domain on last_activity (domain, last_at)',
  ],
}

const archetypes: Migration = {
  id: 5,
  name: 'key-value stores and logs',
  up: (t) => [
    `create table key_values (
      store ${t.text} not null,
      owner ${t.text} not null,
      domain ${t.text} not null,
      key ${t.text} not null,
      value ${t.text} not null,
      changed_at ${t.timestamp} not null,
      primary key (store, owner, key)
    )${t.suffix}`,
    'create index key_values_of_domain on key_values (store, domain)',
    `create table log_entries (
      id ${t.id},
      log ${t.text} not null,
      owner ${t.text} not null,
      domain ${t.text} not null,
      value ${t.text} not null,
      happened_at ${t.timestamp} not null,${leasedColumns(t)}
    )${t.suffix}`,
    'create index log_entries_of_owner on log_entries (log, owner, id, expires_at)',
    'create index log_entries_by_age on log_entries (log, domain, happened_at)',
    'create index log_entries_expiring on log_entries (log, expires_at) where expires_at is not null',
    'create index log_entries_leased on log_entries (leased_by) where leased_by is not null',
  ],
}

/** All steps, in order. */
export const migrations: readonly Migration[] = [
  accounts,
  rosters,
  offline,
  lastActivity,
  archetypes,
  archiveMigration,
  pushRegistrations,
  blockedJids,
  fastTokens,
  inboxMigration,
  outboxEvents,
  tenants,
]

/** The steps in the words of one dialect. */
export function migrationSteps(types: ColumnTypes): readonly MigrationStep[] {
  return migrations.map(({ id, name, up }) => ({ id, name, statements: up(types) }))
}
