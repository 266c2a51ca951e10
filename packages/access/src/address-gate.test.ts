import { createManualClock } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { createAddressGate } from './address-gate.js'

const admitted = { [Symbol.dispose]: expect.any(Function) }

test('L-1: attempts are counted by window, connections until they leave', async () => {
  const clock = createManualClock()
  const gate = createAddressGate({ clock }, { maxAttemptsPerAddress: 2, attemptWindowMs: 1_000 })
  expect(gate.enter('192.0.2.1')).toEqual(admitted)
  expect(gate.enter('192.0.2.1')).toEqual(admitted)
  expect(gate.enter('192.0.2.1')).toBe('too many attempts')
  expect(gate.enter('192.0.2.2')).toEqual(admitted)
  await clock.advance(1_000)
  expect(gate.enter('192.0.2.1')).toEqual(admitted)
  expect(gate.connections).toBe(4)
})

test('L-1: a limit of Infinity is none', () => {
  const gate = createAddressGate(
    { clock: createManualClock() },
    { maxAttemptsPerAddress: Number.POSITIVE_INFINITY, maxConnectionsPerAddress: Number.POSITIVE_INFINITY },
  )
  for (let n = 0; n < 2_000; n += 1) expect(gate.enter('192.0.2.1')).toEqual(admitted)
})

test.each([
  ['2001:db8::1', '2001:db8::2', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ['::ffff:192.0.2.1', '192.0.2.1', true],
])('L-1: %s and %s share their limits: %s', (a, b, shared) => {
  const gate = createAddressGate({ clock: createManualClock() }, { maxConnectionsPerAddress: 1 })
  expect(gate.enter(a)).toEqual(admitted)
  expect(gate.enter(b)).toEqual(shared ? 'too many connections' : admitted)
})

test('L-1: a slot given back can be taken again', () => {
  const gate = createAddressGate({ clock: createManualClock() }, { maxConnectionsPerAddress: 1 })
  const slot = gate.enter('192.0.2.1')
  if (typeof slot === 'string') throw new Error(slot)
  slot[Symbol.dispose]()
  slot[Symbol.dispose]()
  expect(gate.connections).toBe(0)
  expect(gate.enter('192.0.2.1')).toEqual(admitted)
})
