import type { SessionInfo } from '@xmppkit/sessions'
import type { StreamState } from '@xmppkit/stream'

/** How a client has proved who it is, and which installation it is if it said so. */
export type LoginInfo = Pick<SessionInfo, 'mechanism' | 'clientId'>

/** What the stream itself knows of the login. */
export function loginOf({ mechanism }: StreamState): LoginInfo {
  return mechanism === undefined ? {} : { mechanism }
}

/** How a client is connected, as the session manager tells it. */
export function infoOf(state: StreamState, login: LoginInfo = loginOf(state)): Partial<SessionInfo> {
  const { framing, secure, remoteAddress } = state
  const transport = framing === 'framed' ? 'websocket' : secure ? 'tls' : 'tcp'
  return { remoteAddress, secure, transport, ...login }
}
