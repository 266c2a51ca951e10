import { XmppkitError } from '@xmppkit/runtime'

/** Codes of {@link InProcessError}. */
export type InProcessErrorCode =
  | 'in-process/unknown-account'
  | 'in-process/unsendable'
  | 'in-process/limit'
  | 'in-process/closed'

/**
 * What code in this process did that no user can do.
 *
 * - `in-process/unknown-account`: a message in the name of an account there is none of
 * - `in-process/unsendable`: neither a message with an addressee nor subscription presence
 * - `in-process/limit`: too much is being sent, or too many bots are there
 * - `in-process/closed`: the bot has left, or the server has stopped
 */
export class InProcessError extends XmppkitError<InProcessErrorCode> {}
