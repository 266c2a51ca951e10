import type { BareJid } from '@xmppkit/jid'
import type { Awaitable, Ids } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { iq, type Stanza } from '@xmppkit/stanza'
import { type RosterPayloadItem, rosterQuery } from './roster-payload.js'

/** One change of a roster, as its owner's clients are told. */
export interface RosterPush {
  /** Version of the roster after it. */
  readonly version: number
  /** What the item is now; `subscription='remove'` when it is gone. */
  readonly item: RosterPayloadItem
}

/** What telling clients needs. */
export interface RosterPushesDeps {
  /** Who is connected, and the way there. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** Names pushes. */
  readonly ids: Ids
}

/** Tells an account's clients of changes; only those that asked for the roster are interested (rule R-7). */
export interface RosterPushes {
  /**
   * The session asks for the roster: from here on it is told of changes, but not before it has the answer.
   *
   * @returns to be called, once, when the answer is ready, with the changes that are to follow it, and whether the answer
   * goes out before anything else can happen
   */
  asked(
    session: Pick<SessionRecord, 'sid' | 'jid'>,
  ): (missed: readonly RosterPush[], atOnce?: boolean) => void
  /** The session is gone. */
  forget(session: Pick<SessionRecord, 'sid'>): void
  /**
   * Sends a change to all interested sessions of the account, in the order of the calls. The promise is
   * for whoever wants to wait until they have it.
   */
  push(account: BareJid, push: RosterPush): Promise<void>
  /** Sends a stanza to all interested sessions, in the same order. */
  send(account: BareJid, stanza: Stanza): Promise<void>
}

/** A session that has asked for the roster. */
interface Interest {
  /** Answers that are not out yet. */
  answering: number
  /** What waits for them. */
  held: Stanza[]
}

/** Pushes that wait for one answer; with more, they do not wait any longer. */
const maxHeld = 1000

/** Makes the pushes of one host. */
export function createRosterPushes({ sessions, ids }: RosterPushesDeps): RosterPushes {
  const interests = new Map<string, Interest>()

  // No `from`: the push comes from the account itself (RFC 6121 §2.1.6, rule R-9).
  const stanzaOf = (to: SessionRecord['jid'], { version, item }: RosterPush) =>
    iq({ type: 'set', id: ids.next(), to }, rosterQuery.encode({ ver: version.toString(), items: [item] }))

  const flush = (sid: string, interest: Interest) => {
    for (const stanza of interest.held.splice(0)) void sessions.deliverTo(sid, stanza)
  }

  const toOne = (session: SessionRecord, make: (session: SessionRecord) => Stanza): Awaitable<void> => {
    const interest = interests.get(session.sid)
    if (!interest) return
    if (interest.answering === 0) return sessions.deliverTo(session.sid, make(session))
    interest.held.push(make(session))
    if (interest.held.length >= maxHeld) flush(session.sid, interest)
  }

  const toInterested = async (account: BareJid, make: (session: SessionRecord) => Stanza) => {
    await Promise.all(sessions.resources(account).map((session) => toOne(session, make)))
  }

  const answered = (sid: string, interest: Interest) => {
    interest.answering -= 1
    if (interest.answering === 0) flush(sid, interest)
  }

  return {
    asked({ sid, jid }) {
      const interest = interests.get(sid) ?? { answering: 0, held: [] }
      interests.set(sid, interest)
      interest.answering += 1
      return (missed, atOnce = false) => {
        if (atOnce && missed.length === 0) return answered(sid, interest)
        // What happened since the answer was made comes after what it is about.
        interest.held.unshift(...missed.map((push) => stanzaOf(jid, push)))
        // The answer goes out in this turn of the event loop.
        setImmediate(() => answered(sid, interest))
      }
    },
    forget({ sid }) {
      interests.delete(sid)
    },
    push: (account, push) => toInterested(account, (session) => stanzaOf(session.jid, push)),
    send: (account, stanza) => toInterested(account, () => stanza),
  }
}
