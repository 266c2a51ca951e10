import { XmppkitError } from '@xmppkit/runtime'

/**
 * What can go wrong when XMPP is put on an HTTP server.
 *
 * - `web/options`: options that contradict each other, or a path, origin or network that is none.
 * - `web/listen`: the address cannot be listened on (in use, not permitted, unknown host).
 */
export class WebError extends XmppkitError<'web/options' | 'web/listen'> {}
