import { XmppkitError } from '@xmppkit/runtime'

/**
 * What can go wrong at the socket level.
 *
 * - `tcp/certificate`: a certificate or key cannot be read or used.
 * - `tcp/listen`: the address cannot be listened on (in use, not permitted, unknown host).
 * - `tcp/handshake`: a TLS handshake failed or was refused.
 */
export class TcpError extends XmppkitError<'tcp/certificate' | 'tcp/listen' | 'tcp/handshake'> {}
