import { expect, test } from 'vitest'
import { fromEntryId, toEntryId } from './entry-id.js'
import { fromMoment, toMoment } from './moments.js'

test.each([0, 1, 1_769_860_800_123, Date.UTC(9999, 11, 31, 23, 59, 59, 999)])(
  '%d is kept to the millisecond',
  (ms) => {
    expect(fromMoment(toMoment(ms))).toBe(ms)
    expect(toMoment(ms)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  },
)

test.each([
  [-1, '1970-01-01T00:00:00.000Z'],
  [Number.POSITIVE_INFINITY, '9999-12-31T23:59:59.999Z'],
  [8.64e15, '9999-12-31T23:59:59.999Z'],
])('%d becomes the nearest moment whose text sorts', (ms, text) => {
  expect(toMoment(ms)).toBe(text)
})

test('what is no number is no moment', () => {
  expect(() => toMoment(Number.NaN)).toThrow('not a number')
})

test.each([
  '2026-01-31 12:00:00.5+00',
  '2026-01-31 13:00:00.5+01',
  '2026-01-31 17:30:00.5+05:30',
  '2026-01-31 08:30:00.500000-03:30',
  '2026-01-31T12:00:00.500Z',
])('%s, as a database writes it, is understood', (text) => {
  expect(fromMoment(text)).toBe(Date.UTC(2026, 0, 31, 12, 0, 0, 500))
})

test('a date a driver made is understood', () => {
  expect(fromMoment(new Date(5))).toBe(5)
})

test.each([
  [1, '0000000000000001'],
  ['42', '0000000000000042'],
  [Number.MAX_SAFE_INTEGER, '9007199254740991'],
])('the id of row %s is %s, and back', (row, id) => {
  expect(toEntryId(row)).toBe(id)
  expect(fromEntryId(id)).toBe(Number(row))
})

test.each([
  '',
  '1',
  '-000000000000001',
  '9999999999999999',
  '00000000000000001',
  '000000000000001x',
  '٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠١',
  ' 000000000000001',
])('%j is no id of ours', (id) => {
  expect(fromEntryId(id)).toBeUndefined()
})
