import { isIP, isIPv4 } from 'node:net'
import { AccessError } from './errors.js'

/** A set of IP addresses with a common prefix. */
export interface Network {
  /** Whether an address, as text, belongs to it; false for what is not an address. */
  contains(address: string): boolean
}

interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
}

/**
 * Reads `192.0.2.0/24`, `2001:db8::/32`, or a single address.
 *
 * @throws {@link AccessError} `access/bad-address`
 */
export function parseNetwork(text: string): Network {
  const slash = text.lastIndexOf('/')
  const base = parseAddress(slash < 0 ? text : text.slice(0, slash))
  const length = slash < 0 ? base?.bits : prefixLength(text.slice(slash + 1))
  if (!base || length === undefined || length > base.bits)
    throw new AccessError('access/bad-address', `${JSON.stringify(text)} is not an IP address or network`)
  const shift = BigInt(base.bits - length)
  const prefix = base.value >> shift
  return {
    contains(address) {
      const other = parseAddress(address)
      return other !== undefined && other.bits === base.bits && other.value >> shift === prefix
    },
  }
}

/**
 * The text under which to count an address: one key per IPv4 address, one per IPv6 network, because whoever has one
 * IPv6 address usually has 2^64 of them. What is not an address is its own key.
 *
 * @param prefixLength6 - length of an IPv6 network, in bits
 */
export function addressKey(address: string, prefixLength6 = 64): string {
  const plain = mappedIPv4(address) ?? address
  // The text of an IPv4 address has one form only.
  if (isIPv4(plain)) return plain
  const parsed = parseAddress(plain)
  if (!parsed) return address
  if (parsed.bits === 32) return [24n, 16n, 8n, 0n].map((by) => (parsed.value >> by) & 255n).join('.')
  const hex = ((parsed.value >> BigInt(128 - prefixLength6)) << BigInt(128 - prefixLength6))
    .toString(16)
    .padStart(32, '0')
  return `${hex.match(/.{4}/g)?.join(':')}/${prefixLength6}`
}

function prefixLength(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined
}

/** The IPv4 address in the usual form of `::ffff:192.0.2.1`, which is how a dual-stack socket shows an IPv4 peer. */
function mappedIPv4(address: string): string | undefined {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : undefined
}

function parseAddress(text: string): Address | undefined {
  const zone = text.indexOf('%')
  const plain = zone < 0 ? text : text.slice(0, zone)
  const family = isIP(plain)
  if (family === 4) return { bits: 32, value: fromParts(plain.split('.').map(Number), 8n) }
  if (family !== 6) return undefined
  const value = parse6(plain)
  // ::ffff:192.0.2.1 is how a dual-stack socket shows an IPv4 peer; a rule on 192.0.2.0/24 must catch it.
  if (value >> 32n === 0xffffn) return { bits: 32, value: value & 0xffff_ffffn }
  return { bits: 128, value }
}

function parse6(text: string): bigint {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  const hex = (high: string | undefined, low: string | undefined) =>
    (Number(high) * 256 + Number(low)).toString(16)
  const plain = dotted ? `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}` : text
  const [head = '', tail] = plain.split('::')
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0)
  return fromParts([...before, ...zeros, ...after], 16n)
}

function fromParts(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((value, part) => (value << width) | BigInt(part), 0n)
}
