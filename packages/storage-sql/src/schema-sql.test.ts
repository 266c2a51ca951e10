import { expect, test } from 'vitest'
import { migrations } from './migrations.js'
import { schemaSql } from './schema-sql.js'

test('steps are numbered in their order, without gaps', () => {
  expect(migrations.map(({ id }) => id)).toEqual(migrations.map((_, at) => at + 1))
})

test('the tables can be read', () => {
  const [sqlite, postgres] = [schemaSql('sqlite'), schemaSql('postgres')]
  expect(sqlite).toContain('-- 1. accounts\ncreate table accounts (\n')
  expect(sqlite).toContain('received_at text not null')
  expect(postgres).toContain('received_at timestamptz not null')
  expect(postgres).toContain('account text collate "C" primary key')
  for (const text of [sqlite, postgres]) expect(text).not.toMatch(/undefined|\[object|blob|bytea/)
})
