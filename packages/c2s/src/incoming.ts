import { makeJid, tryParseJid } from '@xmppkit/jid'
import { type Awaitable, isThenable, type Logger } from '@xmppkit/runtime'
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
import { Sending, type SendingDeps, type SendingSession } from './sending.js'
import type { SessionContext } from './tokens.js'

/** What the incoming side of a session needs. */
export interface IncomingDeps extends SendingDeps {
  readonly logger: Logger
}

/**
 * The way of a stanza from its client: read, checked, then sent. It never throws but a `StreamError`; whatever else goes wrong
 * is answered, and the stream stays up.
 */
export class Incoming extends Sending {
  readonly #logger: Logger
  readonly #session: SendingSession

  constructor(deps: IncomingDeps, session: SendingSession, context: SessionContext, pace: Pace) {
    super(deps, session, context, pace)
    this.#logger = deps.logger
    this.#session = session
  }

  /** Takes the client's next stanza. */
  handle(raw: RawElement): Awaitable<void> {
    try {
      const result = this.send(checked(raw))
      return isThenable(result) ? result.then(undefined, (error) => this.#refuse(raw, error)) : result
    } catch (error) {
      this.#refuse(raw, error)
    }
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
    this.#logger.error('a stanza of a client could not be handled', {
      error,
      jid: this.#session.jid.toString(),
    })
    return new StanzaError('internal-server-error')
  }
}

function checked(raw: RawElement): Stanza {
  const read = readStanza(raw)
  // A result is passed on as it is: whoever asked would wait for it in vain.
  if (read.kind === 'iq' && (read.type === 'get' || read.type === 'set')) checkIq(read)
  return read
}
