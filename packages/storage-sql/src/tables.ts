import type { Generated } from 'kysely'

/** A moment: ISO 8601 text on the way in. */
export type Timestamp = string

/** The tables, as queries see them. Made by `migrations.ts`. */
export interface Tables {
  accounts: {
    account: string
    domain: string
    localpart: string
    id: string
    created_at: Timestamp
    credentials_changed_at: Timestamp
    disabled_reason: string | null
  }
  account_credentials: {
    account: string
    hash: string
    iterations: number
    salt: string
    stored_key: string
    server_key: string
  }
  rosters: {
    account: string
    domain: string
    version: number
    forgotten_version: number
    changed_at: Timestamp
  }
  roster_items: {
    account: string
    contact: string
    name: string | null
    group_names: string
    subscription: string
    pending_out: boolean
    pending_in: boolean
    approved: boolean
    listed: boolean
    request: string | null
    version: number
  }
  roster_removals: { account: string; contact: string; version: number }
  offline_messages: Leased & {
    account: string
    domain: string
    stanza: string
    received_at: Timestamp
  }
  blocked_jids: { account: string; domain: string; jid: string; blocked_at: Timestamp }
  last_activity: { account: string; domain: string; last_at: Timestamp; status: string }
  push_registrations: {
    account: string
    domain: string
    service: string
    node: string
    client: string
    options: string | null
    enabled_at: Timestamp
  }
  archive_messages: {
    id: Generated<number>
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
    sent_at: Timestamp
  }
  archive_preferences: {
    account: string
    domain: string
    default_rule: string
    always_with: string
    never_with: string
  }
  inbox_marks: {
    account: string
    domain: string
    with_bare: string
    read_to: number
    read_id: string
    marked_at: Timestamp
  }
  fast_tokens: {
    id: string
    account: string
    domain: string
    client: string
    mechanism: string
    issued_at: Timestamp
    expires_at: Timestamp
    used_at: Timestamp | null
    use_count: number
    software: string | null
    device: string | null
  }
  outbox_events: {
    id: Generated<number>
    target: string
    conversation: string
    account: string
    type: string
    event: string
    happened_at: Timestamp
    refusals: Generated<number>
    dead_at: Timestamp | null
    error: string | null
  }
  outbox_leases: { target: string; holder: string; held_until: Timestamp }
  tenants: {
    domain: string
    host: string
    created_at: Timestamp
    name: string | null
    contacts: string | null
    max_accounts: number | null
    max_sessions: number | null
    max_sessions_per_account: number | null
    max_stanzas_per_second: number | null
    max_offline_messages: number | null
    max_archived_messages: number | null
    max_archive_days: number | null
  }
  key_values: {
    store: string
    owner: string
    domain: string
    key: string
    value: string
    changed_at: Timestamp
  }
  log_entries: Leased & {
    log: string
    owner: string
    domain: string
    value: string
    happened_at: Timestamp
  }
}

interface Leased {
  id: Generated<number>
  expires_at: Timestamp | null
  leased_by: string | null
  leased_until: Timestamp | null
}
