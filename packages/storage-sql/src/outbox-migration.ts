import type { Migration } from './migrations.js'

/** The step that brings events on their way out. */
export const outboxEvents: Migration = {
  id: 11,
  name: 'outbox',
  up: (t) => [
    `create table outbox_events (
      id ${t.id},
      target ${t.text} not null,
      conversation ${t.text} not null,
      account ${t.text} not null,
      type ${t.text} not null,
      event ${t.text} not null,
      happened_at ${t.timestamp} not null,
      refusals ${t.integer} not null default 0,
      dead_at ${t.timestamp},
      error ${t.text}
    )${t.suffix}`,
    'create index outbox_events_waiting on outbox_events (target, id) where dead_at is null',
    'create index outbox_events_dead on outbox_events (target, dead_at, id) where dead_at is not null',
    'create index outbox_events_dead_of_account on outbox_events (account) where dead_at is not null',
    `create table outbox_leases (
      target ${t.text} primary key,
      holder ${t.text} not null,
      held_until ${t.timestamp} not null
    )${t.suffix}`,
  ],
}
