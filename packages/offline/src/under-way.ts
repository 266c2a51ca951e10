import type { BareJid } from '@xmppkit/jid'
import type { SessionRecord } from '@xmppkit/sessions'
import type { Handover, HandoverOutcome } from './handover.js'
import type { OfflineMessage } from './ports.js'

type Session = Pick<SessionRecord, 'sid' | 'jid'>

/** What sessions were given of the stored messages, and have not said yet what became of. */
export interface UnderWay {
  /** Gives messages to a session, behind what it was given before. */
  give(session: Session, messages: readonly OfflineMessage[], signal: AbortSignal): Promise<HandoverOutcome>
  /** A session has this message. */
  has(account: BareJid, id: string): boolean
  /** A session has some. */
  holds(session: Session): boolean
  /** How many messages of the account sessions have. */
  count(account: BareJid): number
  /** Which sessions have something, of all accounts. */
  holders(): readonly Session[]
}

interface Holder {
  readonly session: Session
  readonly handover: Handover
}

/**
 * Keeps the books of one host.
 *
 * @param begin - begins to hand messages to a session; calls back after each that is settled
 */
export function createUnderWay(begin: (session: Session, onSettled: () => void) => Handover): UnderWay {
  const accounts = new Map<string, Map<string, Holder>>()

  const holdersOf = (account: BareJid): Iterable<Holder> => accounts.get(account.toString())?.values() ?? []

  const handoverTo = (session: Session): Handover => {
    const key = session.jid.bare.toString()
    const holders = accounts.get(key) ?? new Map<string, Holder>()
    const known = holders.get(session.sid)
    if (known) return known.handover
    const handover = begin(session, () => forgetIfIdle(session))
    accounts.set(key, holders.set(session.sid, { session, handover }))
    return handover
  }

  const forgetIfIdle = ({ sid, jid }: Session) => {
    const key = jid.bare.toString()
    const holders = accounts.get(key)
    if (holders?.get(sid)?.handover.idle !== true) return
    holders.delete(sid)
    if (holders.size === 0) accounts.delete(key)
  }

  return {
    async give(session, messages, signal) {
      try {
        return await handoverTo(session).give(messages, signal)
      } finally {
        forgetIfIdle(session)
      }
    },
    has(account, id) {
      for (const { handover } of holdersOf(account)) if (handover.has(id)) return true
      return false
    },
    holds: ({ sid, jid }) => (accounts.get(jid.bare.toString())?.get(sid)?.handover.open ?? 0) > 0,
    count(account) {
      let open = 0
      for (const { handover } of holdersOf(account)) open += handover.open
      return open
    },
    holders: () => [...accounts.values()].flatMap((all) => [...all.values()].map(({ session }) => session)),
  }
}
