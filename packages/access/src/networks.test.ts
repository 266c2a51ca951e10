import { expect, test } from 'vitest'
import { addressKey, parseNetwork } from './networks.js'

test.each([
  ['192.0.2.0/24', '192.0.2.255', true],
  ['192.0.2.0/24', '192.0.3.0', false],
  ['192.0.2.77/24', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['::/0', '192.0.2.1', false],
  ['192.0.2.0/24', '::ffff:192.0.2.9', true],
  ['192.0.2.0/24', '::ffff:c000:209', true],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['::1', '0:0:0:0:0:0:0:1', true],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['2001:db8::/127', '2001:db8::1', true],
  ['2001:db8::/127', '2001:db8::2', false],
  ['192.0.2.0/24', 'not an address', false],
  ['192.0.2.0/24', '', false],
])('%s contains %s: %s', (network, address, expected) => {
  expect(parseNetwork(network).contains(address)).toBe(expected)
})

test.each([
  '',
  '192.0.2.0/33',
  '192.0.2.0/-1',
  '192.0.2.0/',
  '192.0.2',
  '::/129',
  'example.org',
  '1.2.3.4/24/8',
])('%j is no network', (text) => {
  expect(() => parseNetwork(text)).toThrow('is not an IP address or network')
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:0db8:0001:0002:0000:0000:0000:0000/64'],
  ['2001:db8:1:2::9', '2001:0db8:0001:0002:0000:0000:0000:0000/64'],
  ['pipe', 'pipe'],
])('L-1: %s is counted as %s', (address, key) => {
  expect(addressKey(address)).toBe(key)
})

test('the length of an IPv6 network can be chosen', () => {
  expect(addressKey('2001:db8:1:2::9', 48)).toBe(addressKey('2001:db8:1:ffff::9', 48))
})
