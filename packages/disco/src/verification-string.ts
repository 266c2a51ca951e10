import { createHash } from 'node:crypto'
import type { DataForm } from '@xmppkit/stanza'
import type { DiscoIdentity, DiscoInfo } from './payloads.js'

/** Names of the IANA registry of hash functions that are understood, and what the crypto library calls them. */
const algorithms: ReadonlyMap<string, string> = new Map([
  ['sha-1', 'sha1'],
  ['sha-224', 'sha224'],
  ['sha-256', 'sha256'],
  ['sha-384', 'sha384'],
  ['sha-512', 'sha512'],
])

/** Tells whether hashes of this name can be verified. */
export function isKnownHash(name: string): boolean {
  return algorithms.has(name)
}

/**
 * Hashes the verification string of XEP-0115 §5.1.
 *
 * @param hash - name from the IANA registry, such as `sha-1`
 * @throws RangeError for a hash that {@link isKnownHash} does not know
 */
export function capsHash(info: DiscoInfo, hash = 'sha-1'): string {
  const algorithm = algorithms.get(hash)
  if (algorithm === undefined) throw new RangeError('unknown hash function')
  return createHash(algorithm).update(verificationString(info), 'utf8').digest('base64')
}

/** The string S of XEP-0115 §5.1. */
export function verificationString(info: DiscoInfo): string {
  const identities = [...info.identities].sort(byParts).map(identityText)
  const features = [...info.features].sort(compareOctets)
  const forms = info.forms.flatMap((form) => extendedInfo(form) ?? []).sort(byFormType)
  const parts = [...identities, ...features, ...forms.flatMap(formParts)]
  return parts.map((part) => `${part}<`).join('')
}

function identityText({ category, type, lang = '', name = '' }: DiscoIdentity): string {
  return `${category}/${type}/${lang}/${name}`
}

// Part by part: sorted as whole texts, `a-b/…` would come before `a/…`, because `-` comes before `/`.
function byParts(a: DiscoIdentity, b: DiscoIdentity): number {
  return (
    compareOctets(a.category, b.category) ||
    compareOctets(a.type, b.type) ||
    compareOctets(a.lang ?? '', b.lang ?? '')
  )
}

/** A form of XEP-0128 as far as the verification string goes. */
export interface ExtendedInfo {
  /** Value of its `FORM_TYPE`. */
  readonly formType: string
  /** All values of its `FORM_TYPE`; more than one different value makes a response ill-formed. */
  readonly formTypes: readonly string[]
  /** The other fields. */
  readonly fields: readonly { readonly name: string; readonly values: readonly string[] }[]
}

/** Reads a form; `undefined` if it is to be ignored, because its `FORM_TYPE` is missing or not hidden (§5.4). */
export function extendedInfo(form: DataForm): ExtendedInfo | undefined {
  const purpose = form.fields.filter((field) => field.var === 'FORM_TYPE')
  const formTypes = purpose.flatMap((field) => field.values)
  const [formType] = formTypes
  if (formType === undefined || purpose.some((field) => field.type !== 'hidden')) return undefined
  const fields = form.fields
    .filter((field) => field.var !== 'FORM_TYPE')
    .map((field) => ({ name: field.var ?? '', values: field.values }))
  return { formType, formTypes, fields }
}

function byFormType(a: ExtendedInfo, b: ExtendedInfo): number {
  return compareOctets(a.formType, b.formType)
}

function formParts({ formType, fields }: ExtendedInfo): string[] {
  const sorted = [...fields].sort((a, b) => compareOctets(a.name, b.name))
  return [formType, ...sorted.flatMap(({ name, values }) => [name, ...[...values].sort(compareOctets)])]
}

/**
 * Order of `i;octet` (RFC 4790 §9.3): by the octets of UTF-8, which is the order of code points. The order of
 * UTF-16 units, which JavaScript sorts by, differs from it beyond the Basic Multilingual Plane.
 */
export function compareOctets(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Surrogates, which stand for the highest code points, after everything else. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
