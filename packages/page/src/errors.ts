import { XmppkitError } from '@xmppkit/runtime'

/**
 * What the pages fail with.
 *
 * - `page/no-converse`: the package converse.js is not installed.
 */
export class PageError extends XmppkitError<'page/no-converse'> {}
