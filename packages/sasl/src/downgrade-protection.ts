import { encodeBase64 } from './base64.js'
import { digest, type ScramHash } from './scram-verifier.js'
import type { SaslConditions } from './server-exchange.js'
import { encodeUtf8 } from './utf8.js'

/**
 * The hash over what a server advertised (XEP-0474 §5.1), in base64. Whoever took a mechanism or a channel binding out of
 * the list cannot make the two sides agree on it.
 *
 * @param mechanisms - the list of the profile in use, SASL1 or SASL2
 * @param bindings - the channel bindings advertised with XEP-0440; undefined if none were
 */
export function advertisedHash(
  hash: ScramHash,
  mechanisms: readonly string[],
  bindings: readonly string[] | undefined,
): string {
  const list = joined(mechanisms)
  const text = bindings === undefined ? list : `${list}\x1f${joined(bindings)}`
  return encodeBase64(digest(hash, encodeUtf8(text)))
}

// Names are ASCII, where code units and octets have one order.
function joined(names: readonly string[]): string {
  return [...names].sort().join('\x1e')
}

const tlsVersions: ReadonlyMap<string, string> = new Map([
  ['TLSv1', '0301'],
  ['TLSv1.1', '0302'],
  ['TLSv1.2', '0303'],
  ['TLSv1.3', '0304'],
])

/** The number of a version of TLS as XEP-0515 writes it; undefined for one without. */
export function tlsVersionNumber(version: string | undefined): string | undefined {
  return version === undefined ? undefined : tlsVersions.get(version)
}

/** What is added to `server-first-message`: the hash of XEP-0474 and, over TLS, the version of XEP-0515. @internal */
export function downgradeAttributes(
  hash: ScramHash,
  { offered, plusOffered, conditions }: AdvertisedOn,
): string {
  const bindings = plusOffered ? [...(conditions.channelBindings?.keys() ?? [])] : undefined
  const version = tlsVersionNumber(conditions.tlsVersion)
  const attribute = `,h=${advertisedHash(hash, offered, bindings)}`
  return version === undefined ? attribute : `${attribute},t=${version}`
}

interface AdvertisedOn {
  readonly offered: readonly string[]
  readonly plusOffered: boolean
  readonly conditions: Pick<SaslConditions, 'channelBindings' | 'tlsVersion'>
}
