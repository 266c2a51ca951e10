import { isIPv6 } from 'node:net'
import { toUnicode } from 'tr46'
import { JidError } from './errors.js'

/**
 * Prepares a domainpart.
 *
 * @throws {@link JidError} when it is neither a domain name nor an IP address.
 */
export function prepareDomain(text: string): string {
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  if (name === '') throw new JidError('jid/empty', 'domainpart', 'must not be empty')
  if (name.startsWith('[') && name.endsWith(']') && isIPv6(name.slice(1, -1))) return name.toLowerCase()
  const result = toUnicode(name, {
    checkHyphens: true,
    checkBidi: true,
    checkJoiners: true,
    useSTD3ASCIIRules: true,
    ignoreInvalidPunycode: false,
  } as never)
  if (result.error) throw new JidError('jid/domain', 'domainpart', 'is not a domain name')
  return result.domain
}
