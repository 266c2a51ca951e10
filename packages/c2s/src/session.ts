import type { BareJid, FullJid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { Stanza, StreamError } from '@xmppkit/stanza'
import type { StreamState } from '@xmppkit/stream'

/**
 * A client's session, as hooks see it: from the binding of its resource to the end of its stream, or, with stream
 * management, beyond it.
 */
export interface C2sSession {
  /** Id of the session, the same the session manager knows it by. */
  readonly sid: string
  /** The address bound to it. */
  readonly jid: FullJid
  /** The account it belongs to. */
  readonly account: BareJid
  /** What is known of its stream; of the last one if it has lost it. */
  readonly state: StreamState
  /** The available presence it sent last; undefined while it has none. */
  readonly presence: Stanza | undefined
  /** True while there is a connection, and the client knows its address. */
  readonly connected: boolean
  /** True once the session has ended; what is sent then goes nowhere. */
  readonly ended: boolean
  /**
   * Sends the presence of {@link C2sSession.presence} once more in another form, as if the client had sent it so: the
   * session manager takes note of it and everybody who may see it is told. Nothing while there is none.
   *
   * @param change - answers with the presence to send, or with the same one to leave it
   */
  updatePresence(change: (presence: Stanza) => Stanza): Awaitable<void>
  /** Writes a stanza to the client, past every hook. Nobody is told if it does not arrive. */
  send(stanza: Stanza): void
  /** Ends the stream with an error. */
  end(error: StreamError): void
}
