import { message } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { Unacknowledged } from './unacknowledged.js'

const kept = (id: string) => ({ raw: message({ to: 'a@example.com', id }).raw, at: 0, ticket: undefined })
const ids = (stanzas: readonly { readonly raw: { attr(name: string): string | undefined } }[]) =>
  stanzas.map(({ raw }) => raw.attr('id'))

describe('what is not acknowledged', () => {
  test('is taken out from the front, by count', () => {
    const queue = new Unacknowledged()
    for (const id of ['1', '2', '3']) queue.push(kept(id), true)
    expect([queue.count, queue.sent, queue.acknowledged]).toEqual([3, 3, 0])
    expect(ids(queue.acknowledge(2))).toEqual(['1', '2'])
    expect(ids(queue.all)).toEqual(['3'])
    expect([queue.count, queue.sent, queue.acknowledged, queue.written]).toEqual([1, 3, 2, 1])
    expect(queue.acknowledge(2)).toEqual([])
    expect(ids(queue.acknowledge(3))).toEqual(['3'])
    expect([queue.count, queue.bytes]).toEqual([0, 0])
  })

  test('SM-1: only what was written may be acknowledged', () => {
    const queue = new Unacknowledged()
    queue.push(kept('1'), true)
    queue.push(kept('2'), false)
    expect([0, 1, 2, 3].map((h) => queue.mayBe(h))).toEqual([true, true, false, false])
    queue.allWritten()
    expect([2, 3].map((h) => queue.mayBe(h))).toEqual([true, false])
    queue.acknowledge(1)
    expect(queue.mayBe(0)).toBe(false)
  })

  test('knows its size', () => {
    const queue = new Unacknowledged()
    const one = kept('1')
    queue.push(one, true)
    queue.push(kept('2'), true)
    expect(queue.bytes).toBe(2 * one.raw.size)
    queue.acknowledge(1)
    expect(queue.bytes).toBe(one.raw.size)
    expect(ids(queue.clear())).toEqual(['2'])
    expect([queue.count, queue.bytes, queue.written]).toEqual([0, 0, 0])
  })

  test('SM-1: counts go round at 2 to the power of 32', () => {
    const largest = 0xffff_ffff
    const queue = new Unacknowledged(largest - 1)
    for (const id of ['1', '2', '3', '4']) queue.push(kept(id), true)
    expect(queue.sent).toBe(2)
    expect([largest - 2, largest - 1, largest, 0, 1, 2, 3].map((h) => queue.mayBe(h))).toEqual([
      false,
      true,
      true,
      true,
      true,
      true,
      false,
    ])
    expect(ids(queue.acknowledge(0))).toEqual(['1', '2'])
    expect([queue.acknowledged, queue.sent]).toEqual([0, 2])
    expect(ids(queue.acknowledge(2))).toEqual(['3', '4'])
  })
})
