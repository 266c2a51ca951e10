import { XmppkitError } from '@xmppkit/runtime'

/**
 * What can go wrong with archives.
 *
 * - `archive/unreadable`: an archived message is not a stanza any more; it is reported and left out of results.
 */
export class ArchiveError extends XmppkitError<'archive/unreadable'> {}
