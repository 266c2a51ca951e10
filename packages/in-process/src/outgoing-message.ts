import type { Jid } from '@xmppkit/jid'
import { type MessageInit, type MessageType, message, type Stanza, type StanzaChild } from '@xmppkit/stanza'

/** A message to send, in a few words. */
export interface OutgoingMessage extends Omit<MessageInit, 'from' | 'type' | 'to'> {
  /** Addressee. */
  readonly to: Jid | string
  /** Its type. @default 'chat' */
  readonly type?: MessageType
  /** More children: typed payloads, encoded. @default none */
  readonly payloads?: readonly StanzaChild[]
}

/** The stanza of a message; one that is a stanza already stays as it is. */
export function messageOf(what: OutgoingMessage | Stanza): Stanza {
  if ('raw' in what) return what
  const { payloads = [], type = 'chat', ...init } = what
  return message({ ...init, type }, ...payloads)
}
