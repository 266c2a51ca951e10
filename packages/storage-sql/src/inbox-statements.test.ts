import Database from 'libsql'
import { expect, test } from 'vitest'
import { sqlite } from './dialect.js'
import { inboxStatements } from './inbox-statements.js'
import { migrationSteps } from './migrations.js'
import { createStatements } from './statements.js'

test('INBOX-1: conversations are found in one index, without a look at a message and without sorting', () => {
  const connection = new Database(':memory:')
  for (const { statements } of migrationSteps(sqlite.types))
    for (const text of statements) connection.exec(text)
  const { conversations } = inboxStatements(createStatements(sqlite, { maxTextBytes: 1000 }))
  const { statement, values } = conversations({ account: 'alice@example.org', limit: 10, depth: 5 })
  const plan = connection
    .prepare(`explain query plan ${statement.sql}`)
    .all(...values)
    .map((row) => String((row as { detail: string }).detail))
  const looks = plan.filter((line) => /\bm\b/.test(line))
  expect(looks.length).toBeGreaterThan(5)
  for (const line of looks)
    expect(line).toMatch(/^SEARCH m USING COVERING INDEX archive_messages_with \(account=\?/)
  expect(plan.filter((line) => /TEMP B-TREE|SCAN (?!parties|reach|ends|CONSTANT ROW)/.test(line))).toEqual([])
  connection.close()
})
