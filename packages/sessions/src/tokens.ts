import { event, filter } from '@xmppkit/hooks'
import type { BareJid, FullJid, Jid } from '@xmppkit/jid'
import { metaKey, type Stanza, type StanzaError } from '@xmppkit/stanza'
import type { DeliveryOutcome, SessionRecord } from './ports.js'

/**
 * A stanza for a local account, before anybody looks for its sessions (ejabberd: `sm_receive_packet`).
 *
 * A handler may change it, drop it, or throw a StanzaError, which the sender gets. To make an account look as if it did
 * not exist, as for a blocked sender, answer as {@link unreachableAnswer} says.
 */
export const receivePacket = filter<Stanza>('sessions/receive-packet')

/**
 * A message a session had taken over and could not deliver, before another way is looked for. Policies and archives have seen
 * it already; whoever has older ones for the account that wait to be handed over drops it to put it behind them (M-7).
 */
export const reroutePacket = filter<
  Stanza,
  {
    /**
     * Asks, before it is put behind others, whether a copy of it stands in for it ({@link copiesOf}): then it is not to be put
     * there, and comes again should the copy fail.
     */
    readonly hasCopy: () => boolean
  }
>('sessions/reroute-packet')

/** What becomes of a message nobody can take now. */
export interface OfflineMessageValue {
  /** `bounce`: the sender is told; `stored`: it is safe; `discard`: it vanishes. */
  readonly action: 'bounce' | 'stored' | 'discard'
  /** The message. */
  readonly stanza: Stanza
}

/**
 * A message for an account without a resource that could take it (ejabberd: `offline_message_hook`).
 *
 * It starts as `bounce`, a headline as `discard`. A handler that stores returns `stored` when the message is durable,
 * and looks then whether a resource has come meanwhile. Dropping it consumes it silently.
 */
export const offlineMessage = filter<OfflineMessageValue>('sessions/offline-message')

/** Sequence numbers of {@link offlineMessage} others rely on. */
export const offlineSeq = Object.freeze({
  /** The archive takes it. */
  archive: 49,
  /** Offline storage takes it. */
  store: 50,
  /** Somebody is woken up. */
  push: 55,
  /** Nobody took it; last. */
  bounce: 100,
})

/** An error about to be returned because there is nobody to deliver to. */
export interface BouncePacketValue {
  /** `bounce`: the sender gets the error; `discard`: it does not. */
  readonly action: 'bounce' | 'discard'
  /** What could not be delivered. */
  readonly stanza: Stanza
  /** Why. */
  readonly error: StanzaError
}

/** A stanza that could not be delivered is about to be answered with an error (ejabberd: `bounce_sm_packet`). */
export const bouncePacket = filter<BouncePacketValue>('sessions/bounce-packet')

/**
 * Subscription presence for an account (ejabberd: `roster_in_subscription`). Starts as false; only if it ends as true
 * the account's available resources get it.
 */
export const subscriptionIn = filter<
  boolean,
  {
    /** The presence: subscribe, subscribed, unsubscribe or unsubscribed. */
    readonly stanza: Stanza
  }
>('sessions/subscription-in')

/** A presence probe for an account that exists (ejabberd: `presence_probe_hook`). */
export const probeIn = event<{
  /** The probe. */
  readonly stanza: Stanza
}>('sessions/probe-in')

/**
 * Whether whoever sent an iq request may know that this resource is there (RFC 6121 §8.5.3.1). Starts as true; if it
 * ends as false, or is dropped, the sender gets the error it would get if the resource were not there.
 *
 * The account itself and its server are not asked about.
 */
export const resourceVisible = filter<
  boolean,
  {
    /** The request. */
    readonly stanza: Stanza
    /** The session it is for. */
    readonly session: SessionRecord
  }
>('sessions/resource-visible')

/** A session was opened (ejabberd: `sm_register_connection_hook`). */
export const sessionOpened = event<{
  /** The session. */
  readonly session: SessionRecord
}>('sessions/session-opened')

/** A session is gone: nobody finds it any more (ejabberd: `sm_remove_connection_hook`). */
export const sessionClosed = event<{
  /** Its last state, with its presence if it was available. */
  readonly session: SessionRecord
  /** Why, for logs. */
  readonly reason: string
}>('sessions/session-closed')

/** A session is available, or still available in another way (ejabberd: `set_presence_hook`). */
export const presenceSet = event<{
  /** Its new state. */
  readonly session: SessionRecord
  /** The presence it sent. */
  readonly stanza: Stanza
  /** Its priority before; undefined if it was not available. */
  readonly previousPriority: number | undefined
}>('sessions/presence-set')

/** A session that was available is not any more, but still open (ejabberd: `unset_presence_hook`). */
export const presenceUnset = event<{
  /** Its new state. */
  readonly session: SessionRecord
  /** The presence it sent. */
  readonly stanza: Stanza
  /** Its priority before. */
  readonly previousPriority: number
}>('sessions/presence-unset')

/**
 * Marks a further copy of a message another session gets too (ejabberd: `sm_copy`), so that carbons and archive count it
 * once. A copy is never re-routed, and never answered with an error.
 */
export const isCopy = metaKey<true>('sessions/copy')

/** Marks a stanza that is never answered with an error if nobody is there (ejabberd: `ignore_sm_bounce`). */
export const neverBounce = metaKey<true>('sessions/never-bounce')

/** Where a message is archived: whose archive, and under which id. */
export interface ArchivedAs {
  /** The account whose archive it is. */
  readonly by: BareJid
  /** Its id there (XEP-0359). */
  readonly id: string
}

/**
 * Marks a message that is in an archive: first in that of its sender, from there on in that of its addressee; safe once what
 * is being stored of it ({@link storing}) is. What is in the archive of its addressee is not lost if nobody takes it, and is
 * never answered with an error. Carbons of a sent message tell the sender's other resources its id.
 */
export const archivedAs = metaKey<ArchivedAs>('sessions/archived-as')

/** Tells whether a message is in the archive of the account it is for, and not one that could not be stored there. */
export function isArchivedForAddressee(stanza: Stanza): boolean {
  const archived = stanza.meta(archivedAs)
  if (archived === undefined || stanza.to === undefined || !archived.by.equals(stanza.to.bare)) return false
  return stanza.meta(storing)?.state !== 'failed'
}

/**
 * What is to be stored of a message on its way. It may wait, so that everything that is stored of the message is written in
 * one go, but no longer than until somebody is given the message, or told that it was taken: whoever does that flushes it.
 */
export interface Storing {
  /** How far it is: not durable yet, or durable, or it could not be stored. */
  readonly state: 'pending' | 'durable' | 'failed'
  /** Writes it, if nobody has yet. Resolves when it is durable; rejects when it could not be stored. */
  flush(): Promise<void>
  /** Tells once it is durable, before whoever flushes it goes on; never, if it could not be stored. `tell` must not throw. */
  whenDurable(tell: () => void): void
}

/**
 * On a message: what is to be stored of it. {@link Sessions.deliver} flushes it before it gives the message to a session, and
 * when nobody takes the message; whoever sends a message on its way in an account's name flushes it when that is done. Who
 * stores what somebody is there to get flushes it within {@link receivePacket}, so that nobody comes between the decision of
 * the handlers behind, such as to let it queue, and its delivery.
 */
export const storing = metaKey<Storing>('sessions/storing')

/**
 * On a message that goes to several sessions at once: all of them. It is on the one that is not a copy ({@link isCopy}), so
 * that whoever copies messages to other sessions leaves out those that get the message itself.
 */
export const sharedWith = metaKey<readonly Pick<SessionRecord, 'sid'>[]>('sessions/shared-with')

/** Where the copies of a message have gone; see {@link copiesOf}. */
export interface MessageCopies {
  /**
   * Whether the client at an address, or without one any client, has a copy or is being given one, which does as well as the
   * message itself.
   *
   * @param done - told what becomes of it, if so: `delivered` once a client has it, `failed` if none got it after all
   */
  standIn(done: (outcome: DeliveryOutcome) => void, at?: FullJid): boolean
}

/**
 * On a message that may be copied to other sessions of its addressee: where the copies are. Should it look for another session
 * later, one that has a copy is not given the message besides, and it is not stored as long as there is a copy. Put there by
 * whoever copies.
 */
export const copiesOf = metaKey<MessageCopies>('sessions/copies-of')

/** Whoever has a message in durable storage as long as it is in the hands of sessions. */
export interface MessageCustody {
  /** A session has delivered it: nobody has to keep it any more. Told once or more. */
  delivered(): void
}

/**
 * On a message that somebody keeps though sessions have it, so that it survives this process. If they fail it is re-routed as
 * ever, and whoever keeps it takes note where it would store it, or where it is answered with an error.
 */
export const inCustody = metaKey<MessageCustody>('sessions/in-custody')

/**
 * Who gets something the server is about to send in an account's name without its client having addressed it: presence and
 * probes to contacts, notifications. Starts as everybody who is entitled to it; policies take out whom the account does not
 * want to reach (ejabberd: `privacy_check_packet`, outgoing). Fired by whoever sends such things.
 */
export const outboundRecipients = filter<
  readonly Jid[],
  {
    /** In whose name. */
    readonly account: BareJid
  }
>('sessions/outbound-recipients')

/**
 * When the server took a message over that is delivered again, in milliseconds since 1970. Whoever stores it and says when it
 * came (XEP-0203) says this.
 */
export const takenAt = metaKey<number>('sessions/taken-at')

/**
 * What became of a message that was handed over to an account: a session took it, it waits or is archived, or nobody wanted it
 * and nobody is told.
 */
export type MessageFate = 'delivered' | 'stored' | 'discarded'

/**
 * On a message whose sender, in this process, wants to know what becomes of it: told by whoever takes it over before its
 * delivery settles, and again should it go another way then. A refusal is not told here but answered with an error.
 */
export const fateListener = metaKey<(fate: MessageFate) => void>('sessions/fate-listener')
