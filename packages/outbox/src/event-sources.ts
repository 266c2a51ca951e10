import { registerUser, removeUser } from '@xmppkit/auth'
import { delivered, userSendPacket } from '@xmppkit/c2s'
import type { Hooks } from '@xmppkit/hooks'
import type { BareJid, Jid } from '@xmppkit/jid'
import {
  archivedAs,
  offlineMessage,
  presenceSet,
  presenceUnset,
  type SessionRecord,
  sessionClosed,
  sessionOpened,
} from '@xmppkit/sessions'
import { NS, type Stanza } from '@xmppkit/stanza'
import { textFromWire } from '@xmppkit/xml'
import type { EventData, EventType, MessageData } from './events.js'

/** Something that has happened, before it is written down. */
export interface Occurrence<T extends EventType = EventType> {
  /** What. */
  readonly type: T
  /** The account it is about. */
  readonly account: BareJid
  /** What it belongs to. */
  readonly conversation: string
  /** What it tells. */
  readonly data: EventData[T]
}

/** What {@link listenForEvents} needs. */
export interface EventSourcesDeps {
  /** The host's hooks. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Writes an event down; fulfilled when it is durable. */
  readonly record: <T extends EventType>(occurrence: Occurrence<T>) => Promise<void>
}

/** Sequence numbers of this package's handlers. */
export const outboxSeq = Object.freeze({
  /** In `userSendPacket`: what policies, archive and carbons have let pass, and before it is routed. */
  sent: 92,
  /** In `offlineMessage`: behind storage and push. */
  stored: 60,
})

const label = 'outbox'

/** Writes down what happens on a host, as far as somebody wants to know. What nobody wants costs nothing. */
export function listenForEvents(
  { hooks, record }: EventSourcesDeps,
  wanted: ReadonlySet<EventType>,
): readonly Disposable[] {
  const sources: Record<EventType, () => Disposable[]> = {
    'message.sent': () => [sent(hooks, record)],
    'message.stored': () => [stored(hooks, record)],
    'message.delivered': () => [
      hooks.on(
        delivered,
        ({ stanza, session: { jid } }) => {
          if (!isWorthTelling(stanza)) return
          const data = { ...messageData(stanza), by: jid.toString() }
          return record({ type: 'message.delivered', account: jid.bare, ...belonging(stanza), data })
        },
        { label },
      ),
    ],
    'session.opened': () => [
      hooks.on(
        sessionOpened,
        ({ session }) =>
          record({ type: 'session.opened', ...ofSession(session), data: sessionData(session) }),
        { label },
      ),
    ],
    'session.closed': () => [
      hooks.on(
        sessionClosed,
        ({ session, reason }) =>
          record({
            type: 'session.closed',
            ...ofSession(session),
            data: { ...sessionData(session), reason },
          }),
        { label },
      ),
    ],
    'presence.changed': () => presence(hooks, record),
    'account.registered': () => [
      hooks.on(registerUser, ({ account }) => record({ type: 'account.registered', ...ofAccount(account) }), {
        label,
      }),
    ],
    'account.removed': () => [
      hooks.on(removeUser, ({ account }) => record({ type: 'account.removed', ...ofAccount(account) }), {
        label,
      }),
    ],
  }
  return [...wanted].flatMap((type) => sources[type]())
}

type Recording = EventSourcesDeps['record']

// It fails closed: a message whose event cannot be written down is not sent, or the event would be lost.
function sent(hooks: EventSourcesDeps['hooks'], record: Recording): Disposable {
  return hooks.on(
    userSendPacket,
    (stanza, { session: { account } }) => {
      if (stanza.kind !== 'message' || !isWorthTelling(stanza)) return stanza
      const occurrence = { account, ...belonging(stanza), data: messageData(stanza) }
      return record({ type: 'message.sent', ...occurrence }).then(() => stanza)
    },
    { seq: outboxSeq.sent, label },
  )
}

function stored(hooks: EventSourcesDeps['hooks'], record: Recording): Disposable {
  return hooks.on(
    offlineMessage,
    (value) => {
      const { action, stanza } = value
      if (action !== 'stored' || stanza.to === undefined || !isWorthTelling(stanza)) return value
      const occurrence = { account: stanza.to.bare, ...belonging(stanza), data: messageData(stanza) }
      return record({ type: 'message.stored', ...occurrence }).then(() => value)
    },
    { seq: outboxSeq.stored, label },
  )
}

function presence(hooks: EventSourcesDeps['hooks'], record: Recording): Disposable[] {
  const changed = ({ session }: { readonly session: SessionRecord }) => {
    const { jid, presence: current, priority } = session
    const [show, status] = [current?.text('show'), current?.text('status')]
    const data = {
      jid: jid.toString(),
      available: priority !== undefined,
      ...(show !== undefined && { show }),
      ...(status !== undefined && { status }),
      ...(priority !== undefined && { priority }),
    }
    return record({ type: 'presence.changed', ...ofSession(session), data })
  }
  return [hooks.on(presenceSet, changed, { label }), hooks.on(presenceUnset, changed, { label })]
}

/** Errors, and what only says that somebody is typing (XEP-0085), are nobody's business a moment later. */
function isWorthTelling({ type, raw }: Stanza): boolean {
  if (type === 'error') return false
  return raw.children.some(({ name, ns }) =>
    ns === raw.ns ? name === 'body' || name === 'subject' : ns !== NS.chatStates && ns !== NS.hints,
  )
}

/** Both directions of a conversation are one; a room is one with everybody in it. */
function belonging({ type, from, to }: Stanza): { readonly conversation: string } {
  if (type === 'groupchat') return { conversation: String(to?.bare ?? '') }
  const [one, other] = [bareOf(from), bareOf(to)].sort()
  return { conversation: `${one} ${other}` }
}

const bareOf = (jid: Jid | undefined): string => jid?.bare.toString() ?? ''

function messageData(stanza: Stanza): MessageData {
  const body = stanza.text('body')
  const archived = stanza.meta(archivedAs)
  return {
    id: stanza.id ?? '',
    type: stanza.type,
    from: stanza.from?.toString() ?? '',
    to: stanza.to?.toString() ?? '',
    ...(body !== undefined && { body }),
    stanza: textFromWire(stanza.toWire()),
    ...(archived && { archiveId: archived.id }),
  }
}

function ofSession({ jid }: SessionRecord) {
  return { account: jid.bare, conversation: jid.bare.toString() }
}

function sessionData({ jid, info: { transport } }: SessionRecord) {
  return { jid: jid.toString(), ...(transport !== undefined && { transport }) }
}

function ofAccount(account: BareJid) {
  return { account, conversation: account.toString(), data: { account: account.toString() } }
}
