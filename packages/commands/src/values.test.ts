import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { readAll, type Value } from './value.js'
import {
  account,
  address,
  boolean,
  choice,
  custom,
  domain,
  integer,
  list,
  nothing,
  optional,
  record,
  secret,
  text,
  time,
} from './values.js'

const read = <T>(value: Value<T>, input: unknown) => readAll((report) => value.read(input, report))
const member = record({ jid: account(), role: optional(choice(['member', 'admin'])) })

describe('what values read', () => {
  const good: [string, Value<unknown>, unknown, unknown][] = [
    ['text', text(), 'héllo', 'héllo'],
    ['empty text', text(), '', ''],
    ['integer', integer(), 5, 5],
    ['integer from text', integer(), '5', 5],
    ['negative integer', integer({ min: -5 }), '-5', -5],
    ['boolean', boolean(), false, false],
    ['boolean from text', boolean(), 'true', true],
    ['choice', choice(['a', 'b']), 'b', 'b'],
    ['account', account(), 'Alice@Example.org', parseJid('alice@example.org')],
    ['address', address(), 'alice@example.org/Phone', parseJid('alice@example.org/Phone')],
    ['domain', domain(), 'EXAMPLE.org.', 'example.org'],
    ['time', time(), '2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['time with offset', time(), '2026-01-31T13:00:00.5+01:00', Date.UTC(2026, 0, 31, 12, 0, 0, 500)],
    ['list', list(integer()), [1, '2'], [1, 2]],
    ['record', member, { jid: 'a@b.example' }, { jid: parseJid('a@b.example') }],
    ['optional left out', optional(text()), undefined, undefined],
    ['optional given', optional(text()), 'x', 'x'],
    ['nothing', nothing(), null, undefined],
  ]
  test.each(good)('%s', (_, value, input, expected) => {
    expect(read(value, input)).toEqual({ value: expected, issues: [] })
  })

  const bad: [string, Value<unknown>, unknown, string, string][] = [
    ['number as text', text(), 5, '', 'must be a text'],
    ['long text', text({ maxLength: 3 }), 'abcd', '', 'at most 3 characters'],
    ['fraction', integer(), 1.5, '', 'whole number'],
    ['word as integer', integer(), 'five', '', 'whole number'],
    ['unsafe integer', integer(), 2 ** 60, '', 'whole number'],
    ['negative', integer(), -1, '', 'must be from 0 to'],
    ['too much', integer({ max: 10 }), '11', '', 'must be from 0 to 10'],
    ['boolean in words', boolean(), 'yes', '', 'true or false'],
    ['other choice', choice(['a', 'b']), 'toString', '', 'one of a, b'],
    ['session as account', account(), 'a@b.example/c', '', 'must be an account'],
    ['domain as account', account(), 'b.example', '', 'must be an account'],
    ['broken address', address(), '@b', '', 'not a valid address'],
    ['broken domain', domain(), 'a b', '', 'not a valid address'],
    ['date without time', time(), '2026-01-31', '', 'must be a time'],
    ['impossible time', time(), '2026-13-31T12:00:00Z', '', 'must be a time'],
    ['list of other things', list(integer()), [1, 'x'], '[1]', 'whole number'],
    ['list of lists', list(list(integer())), [[1], [1, 'x']], '[1][1]', 'whole number'],
    ['long list', list(integer(), { max: 2 }), [1, 2, 3], '', 'at most 2 entries'],
    ['no list', list(integer()), 'x', '', 'must be a list'],
    [
      'list of records',
      list(member),
      [{ jid: 'a@b.example', role: 'owner' }],
      '[0].role',
      'one of member, admin',
    ],
    ['no record', member, [], '', 'must be an object'],
    ['missing member', member, {}, 'jid', 'is missing'],
    ['unknown member', member, { jid: 'a@b.example', name: 'x' }, 'name', 'not known; there are jid, role'],
    ['inherited member', member, Object.create({ jid: 'a@b.example' }), 'jid', 'is missing'],
  ]
  test.each(bad)('refused: %s', (_, value, input, path, message) => {
    expect(read(value, input).issues).toEqual([{ path, message: expect.stringContaining(message) }])
  })

  test('J-3: addresses are prepared like everywhere else, and refusals do not repeat them', () => {
    expect(read(account(), 'ＡＬＩＣＥ@example.org').value?.toString()).toBe('alice@example.org')
    expect(JSON.stringify(read(account(), 'very secret@example.org').issues)).not.toContain('secret')
  })

  test('the number of issues is bounded', () => {
    expect(
      read(
        list(integer(), { max: 1_000 }),
        Array.from({ length: 1_000 }, String).map((text) => `x${text}`),
      ).issues,
    ).toHaveLength(20)
  })
})

test('values are written as plain JSON', () => {
  const value = record({ who: account(), at: time(), names: list(text()), role: optional(text()) })
  const written = value.write({ who: parseJid('a@b.example').bare, at: 0, names: ['x'] })
  expect(written).toEqual({ who: 'a@b.example', at: '1970-01-01T00:00:00.000Z', names: ['x'] })
  expect(nothing().write()).toBeNull()
  expect(optional(time()).write(undefined)).toBeUndefined()
})

test('values describe themselves as JSON Schema', () => {
  const value = record({
    password: secret(text({ maxLength: 100, description: 'the new one' })),
    tags: optional(list(choice(['a', 'b']), { max: 2 })),
  })
  expect(value.schema()).toEqual({
    type: 'object',
    properties: {
      password: { type: 'string', maxLength: 100, format: 'password', description: 'the new one' },
      tags: { type: 'array', maxItems: 2, items: { type: 'string', enum: ['a', 'b'] } },
    },
    required: ['password'],
    additionalProperties: false,
  })
  expect(value.secret).toBe(true)
  expect(list(secret(text())).secret).toBe(true)
})

describe('custom values', () => {
  const positive = custom<number>(
    {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (input) =>
          typeof input === 'number' && input > 0
            ? { value: input }
            : { issues: [{ message: 'must be positive', path: ['a', { key: 'b' }] }] },
      },
    },
    { schema: { type: 'integer' }, description: 'how many' },
  )

  test('are checked by their schema', () => {
    expect(read(positive, 3)).toEqual({ value: 3, issues: [] })
    expect(read(positive, -3).issues).toEqual([{ path: 'a.b', message: 'must be positive' }])
    expect(positive.schema()).toEqual({ type: 'integer', description: 'how many' })
  })

  test('must not be asynchronous', () => {
    const slow = custom<number>(
      { '~standard': { version: 1, vendor: 'test', validate: () => Promise.resolve({ value: 1 }) } },
      { schema: {} },
    )
    expect(() => read(slow, 1)).toThrow('asynchronous')
  })
})
