import type { Migration } from './migrations.js'

/** Tokens of clients, by account and installation. What is in a row is not the token. */
export const fastTokens: Migration = {
  id: 9,
  name: 'login tokens',
  up: (t) => [
    `create table fast_tokens (
      id ${t.text} primary key,
      account ${t.text} not null,
      domain ${t.text} not null,
      client ${t.text} not null,
      mechanism ${t.text} not null,
      issued_at ${t.timestamp} not null,
      expires_at ${t.timestamp} not null,
      used_at ${t.timestamp},
      use_count ${t.integer} not null,
      software ${t.text},
      device ${t.text}
    )${t.suffix}`,
    'create index fast_tokens_of_client on fast_tokens (account, client)',
    'create index fast_tokens_expiring on fast_tokens (expires_at)',
    'create index fast_tokens_of_domain on fast_tokens (domain)',
  ],
}
