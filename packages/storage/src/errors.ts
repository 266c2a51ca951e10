import { XmppkitError } from '@xmppkit/runtime'

/**
 * Why a store refused.
 *
 * - `storage/bad-text`: an owner, key, value or holder is empty, too long, or has characters no database carries (NUL, lone surrogates).
 * - `storage/full`: as many entries are kept as are allowed.
 * - `storage/bad-value`: what is stored cannot be read, or what is to be stored cannot be written.
 */
export type StorageErrorCode = 'storage/bad-text' | 'storage/full' | 'storage/bad-value'

/** Thrown, or rather rejected with, by the archetypes of this package. */
export class StorageError extends XmppkitError<StorageErrorCode> {}
