import { XmppkitError } from '@xmppkit/runtime'

/**
 * Why a file is not taken or not given.
 *
 * - `upload/no-file`: there is no such slot or file, or not any more.
 * - `upload/taken`: something was uploaded to this slot already, or is being uploaded.
 * - `upload/wrong-size`: the file is not as long as was said when the slot was asked for.
 * - `upload/wrong-type`: the file is of another type than was said.
 * - `upload/full`: the store has no room.
 */
export type UploadErrorCode =
  | 'upload/no-file'
  | 'upload/taken'
  | 'upload/wrong-size'
  | 'upload/wrong-type'
  | 'upload/full'

/** A file that is not taken or not given; see {@link UploadErrorCode}. */
export class UploadError extends XmppkitError<UploadErrorCode> {}
