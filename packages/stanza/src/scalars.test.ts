import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { failureOf } from './codec-cases.js'
import { DecodeError } from './decode-error.js'
import {
  bareJid,
  base64,
  bool,
  boundedString,
  dateTime,
  fullJid,
  int,
  intBetween,
  jid,
  oneOf,
  string,
  type Text,
} from './scalars.js'

const bytes = (...values: number[]) => new Uint8Array(values)
const at = (iso: string) => new Date(iso)

/** [scalar, text, value, how it is written if not as `text`] */
const good: readonly (readonly [
  name: string,
  scalar: Text<unknown>,
  text: string,
  value: unknown,
  printed?: string,
])[] = [
  ['string', string, '', ''],
  ['string', string, ' a\n', ' a\n'],
  ['boundedString', boundedString({ min: 1, max: 3 }), 'abc', 'abc'],
  ['int', int, '0', 0],
  ['int', int, '-0', 0, '0'],
  ['int', int, ' +42 ', 42, '42'],
  ['int', int, '9007199254740991', Number.MAX_SAFE_INTEGER],
  ['intBetween', intBetween(0, 255), '255', 255],
  ['bool', bool, '1', true, 'true'],
  ['bool', bool, 'true', true],
  ['bool', bool, '0', false, 'false'],
  ['bool', bool, ' false ', false, 'false'],
  ['dateTime', dateTime, '2002-09-10T23:08:25Z', at('2002-09-10T23:08:25Z')],
  ['dateTime', dateTime, '2002-09-10T23:08:25.123Z', at('2002-09-10T23:08:25.123Z')],
  [
    'dateTime',
    dateTime,
    '2002-09-10T23:08:25.1234567Z',
    at('2002-09-10T23:08:25.123Z'),
    '2002-09-10T23:08:25.123Z',
  ],
  ['dateTime', dateTime, '1969-07-20T21:56:15-05:00', at('1969-07-21T02:56:15Z'), '1969-07-21T02:56:15Z'],
  ['dateTime', dateTime, '2024-02-29T00:00:00Z', at('2024-02-29T00:00:00Z')],
  ['base64', base64, '', bytes()],
  ['base64', base64, 'AA==', bytes(0)],
  ['base64', base64, '//79', bytes(255, 254, 253)],
  ['jid', jid, 'example.com', parseJid('example.com')],
  ['bareJid', bareJid, 'a@example.com', parseJid('a@example.com')],
  ['fullJid', fullJid, 'a@example.com/r', parseJid('a@example.com/r')],
  ['oneOf', oneOf('a', 'b'), 'b', 'b'],
]

const readable = good.map(([name, scalar, text, value, printed = text]) => ({
  name,
  scalar,
  text,
  value,
  printed,
}))

test.each(readable)('$name reads $text', ({ scalar, text, value, printed }) => {
  expect(scalar.parse(text)).toEqual(value)
  expect(scalar.print(value)).toBe(printed)
})

const bad: readonly (readonly [name: string, scalar: Text<unknown>, text: string, reason: string])[] = [
  ['boundedString', boundedString({ min: 1, max: 3 }), '', 'must not be empty'],
  ['boundedString', boundedString({ min: 2, max: 3 }), 'a', 'shorter than 2 characters'],
  ['boundedString', boundedString({ max: 3 }), 'abcd', 'longer than 3 characters'],
  ...['', ' ', '1.5', '1e3', '0x1f', 'NaN', 'Infinity', '--1', '٣', '12345678901234567890', '1 2'].map(
    (text) => ['int', int, text, 'not an integer'] as const,
  ),
  ['int', int, '9007199254740992', 'not between -9007199254740991 and 9007199254740991'],
  ['intBetween', intBetween(0, 255), '-1', 'not between 0 and 255'],
  ...['', 'TRUE', 'yes', '2'].map((text) => ['bool', bool, text, 'not a boolean'] as const),
  ...[
    '',
    'yesterday',
    '2002-09-10',
    '2002-09-10 23:08:25Z',
    '2002-09-10T23:08:25',
    '2002-09-10T24:00:00Z',
    '2002-09-10T23:60:00Z',
    '2002-13-10T23:08:25Z',
    '2002-02-30T23:08:25Z',
    '2023-02-29T23:08:25+01:00',
    '2002-09-10T23:08:25+15:00',
    '2002-09-10T23:08:25+01:60',
    '2002-09-10T23:08:25.Z',
    '+012002-09-10T23:08:25Z',
  ].map((text) => ['dateTime', dateTime, text, 'not a date and time'] as const),
  ...['A', 'AA', 'AAA', 'AA=A', '=AAA', 'AAAA=', 'A A=', 'AA==\n', 'AA-_'].map(
    (text) => ['base64', base64, text, 'not base64'] as const,
  ),
  ...['', '@example.com', 'a@'].map((text) => ['jid', jid, text, 'not an address'] as const),
  ['bareJid', bareJid, 'a@example.com/r', 'must not have a resource'],
  ['fullJid', fullJid, 'a@example.com', 'must have a resource'],
  ['oneOf', oneOf('a', 'b'), 'A', 'must be one of a, b'],
  ['oneOf', oneOf('a', 'b'), '__proto__', 'must be one of a, b'],
]

test.each(bad)('%s refuses %j', (_name, scalar, text, reason) => {
  const error = failureOf(() => scalar.parse(text))
  expect(error).toBeInstanceOf(DecodeError)
  expect(error?.message).toBe(reason)
})

describe('base64', () => {
  test('writes only the bytes a view shows', () => {
    expect(base64.print(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))).toBe('AgM=')
  })

  test('SEC-36: a long text that is almost base64 is refused in linear time', () => {
    expect(() => base64.parse(`${'A'.repeat(400_000)}!`)).toThrow(DecodeError)
  })
})
