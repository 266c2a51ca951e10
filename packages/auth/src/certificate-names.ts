import { type BareJid, tryParseJid } from '@xmppkit/jid'

// The bytes of object identifiers: id-ce-subjectAltName (RFC 5280 §4.2.1.6), id-on-xmppAddr (RFC 6120 §13.7.1.4).
const subjectAltName = '551d11'
const xmppAddr = '2b06010505070805'

/** Longest list of names that is looked at; a certificate with more is for something else. */
const maxNames = 100

/**
 * The accounts a client's certificate names: the XMPP addresses of its subjectAltName, read as structured data and nothing
 * else (A-19, SEC-11). Whether the certificate can be trusted is for TLS to say.
 *
 * @param certificate - in DER
 * @returns bare addresses, none twice; none if the certificate cannot be read
 */
export function accountsOfCertificate(certificate: Uint8Array): readonly BareJid[] {
  const accounts = new Map<string, BareJid>()
  for (const text of xmppAddresses(certificate)) {
    const jid = tryParseJid(text)
    if (jid?.isBare === true && jid.local !== '') accounts.set(jid.toString(), jid.bare)
  }
  return [...accounts.values()]
}

function xmppAddresses(der: Uint8Array): string[] {
  const certificate = childrenOf({ der, start: 0, end: der.length })[0]
  const signed = certificate && childrenOf(certificate)[0]
  // tbsCertificate: extensions are [3] (RFC 5280 §4.1).
  const extensions = signed && childrenOf(signed).find(({ tag }) => tag === 0xa3)
  const list = extensions && childrenOf(extensions)[0]
  for (const extension of list ? childrenOf(list) : []) {
    const parts = childrenOf(extension)
    const value = parts.at(-1)
    if (hexOf(parts[0]) !== subjectAltName || value?.tag !== 0x04) continue
    const names = childrenOf(value)[0]
    return names ? childrenOf(names).slice(0, maxNames).flatMap(xmppAddressOf) : []
  }
  return []
}

// otherName [0] { type-id OBJECT IDENTIFIER, value [0] EXPLICIT UTF8String }
function xmppAddressOf(name: Value): string[] {
  if (name.tag !== 0xa0) return []
  const [type, wrapped] = childrenOf(name)
  if (hexOf(type) !== xmppAddr || wrapped?.tag !== 0xa0) return []
  const [text] = childrenOf(wrapped)
  if (text?.tag !== 0x0c) return []
  try {
    return [new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(text))]
  } catch {
    return []
  }
}

interface Range {
  readonly der: Uint8Array
  readonly start: number
  readonly end: number
}

interface Value extends Range {
  readonly tag: number
}

/** The values inside another, one after another; what does not fit ends the list. */
function childrenOf({ der, start, end }: Range): Value[] {
  const values: Value[] = []
  let at = start
  while (at < end) {
    const value = valueAt(der, at, end)
    if (value === undefined) break
    values.push(value)
    at = value.end
  }
  return values
}

function valueAt(der: Uint8Array, at: number, limit: number): Value | undefined {
  const [tag, first] = [der[at], der[at + 1]]
  if (tag === undefined || first === undefined) return undefined
  const extra = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || extra > 3) return undefined
  let length = extra === 0 ? first : 0
  for (let i = 0; i < extra; i++) length = length * 256 + (der[at + 2 + i] ?? 0)
  const start = at + 2 + extra
  const end = start + length
  return end <= limit ? { der, tag, start, end } : undefined
}

function bytesOf({ der, start, end }: Range): Uint8Array {
  return der.subarray(start, end)
}

function hexOf(value: Value | undefined): string | undefined {
  return value?.tag === 0x06 ? Buffer.from(bytesOf(value)).toString('hex') : undefined
}
