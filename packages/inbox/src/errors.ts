import { XmppkitError } from '@xmppkit/runtime'

/** Codes of {@link InboxError}. */
export type InboxErrorCode = 'inbox/too-large' | 'inbox/unknown-id' | 'inbox/no-log'

/**
 * What an inbox refuses.
 *
 * - `inbox/too-large`: the account has more conversations than are looked at.
 * - `inbox/unknown-id`: the message before or after which a page begins is not in the archive.
 * - `inbox/no-log`: the archive is not kept in this process's memory, so its inbox cannot be either.
 */
export class InboxError extends XmppkitError<InboxErrorCode> {}
