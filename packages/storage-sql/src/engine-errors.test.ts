import { describe, expect, test } from 'vitest'
import { isBroken, isRetryable, postgresError } from './postgres-errors.js'
import { wireError } from './sqlite-engine.js'
import { sqliteError } from './sqlite-errors.js'

describe('SQLite', () => {
  test.each([
    [{ code: 'SQLITE_FULL', message: 'database or disk is full' }, 'storage-sql/disk-full'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 13, message: 'database or disk is full' }, 'storage-sql/disk-full'],
    [{ code: 'SQLITE_IOERR_FSYNC', message: 'disk I/O error' }, 'storage-sql/failed'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 1802, message: 'disk I/O error' }, 'storage-sql/failed'],
    [{ code: 'SQLITE_BUSY', message: 'database is locked' }, 'storage-sql/locked'],
    [{ code: 'SQLITE_BUSY_SNAPSHOT', message: 'database is locked' }, 'storage-sql/locked'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 5, message: 'database is locked' }, 'storage-sql/locked'],
    [{ code: 'SQLITE_CORRUPT', message: 'malformed' }, 'storage-sql/corrupt'],
    [{ code: 'SQLITE_READONLY', message: 'attempt to write' }, 'storage-sql/read-only'],
    [{ code: 'SQLITE_CONSTRAINT_UNIQUE', message: 'UNIQUE' }, 'storage-sql/failed'],
    [{ message: 'no code at all' }, 'storage-sql/failed'],
    [{ code: '', message: 'an empty one' }, 'storage-sql/failed'],
    ['not even an object', 'storage-sql/failed'],
  ])('%j becomes %s', (thrown, code) => {
    const error = sqliteError(wireError(thrown), 'data.sqlite')
    expect(error).toMatchObject({ code, message: expect.stringContaining('data.sqlite: ') })
    expect(error.cause).toBeInstanceOf(Error)
  })
})

describe('PostgreSQL', () => {
  const coded = (code: string, message = 'said the driver') => Object.assign(new Error(message), { code })
  test.each([
    [coded('53100'), 'storage-sql/disk-full'],
    [coded('53200'), 'storage-sql/failed'],
    [coded('28P01'), 'storage-sql/cannot-open'],
    [coded('3D000'), 'storage-sql/cannot-open'],
    [coded('ECONNREFUSED'), 'storage-sql/cannot-open'],
    [coded('08006'), 'storage-sql/connection-lost'],
    [coded('57P01'), 'storage-sql/connection-lost'],
    [coded('ECONNRESET'), 'storage-sql/connection-lost'],
    [coded('25006'), 'storage-sql/read-only'],
    [coded('57014'), 'storage-sql/locked'],
    [coded('XX001'), 'storage-sql/corrupt'],
    [coded('23505'), 'storage-sql/failed'],
    [new Error('Connection terminated unexpectedly'), 'storage-sql/connection-lost'],
    [
      new Error('Client has encountered a connection error and is not queryable'),
      'storage-sql/connection-lost',
    ],
    [new Error('Query read timeout'), 'storage-sql/connection-lost'],
    [new Error('timeout exceeded when trying to connect'), 'storage-sql/cannot-open'],
    [new Error('something else'), 'storage-sql/failed'],
  ])('%s becomes %s', (thrown, code) => {
    expect(postgresError(thrown)).toMatchObject({ code, cause: thrown })
    expect(postgresError(postgresError(thrown))).toMatchObject({ code, cause: thrown })
    expect(isBroken(thrown)).toBe(code === 'storage-sql/connection-lost')
  })

  test('deadlocks may be tried again, violations not', () => {
    expect([isRetryable(coded('40P01')), isRetryable(coded('40001')), isRetryable(coded('23505'))]).toEqual([
      true,
      true,
      false,
    ])
  })
})
