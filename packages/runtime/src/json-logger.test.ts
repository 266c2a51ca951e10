import { describe, expect, test } from 'vitest'
import {
  createJsonLogger,
  createManualClock,
  type JsonLoggerOptions,
  silentLogger,
  XmppkitError,
} from './index.js'

function recorder(options: JsonLoggerOptions = {}) {
  const lines: string[] = []
  const logger = createJsonLogger((line) => void lines.push(line), {
    clock: createManualClock(0),
    ...options,
  })
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> }
}

test('one line per entry, with time, level, message and fields', () => {
  const { logger, lines } = recorder()
  logger.info('started', { domains: 2, name: 'main' })
  expect(lines).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"started","domains":2,"name":"main"}\n',
  ])
})

test('what is less urgent than the level is not written', () => {
  const { logger, lines } = recorder({ level: 'warn' })
  logger.debug('a')
  logger.info('b')
  logger.warn('c')
  logger.error('d')
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(['c', 'd'])
})

test('children add their fields, and pass the level on', () => {
  const { logger, last, lines } = recorder()
  const child = logger.child({ host: 'main', module: 'a' }).child({ module: 'b' })
  child.info('x', { n: 1 })
  expect(last()).toMatchObject({ host: 'main', module: 'b', n: 1 })
  child.debug('y')
  expect(lines).toHaveLength(1)
})

test('fields cannot forge time, level or message, nor start a line of their own', () => {
  const { logger, lines, last } = recorder()
  logger.warn('real\nline', { time: 'never', level: 'debug', message: 'forged\n{"level":"error"}' })
  expect(lines).toHaveLength(1)
  expect(lines[0]?.trimEnd()).not.toContain('\n')
  expect(last()).toMatchObject({ time: '1970-01-01T00:00:00.000Z', level: 'warn', message: 'real\nline' })
})

describe('secrets', () => {
  test.each([
    'password',
    'Password',
    'userPassword',
    'old_password',
    'token',
    'accessToken',
    'access_token',
    'clientProof',
    'secret',
    'X-Client-Secret',
    'Authorization',
    'cookie',
    'storedKey',
    'serverKey',
  ])('the value of %s is not written', (key) => {
    const { logger, lines, last } = recorder()
    logger.error('x', {
      [key]: 'hunter2',
      deep: [{ [key]: { of: 'hunter2' } }],
      map: new Map([[key, 'hunter2']]),
    })
    expect(lines[0]).not.toContain('hunter2')
    expect(last()[key]).toBe('[redacted]')
  })

  test('those of child loggers and of errors neither', () => {
    const { logger, lines } = recorder()
    const error = Object.assign(new Error('x'), { token: 'hunter2' })
    logger.child({ secret: 'hunter2' }).error('x', { error, wrapped: new Error('y', { cause: error }) })
    expect(lines[0]).not.toContain('hunter2')
  })

  test('bytes are counted, not shown', () => {
    const { logger, last } = recorder()
    logger.info('x', { salt: new Uint8Array(16) })
    expect(last().salt).toBe('(16 bytes)')
  })
})

describe('errors', () => {
  test('keep code, stack and the chain of causes', () => {
    const { logger, last } = recorder()
    const cause = new Error('disk full')
    logger.error('failed', { error: new XmppkitError('storage/write', 'not written', { cause }) })
    expect(last().error).toMatchObject({
      name: 'XmppkitError',
      code: 'storage/write',
      message: 'not written',
      stack: expect.stringContaining('json-logger.test'),
      cause: { name: 'Error', message: 'disk full' },
    })
  })

  test('an aggregate lists its errors', () => {
    const { logger, last } = recorder()
    logger.error('failed', { error: new AggregateError([new Error('a'), 'b'], 'both') })
    expect(last().error).toMatchObject({ message: 'both', errors: [{ message: 'a' }, 'b'] })
  })

  test('a circle of causes ends', () => {
    const { logger, last } = recorder({ maxDepth: 2 })
    const error = new Error('round')
    error.cause = error
    logger.error('failed', { error })
    expect(last().error).toMatchObject({ message: 'round', cause: 'Error: round' })
  })
})

describe('values', () => {
  const circle: { self?: unknown } = {}
  circle.self = circle
  class Address {
    toString() {
      return 'a@example.org'
    }
  }
  test.each<[string, unknown, unknown]>([
    ['not a number', Number.NaN, 'NaN'],
    ['bigint', 12n, '12'],
    ['symbol', Symbol('s'), 'Symbol(s)'],
    ['date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['broken date', new Date(Number.NaN), 'invalid date'],
    ['null', null, null],
    ['false', false, false],
    ['set', new Set([1, 2]), [1, 2]],
    ['map', new Map([['a', 1]]), { a: 1 }],
    ['value object', new Address(), 'a@example.org'],
    ['toJSON', { toJSON: () => ({ a: 1 }) }, { a: 1 }],
    ['no prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['hole in a list', [undefined, 1], [null, 1]],
    ['circle', circle, { self: { self: '{…}' } }],
    ['depth of lists', [[[[]]]], [['[…]']]],
    ['long text', 'x'.repeat(30), `${'x'.repeat(20)}… (30 characters)`],
    ['long list', [1, 2, 3, 4, 5], [1, 2, 3, 4, '… (5 items)']],
    ['big object', { a: 1, b: 2, c: 3, d: 4, e: 5 }, { a: 1, b: 2, c: 3, d: 4, '…': '(5 members)' }],
  ])('%s', (_, value, written) => {
    const { logger, last } = recorder({ maxDepth: 3, maxMembers: 4, maxTextLength: 20 })
    logger.info('x', { value })
    expect(last().value).toEqual(written)
  })
})

test('a value that cannot be read costs its line the fields, not the message', () => {
  const { logger, last } = recorder()
  const trap = {
    get boom(): string {
      throw new Error('no')
    },
  }
  logger.error('still here', { trap })
  expect(last()).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'error',
    message: 'still here',
    fields: 'unprintable',
  })
})

test('a sink that throws does not reach the caller', () => {
  const logger = createJsonLogger(() => {
    throw new Error('disk full')
  })
  expect(() => logger.error('x')).not.toThrow()
})

test('the silent logger keeps quiet, and so do its children', () => {
  expect(silentLogger.child({ a: 1 })).toBe(silentLogger)
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    expect(silentLogger[level]('x')).toBeUndefined()
})
