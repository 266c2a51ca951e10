import { JidError, type JidPart } from './errors.js'

function check(text: string, part: JidPart): string {
  if (text === '') throw new JidError('jid/empty', part, 'must not be empty')
  if (new TextEncoder().encode(text).length > 1023) throw new JidError('jid/too-long', part, 'is too long')
  return text
}

/** Prepares a localpart (UsernameCaseMapped and RFC 7622 §3.3.1). @throws {@link JidError} */
export function prepareLocalpart(text: string): string {
  const out = check(text.normalize('NFKC').toLowerCase().normalize('NFC'), 'localpart')
  if (/[\s"&'/:<>@\p{C}]/u.test(out))
    throw new JidError('jid/disallowed', 'localpart', 'has a code point not allowed here')
  return out
}

/** Prepares a resourcepart (OpaqueString). @throws {@link JidError} */
export function prepareResource(text: string): string {
  const out = check(text.replace(/\p{Zs}/gu, ' ').normalize('NFC'), 'resourcepart')
  if (/\p{C}/u.test(out))
    throw new JidError('jid/disallowed', 'resourcepart', 'has a code point not allowed here')
  return out
}

/** Prepares a password (OpaqueString, RFC 8265 §4). @throws {@link JidError} */
export function preparePassword(text: string): string {
  const out = text.replace(/\p{Zs}/gu, ' ').normalize('NFC')
  if (out === '') throw new JidError('jid/empty', 'password', 'must not be empty')
  if (/\p{C}/u.test(out))
    throw new JidError('jid/disallowed', 'password', 'has a code point not allowed here')
  return out
}

/** Prepares a nickname (RFC 8266 §2.3). @throws {@link JidError} */
export function prepareNickname(text: string): string {
  return check(
    text
      .trim()
      .replace(/\p{Zs}+/gu, ' ')
      .normalize('NFKC'),
    'nickname',
  )
}
