import { describe, expect, test } from 'vitest'
import { Books, percentiles } from '../../bench/load/books.mjs'
import type { Link } from '../../bench/load/link.mjs'
import {
  bodyOf,
  eachMessage,
  eachToken,
  flowAt,
  messageTemplate,
  numberAt,
  tokenStart,
} from '../../bench/load/messages.mjs'

const template = messageTemplate('u1@bench.example', 7, 500)
const three = Buffer.concat([Buffer.from("<presence from='u2@bench.example'/>"), template.copies(41, 3)])

/** What a receiver finds when bytes arrive in the given pieces. */
function found(
  pieces: Buffer[],
  scan: (link: Link, piece: Buffer, note: (bytes: Buffer, at: number) => void) => void,
) {
  const link = { rest: undefined } as Link
  const seen: string[] = []
  for (const piece of pieces)
    scan(link, piece, (bytes, at) => seen.push(`${flowAt(bytes, at)}:${numberAt(bytes, at)}`))
  return seen
}

const splits = Array.from({ length: three.length - 1 }, (_, i) => [
  three.subarray(0, i + 1),
  three.subarray(i + 1),
])

test('a message of the load generator has the size that was asked for', () => {
  expect(template.bytes.length).toBe(500)
  expect(bodyOf(template).toString()).toMatch(/^~\d{10}\.\d{8} It’s only a test.*<\/body>$/)
})

test('every message is found once, wherever its bytes are split', () => {
  const body = bodyOf(template).length
  for (const pieces of [...splits, [...three].map((byte) => Buffer.of(byte))]) {
    expect(found(pieces, (link, piece, note) => eachMessage(link, piece, body, note))).toEqual([
      '7:41',
      '7:42',
      '7:43',
    ])
  }
})

test('so is every other token', () => {
  const marker = Buffer.from(`<body>${tokenStart}`)
  for (const pieces of splits) {
    expect(found(pieces, (link, piece, note) => eachToken(link, piece, marker, note))).toEqual([
      '7:41',
      '7:42',
      '7:43',
    ])
  }
})

describe('the books of the load generator balance', () => {
  const balance = (sent: number, arrived: number[]) => {
    const books = new Books(1)
    books.sent = sent
    for (const number of arrived) books.arrive(0, number)
    books.check()
  }

  test('when everything arrived once and in order', () => {
    expect(() => balance(3, [0, 1, 2])).not.toThrow()
  })

  test.each([
    ['lost', 3, [0, 1]],
    ['lost in between', 3, [0, 2]],
    ['doubled', 3, [0, 1, 1, 2]],
    ['doubled in place of another', 3, [0, 1, 1]],
    ['out of order', 3, [0, 2, 1]],
  ])('and not when one is %s', (_what, sent, arrived) => {
    expect(() => balance(sent, arrived)).toThrow(/deliveries/)
  })
})

test('percentiles are values that were measured', () => {
  const values = Array.from({ length: 1000 }, (_, i) => 1000 - i)
  expect(percentiles(values)).toEqual({ p50: 500, p95: 950, p99: 990, p999: 999, max: 1000, count: 1000 })
})
