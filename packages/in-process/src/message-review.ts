import type { C2sSession } from '@xmppkit/c2s'
import type { Jid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import {
  type MessageType,
  type Stanza,
  StanzaError,
  type StanzaErrorCondition,
  type StanzaErrorOptions,
} from '@xmppkit/stanza'
import { addText } from './body-text.js'

/** A message on its way from a user, as whoever may stop it sees it. */
export interface MessageReview {
  /** The message as it is. */
  readonly stanza: Stanza
  /** Who sends it: the full address of a client, or an account's in whose name it is sent. */
  readonly from: Jid
  /** Whom it is for. */
  readonly to: Jid
  /** Its type. */
  readonly type: MessageType
  /** Its text; undefined if it has none, such as "is typing" or one that is encrypted. */
  readonly body: string | undefined
  /** The session it comes from. */
  readonly session: C2sSession
  /** Aborts when its time is over: it counts as refused then. */
  readonly signal: AbortSignal
  /** The same message with another text. Formatted texts (XEP-0071) are taken out, for they would tell the old one. */
  withBody(text: string): Stanza
  /**
   * Refuses it: return what this returns. The sender gets the error, with the text.
   * @param condition - the kind of error. @default 'policy-violation'
   */
  reject(
    text: string,
    condition?: StanzaErrorCondition,
    options?: Omit<StanzaErrorOptions, 'text'>,
  ): StanzaError
}

/** What becomes of a message: nothing returned lets it pass, a stanza passes in its place, an error is its sender's answer. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return is meant
export type ReviewVerdict = Stanza | StanzaError | undefined | void

/** Looks at a message before it leaves its sender. */
export type MessageReviewer = (message: MessageReview) => Awaitable<ReviewVerdict>

const formattedNs = 'http://jabber.org/protocol/xhtml-im'

/** A review under way; made for every message somebody wants to look at, so it makes nothing else unless asked. */
export class PendingReview implements MessageReview {
  readonly stanza: Stanza
  readonly session: C2sSession
  #controller: AbortController | undefined
  #over = false

  constructor(stanza: Stanza, session: C2sSession) {
    this.stanza = stanza
    this.session = session
  }

  get from(): Jid {
    return this.stanza.from ?? this.session.jid
  }

  get to(): Jid {
    return this.stanza.to ?? this.session.account
  }

  get type(): MessageType {
    return this.stanza.type as MessageType
  }

  get body(): string | undefined {
    return this.stanza.text('body')
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#over) this.#controller.abort()
    return this.#controller.signal
  }

  /** Its time is over. */
  end(): void {
    this.#over = true
    this.#controller?.abort()
  }

  withBody(text: string): Stanza {
    const { stanza } = this
    return addText(stanza.without('body', stanza.raw.ns).without('html', formattedNs), 'body', text)
  }

  reject(
    text: string,
    condition: StanzaErrorCondition = 'policy-violation',
    options: Omit<StanzaErrorOptions, 'text'> = {},
  ): StanzaError {
    return new StanzaError(condition, { ...options, text })
  }
}
