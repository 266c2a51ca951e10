import { type Drop, type Hooks, isDrop } from '@xmppkit/hooks'
import { makeJid, tryParseJid } from '@xmppkit/jid'
import { type Awaitable, isThenable, type Logger } from '@xmppkit/runtime'
import type { SessionHandle, Sessions } from '@xmppkit/sessions'
import {
  checkIq,
  decodeErrorAnswer,
  errorReplyTo,
  isDecodeError,
  isStanzaError,
  isStreamError,
  readStanza,
  type Stanza,
  StanzaError,
} from '@xmppkit/stanza'
import type { RawElement } from '@xmppkit/xml'
import type { Pace } from './pace.js'
import type { C2sSession } from './session.js'
import { stamp } from './stamp.js'
import { directedPresence, type SessionContext, selfPresence, userSendPacket } from './tokens.js'

/** What the incoming side of a session needs. */
export interface IncomingDeps {
  readonly hooks: Pick<Hooks, 'fold' | 'run' | 'has'>
  readonly sessions: Pick<Sessions, 'setPresence'>
  readonly route: (stanza: Stanza) => Awaitable<void>
  readonly logger: Logger
}

/** The session as its incoming side sees it. */
export interface IncomingSession extends C2sSession, SessionHandle {
  presence: Stanza | undefined
  /** Writes an answer that needs no stamp and no hook. */
  answer(reply: RawElement): void
}

/**
 * The way of a stanza from its client: read, checked, stamped, `userSendPacket`, then noted as presence or routed. It never
 * throws but a `StreamError`; whatever else goes wrong is answered, and the stream stays up.
 */
export class Incoming {
  readonly #deps: IncomingDeps
  readonly #session: IncomingSession
  readonly #context: SessionContext
  readonly #pace: Pace

  constructor(deps: IncomingDeps, session: IncomingSession, context: SessionContext, pace: Pace) {
    this.#deps = deps
    this.#session = session
    this.#context = context
    this.#pace = pace
  }

  /** Takes the client's next stanza. */
  handle(raw: RawElement): Awaitable<void> {
    try {
      const stanza = this.#checked(raw)
      const folded = this.#deps.hooks.fold(userSendPacket, stanza, this.#context)
      const result = isThenable(folded)
        ? folded.then((value) => this.#dispatch(value))
        : this.#dispatch(folded)
      return isThenable(result) ? result.then(undefined, (error) => this.#refuse(raw, error)) : result
    } catch (error) {
      this.#refuse(raw, error)
    }
  }

  #checked(raw: RawElement): Stanza {
    const read = readStanza(raw)
    // A result is passed on as it is: whoever asked would wait for it in vain.
    if (read.kind === 'iq' && (read.type === 'get' || read.type === 'set')) checkIq(read)
    const { jid, state } = this.#session
    const stanza = stamp(read, { jid, lang: state.lang })
    if (stanza.to !== undefined && !this.#pace.mayReach(stanza.to)) {
      throw new StanzaError('resource-constraint', { text: 'too many recipients in a short time' })
    }
    return stanza
  }

  #dispatch(stanza: Stanza | Drop): Awaitable<void> {
    if (isDrop(stanza)) return
    if (stanza.kind !== 'presence') return this.#deps.route(stanza)
    if (stanza.to === undefined) return this.#broadcast(stanza)
    const directed = stanza.type === 'available' || stanza.type === 'unavailable'
    if (!directed || !this.#deps.hooks.has(directedPresence)) return this.#deps.route(stanza)
    const told = this.#deps.hooks.run(directedPresence, { session: this.#session, stanza })
    return isThenable(told) ? told.then(() => this.#deps.route(stanza)) : this.#deps.route(stanza)
  }

  /** Sends the presence the client sent last once more, in another form. */
  updatePresence(change: (presence: Stanza) => Stanza): Awaitable<void> {
    const { presence } = this.#session
    if (presence === undefined || this.#session.ended) return
    const changed = change(presence)
    if (changed !== presence) return this.#broadcast(changed)
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

  #refuse(raw: RawElement, error: unknown): void {
    if (isStreamError(error)) throw error
    const session = this.#session
    const refusal = this.#refusal(error)
    const to = raw.attr('to')
    // D-6: an answer comes from whom it was meant for; if that is nobody, from the server.
    const from =
      to === undefined ? session.account : (tryParseJid(to) ?? makeJid({ domain: session.account.domain }))
    const reply = errorReplyTo(raw, refusal, { to: session.jid, from })
    if (reply !== undefined) session.answer(reply)
  }

  // NODE-3: what went wrong inside is for the log alone.
  #refusal(error: unknown): StanzaError {
    if (isStanzaError(error)) return error
    if (isDecodeError(error)) return decodeErrorAnswer(error)
    this.#deps.logger.error('a stanza of a client could not be handled', {
      error,
      jid: this.#session.jid.toString(),
    })
    return new StanzaError('internal-server-error')
  }
}
