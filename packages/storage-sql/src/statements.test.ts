import { describe, expect, test } from 'vitest'
import { postgres, sqlite } from './dialect.js'
import { createStatements } from './statements.js'

const limits = { maxTextBytes: 10 }
const lastActivity = (statements = createStatements(sqlite, limits)) =>
  statements.with<{ account: string; limit: number }>()('test', (db, p) =>
    db
      .selectFrom('last_activity')
      .select('status')
      .where('account', '=', p('account'))
      .where('status', '!=', '?')
      .limit(p('limit')),
  )

describe('statements', () => {
  test('are compiled once, with values in their places', () => {
    const statement = lastActivity()
    const first = statement({ account: 'a', limit: 5 })
    expect(first.statement.sql).toBe(
      'select "status" from "last_activity" where "account" = ? and "status" != ? limit ?',
    )
    expect(first.values).toEqual(['a', '?', 5])
    expect(statement({ limit: 6, account: 'b' }).statement).toBe(first.statement)
    expect(first.statement.returns).toBe(true)
  })

  test('speak of the schema and number their values for PostgreSQL', () => {
    const { statement } = lastActivity(createStatements(postgres, { schema: 'x"y', ...limits }))({
      account: 'a',
      limit: 5,
    })
    expect(statement.sql).toBe(
      'select "status" from "x""y"."last_activity" where "account" = $1 and "status" != $2 limit $3',
    )
  })

  test('have a name for each text', () => {
    const [one, other] = ['one', 'other'].map(
      (schema) =>
        lastActivity(createStatements(postgres, { schema, ...limits }))({ account: 'a', limit: 5 }).statement
          .name,
    )
    expect(one).toMatch(/^xmppkit_test_[0-9a-f]{8}$/)
    expect(one).not.toBe(other)
  })

  test('without rows are known as such', () => {
    const statements = createStatements(sqlite, limits)
    const remove = statements.with<{ account: string }>()('remove', (db, p) =>
      db.deleteFrom('last_activity').where('account', '=', p('account')),
    )
    expect(remove({ account: 'a' }).statement.returns).toBe(false)
  })

  test.each([
    ['too long', 'x'.repeat(11)],
    ['NUL', 'a\0'],
    ['half a character', '\uD800'],
  ])('refuse text no database carries: %s', (_, account) => {
    expect(() => lastActivity()({ account, limit: 1 })).toThrow(
      expect.objectContaining({ code: 'storage/bad-text' }),
    )
  })

  test('take no limit for a high one, and nothing for a number that is none', () => {
    expect(lastActivity()({ account: 'a', limit: Number.POSITIVE_INFINITY }).values[2]).toBe(
      Number.MAX_SAFE_INTEGER,
    )
    expect(() => lastActivity()({ account: 'a', limit: Number.NaN })).toThrow('limit is not a number')
  })
})
