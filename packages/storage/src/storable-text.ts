import { StorageError } from './errors.js'

/** Longest owner, in UTF-8 bytes: a bare JID (RFC 7622 §3.1). */
export const maxOwnerBytes = 2_047
/** Longest key or holder, in UTF-8 bytes. */
export const maxKeyBytes = 1_023

const encoder = new TextEncoder()
// ECMAScript 2024, which the types do not have yet: at once for text of one byte per character.
const isWellFormed = Reflect.get(String.prototype, 'isWellFormed') as (this: string) => boolean

/**
 * Refuses text that some database could not give back as it was: NUL, lone surrogates, or too long.
 *
 * @throws {@link StorageError} `storage/bad-text`, naming what it is but not repeating it
 */
export function assertStorable(what: string, text: string, maxBytes: number): void {
  // Counting bytes is only needed when there could be too many.
  if (text.length * 3 > maxBytes && encoder.encode(text).length > maxBytes) {
    throw new StorageError('storage/bad-text', `${what} has more than ${maxBytes} bytes`)
  }
  if (text.includes('\0')) throw new StorageError('storage/bad-text', `${what} contains the character NUL`)
  if (!isWellFormed.call(text))
    throw new StorageError('storage/bad-text', `${what} contains half a character`)
}

/** Like {@link assertStorable} for what names something and so must not be empty. */
export function assertName(what: string, text: string, maxBytes = maxKeyBytes): void {
  if (text === '') throw new StorageError('storage/bad-text', `${what} is empty`)
  assertStorable(what, text, maxBytes)
}

/** The domain of an owner: what follows the `@` of a bare JID, or all of a domain. */
export function domainOfOwner(owner: string): string {
  return owner.slice(owner.indexOf('@') + 1)
}
