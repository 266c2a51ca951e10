import { createManualClock } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { createAddressGate } from './address-gate.js'

test('L-1: attempts are counted by window, connections until they leave', async () => {
  const clock = createManualClock()
  const gate = createAddressGate({ clock }, { maxAttemptsPerAddress: 2, attemptWindowMs: 1_000 })
  expect(gate.enter('192.0.2.1')).toBeUndefined()
  expect(gate.enter('192.0.2.1')).toBeUndefined()
  expect(gate.enter('192.0.2.1')).toMatch(/attempts/)
  expect(gate.enter('192.0.2.2')).toBeUndefined()
  await clock.advance(1_000)
  expect(gate.enter('192.0.2.1')).toBeUndefined()
})

test('L-1: a limit of Infinity is none', () => {
  const gate = createAddressGate(
    { clock: createManualClock() },
    { maxAttemptsPerAddress: Number.POSITIVE_INFINITY, maxConnectionsPerAddress: Number.POSITIVE_INFINITY },
  )
  for (let n = 0; n < 2_000; n += 1) expect(gate.enter('192.0.2.1')).toBeUndefined()
})

test.each([
  ['2001:db8::1', '2001:db8::2', true],
  ['2001:db8:0:1::1', '2001:db8:0:1:ffff::9', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ['::ffff:192.0.2.1', '192.0.2.1', true],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
  ['fe80::1%eth0', 'fe80::2%eth1', true],
])('L-1: %s and %s share their limits: %s', (a, b, shared) => {
  const gate = createAddressGate({ clock: createManualClock() }, { maxConnectionsPerAddress: 1 })
  expect(gate.enter(a)).toBeUndefined()
  expect(gate.enter(b) !== undefined).toBe(shared)
})

test('L-1: the table is bounded and keeps who is connected', () => {
  const gate = createAddressGate(
    { clock: createManualClock() },
    { maxAddresses: 10, maxConnectionsPerAddress: 1 },
  )
  gate.enter('192.0.2.1')
  for (let n = 0; n < 1_000; n += 1) {
    gate.enter(`198.51.${n >> 8}.${n & 255}`)
    gate.leave(`198.51.${n >> 8}.${n & 255}`)
  }
  expect(gate.enter('192.0.2.1')).toMatch(/connections/)
})
