import { XmppkitError } from '@xmppkit/runtime'

/**
 * What can go wrong with offline messages.
 *
 * - `offline/unreadable`: a stored message is not a stanza any more; it is reported and removed.
 */
export class OfflineError extends XmppkitError<'offline/unreadable'> {}
