import type { SessionInfo } from '@xmppkit/sessions'
import type { StreamState } from '@xmppkit/stream'

/** How a client is connected, as the session manager tells it. */
export function infoOf({ framing, secure, remoteAddress, mechanism }: StreamState): Partial<SessionInfo> {
  const transport = framing === 'framed' ? 'websocket' : secure ? 'tls' : 'tcp'
  return { remoteAddress, secure, transport, ...(mechanism === undefined ? {} : { mechanism }) }
}
