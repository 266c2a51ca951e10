import { XmppkitError } from '@xmppkit/runtime'

/**
 * What can go wrong with kept files.
 *
 * - `file-storage/bad-name`: a name that could lead out of the folder or the bucket.
 * - `file-storage/refused`: the object store did not do what it was asked; the message has its status.
 */
export type FileStorageErrorCode = 'file-storage/bad-name' | 'file-storage/refused'

/** Something went wrong with kept files; see {@link FileStorageErrorCode}. */
export class FileStorageError extends XmppkitError<FileStorageErrorCode> {}
