import { toASCII, toUnicode } from 'tr46'
import { codePoints, derivedProperty, property } from './code-points.js'
import { contextViolation } from './context-rules.js'
import { JidError } from './errors.js'
import { mapWidth, toLowerCase } from './mapping.js'

const maxUnits = 3071
const maxDnsLength = 253

// Labels of letters, digits and hyphens; a hyphen neither first nor last; at most 63 (RFC 5890 §2.3.1).
const plainName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/
// Hyphens in the third and fourth place are reserved; the one use of it, xn--, takes the slow path.
const reservedLabel = /(?:^|\.)..--/
// What resolvers read as a number: `127.1` and `0x7f.1` would reach 127.0.0.1 under another name.
const endsInNumber = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/
const ipv4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1?[1-9][0-9]|1[0-9][0-9]|[0-9])(?:\.(?!$)|$)){4}$/
const ipv6Characters = /^\[[0-9a-f:.]{2,45}\]$/i

/**
 * Prepares a domainpart: a domain name under IDNA2008, written with U-labels in lower case and without a
 * trailing dot, or an IPv4 address, or an IPv6 address in brackets (RFC 7622 §3.2). Lengths are those of DNS.
 *
 * @throws {@link JidError} when it is none of these.
 */
export function prepareDomain(text: string): string {
  if (text.length > maxUnits) throw new JidError('jid/too-long', 'domainpart', 'is longer than a domain name')
  const lower = isAscii(text) ? text.toLowerCase() : mapName(text)
  const name = lower.endsWith('.') ? lower.slice(0, -1) : lower
  if (name === '') throw new JidError('jid/empty', 'domainpart', 'must not be empty')
  if (name.startsWith('[')) return prepareIpv6(name)
  const domain = plainName.test(name) && !reservedLabel.test(name) ? name : prepareInternational(name)
  if (domain.length > maxDnsLength) {
    throw new JidError('jid/too-long', 'domainpart', 'is longer than a domain name')
  }
  if (endsInNumber.test(domain) && !ipv4.test(domain)) throw notADomain()
  return domain
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

/** Width, case and NFC (RFC 7622 §3.2.2, RFC 5895 §2); compatibility characters are not mapped but refused. */
function mapName(text: string): string {
  for (const point of codePoints(text)) {
    if (point >= 0xd800 && point <= 0xdfff) {
      throw new JidError('jid/not-text', 'domainpart', 'contains a lone surrogate')
    }
    if (derivedProperty(point) === property.unassigned) throw disallowed()
  }
  // The ideographic full stop separates labels too (RFC 5895 §2).
  const mapped = toLowerCase(mapWidth(text)).normalize('NFC').replaceAll('\u3002', '.')
  checkClass(codePoints(mapped))
  return mapped
}

/** A name with A-labels or characters outside ASCII: to A-labels and back, both strictly. */
function prepareInternational(name: string): string {
  const ascii = toASCII(name, {
    checkHyphens: true,
    checkBidi: true,
    checkJoiners: true,
    useSTD3ASCIIRules: true,
    verifyDNSLength: true,
  })
  if (ascii === null) throw notADomain()
  const { domain } = toUnicode(ascii)
  // UTS 46 allows symbols that IDNA2008 does not, and does not know CONTEXTO; A-labels are only readable here.
  for (const label of domain.split('.')) {
    const points = codePoints(label)
    checkClass(points)
    if (contextViolation(points) !== undefined) {
      throw new JidError('jid/context', 'domainpart', 'has a character that is not allowed where it stands')
    }
  }
  return domain
}

function checkClass(points: readonly number[]): void {
  for (const point of points) {
    const kind = derivedProperty(point)
    if (kind !== property.pvalid && kind !== property.contextJ && kind !== property.contextO)
      throw disallowed()
  }
}

/** One spelling per address (RFC 5952), so that two spellings are not two domains. */
function prepareIpv6(literal: string): string {
  if (!ipv6Characters.test(literal) || !URL.canParse(`http://${literal}/`)) throw notADomain()
  return new URL(`http://${literal}/`).hostname
}

function notADomain(): JidError {
  return new JidError('jid/domain', 'domainpart', 'is neither a domain name nor an IP address')
}

function disallowed(): JidError {
  return new JidError('jid/disallowed', 'domainpart', 'has a character that no domain name may have')
}
