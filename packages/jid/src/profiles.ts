import { mapSpaces, mapWidth, toLowerCase } from './mapping.js'
import { enforce, type Profile } from './precis.js'

const maxPartBytes = 1023
const maxPasswordBytes = 3071

/** UsernameCaseMapped (RFC 8265 §3.3) and what RFC 7622 §3.3.1 forbids beyond it. */
const localpart: Profile = {
  part: 'localpart',
  stringClass: 'identifier',
  map: (text) => toLowerCase(mapWidth(text)).normalize('NFC'),
  // Checked after the mappings: a fullwidth U+FF20 becomes an @ that would move the domain.
  forbidden: /["&'/:<>@]/,
  directionality: true,
  maxBytes: maxPartBytes,
}

/** OpaqueString (RFC 8265 §4.2), without the leading space that RFC 7622 §3.5 example 18 rules out. */
const resourcepart: Profile = {
  part: 'resourcepart',
  stringClass: 'freeform',
  map: (text) => mapSpaces(text).normalize('NFC'),
  forbidden: /^ /,
  directionality: false,
  maxBytes: maxPartBytes,
}

/** OpaqueString (RFC 8265 §4.2). */
const password: Profile = {
  part: 'password',
  stringClass: 'freeform',
  map: (text) => mapSpaces(text).normalize('NFC'),
  directionality: false,
  maxBytes: maxPasswordBytes,
}

const trimSpaces = (text: string) => mapSpaces(text).replace(/ +/g, ' ').replace(/^ | $/g, '')

/** Nickname (RFC 8266 §2.3). */
const nickname: Profile = {
  part: 'nickname',
  stringClass: 'freeform',
  map: (text) => trimSpaces(text).normalize('NFKC'),
  directionality: false,
  maxBytes: maxPartBytes,
}

/** Nickname for comparison (RFC 8266 §2.4): also in lower case. */
const nicknameComparison: Profile = {
  ...nickname,
  map: (text) => toLowerCase(trimSpaces(text)).normalize('NFKC'),
}

const plainLocalpart = /^[!#$%()*+,\-.0-9;=?A-Z[\\\]^_`a-z{|}~]{1,1023}$/
const plainResource = /^[!-~][ -~]{0,1022}$/

/**
 * Prepares a localpart: UsernameCaseMapped (RFC 8265 §3.3), so width, case and composed forms no longer
 * matter, and none of `" & ' / : < > @` (RFC 7622 §3.3.1).
 *
 * @throws {@link JidError}
 */
export function prepareLocalpart(text: string): string {
  return plainLocalpart.test(text) ? text.toLowerCase() : enforce(localpart, text)
}

/**
 * Prepares a resourcepart: OpaqueString (RFC 8265 §4.2), which keeps case and spaces, except that a
 * leading space is refused as in RFC 7622 §3.5.
 *
 * @throws {@link JidError}
 */
export function prepareResource(text: string): string {
  return plainResource.test(text) ? text : enforce(resourcepart, text)
}

/**
 * Prepares a password: OpaqueString (RFC 8265 §4.2), 1 to 3071 octets. SCRAM and PLAIN must see the same result.
 *
 * @throws {@link JidError}, which never tells anything of the password.
 */
export function preparePassword(text: string): string {
  return enforce(password, text)
}

/**
 * Prepares a nickname as it is shown: Nickname (RFC 8266 §2.3), spaces trimmed and collapsed, NFKC, case kept.
 *
 * @throws {@link JidError}
 */
export function prepareNickname(text: string): string {
  return enforce(nickname, text)
}

/**
 * The form of a nickname that is the same for nicknames that compare equal (RFC 8266 §2.4).
 *
 * @throws {@link JidError}
 */
export function nicknameKey(text: string): string {
  return enforce(nicknameComparison, text)
}
