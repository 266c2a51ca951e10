import { type Drop, type Hooks, isDrop } from '@xmppkit/hooks'
import type { Jid } from '@xmppkit/jid'
import { type Awaitable, isThenable, type Logger } from '@xmppkit/runtime'
import type { SessionHandle, Sessions } from '@xmppkit/sessions'
import { type Stanza, StanzaError } from '@xmppkit/stanza'
import type { RawElement } from '@xmppkit/xml'
import { routeStored } from './route-stored.js'
import type { C2sSession } from './session.js'
import { stamp } from './stamp.js'
import { directedPresence, type SessionContext, selfPresence, userSendPacket } from './tokens.js'

/** What a session needs to send. */
export interface SendingDeps {
  /** Asked about what is sent. */
  readonly hooks: Pick<Hooks, 'fold' | 'run' | 'has'>
  readonly sessions: Pick<Sessions, 'setPresence'>
  /** Brings on its way what may go. */
  readonly route: (stanza: Stanza) => Awaitable<void>
  readonly logger: Pick<Logger, 'error'>
}

/** The session as its sending side sees it. */
export interface SendingSession extends C2sSession, SessionHandle {
  presence: Stanza | undefined
  /** Writes an answer that needs no stamp and no hook. */
  answer(reply: RawElement): void
}

/** Counts whom a session writes to. */
export interface Reach {
  /** Whether it may write to this address too. */
  mayReach(to: Jid): boolean
}

/**
 * The way of a stanza of a session, whoever holds its other end: stamped, `userSendPacket`, then noted as presence or
 * routed. What refuses it is thrown.
 */
export class Sending {
  readonly #deps: SendingDeps
  readonly #session: SendingSession
  readonly #context: SessionContext
  readonly #reach: Reach

  constructor(deps: SendingDeps, session: SendingSession, context: SessionContext, reach: Reach) {
    this.#deps = deps
    this.#session = session
    this.#context = context
    this.#reach = reach
  }

  /** Sends a stanza as it was read or built. */
  send(stanza: Stanza): Awaitable<void> {
    const folded = this.#deps.hooks.fold(userSendPacket, this.#stamped(stanza), this.#context)
    return isThenable(folded) ? folded.then((value) => this.#dispatch(value)) : this.#dispatch(folded)
  }

  /** Sends the presence that was sent last once more, in another form. */
  updatePresence(change: (presence: Stanza) => Stanza): Awaitable<void> {
    const { presence } = this.#session
    if (presence === undefined || this.#session.ended) return
    const changed = change(presence)
    if (changed !== presence) return this.#broadcast(changed)
  }

  #stamped(stanza: Stanza): Stanza {
    const { jid, state } = this.#session
    const stamped = stamp(stanza, { jid, lang: state.lang })
    if (stamped.to !== undefined && !this.#reach.mayReach(stamped.to)) {
      throw new StanzaError('resource-constraint', { text: 'too many recipients in a short time' })
    }
    return stamped
  }

  #dispatch(stanza: Stanza | Drop): Awaitable<void> {
    if (isDrop(stanza)) return
    if (stanza.kind !== 'presence') return routeStored(this.#deps, stanza)
    if (stanza.to === undefined) return this.#broadcast(stanza)
    const directed = stanza.type === 'available' || stanza.type === 'unavailable'
    if (!directed || !this.#deps.hooks.has(directedPresence)) return this.#deps.route(stanza)
    const told = this.#deps.hooks.run(directedPresence, { session: this.#session, stanza })
    return isThenable(told) ? told.then(() => this.#deps.route(stanza)) : this.#deps.route(stanza)
  }

  #broadcast(stanza: Stanza): Awaitable<void> {
    const session = this.#session
    const available = stanza.type === 'available'
    const first = available && session.presence === undefined
    session.presence = available ? stanza : undefined
    const noted = this.#deps.sessions.setPresence(session, stanza)
    const spread = () => this.#deps.hooks.run(selfPresence, { session, stanza, first })
    return isThenable(noted) ? noted.then(spread) : spread()
  }
}
