import { createLocalSession, type LocalSession, type LocalSessionDeps } from '@xmppkit/c2s'
import { type AnyIqDefinition, createIq, type HandleOptions, type Iq, type IqHandler } from '@xmppkit/iq'
import type { BareJid, FullJid, Jid } from '@xmppkit/jid'
import { type Awaitable, type Clock, isThenable } from '@xmppkit/runtime'
import {
  errorReply,
  isStanzaError,
  type MessageType,
  type PresenceInit,
  presence,
  readStanzaError,
  type Stanza,
  StanzaError,
} from '@xmppkit/stanza'
import { InProcessError } from './errors.js'
import type { InProcessOptions } from './in-process-options.js'
import { createInbox } from './inbox.js'
import type { Outcomes, SendOutcome } from './outcomes.js'
import { messageOf, type OutgoingMessage } from './outgoing-message.js'

/** What {@link createBot} needs. */
export interface BotDeps extends Omit<LocalSessionDeps, 'clock'> {
  /** For dates and waits. */
  readonly clock: Clock
  /** Finds out what becomes of what it sends. */
  readonly outcomes: Outcomes
}

/** How others see a bot. */
export type BotPresence = Pick<PresenceInit, 'show' | 'status' | 'priority'>

/** A message a bot got. */
export interface BotMessage {
  /** The message as it is. */
  readonly stanza: Stanza
  /** Who sent it. */
  readonly from: Jid
  /** Its type. */
  readonly type: MessageType
  /** Its text. */
  readonly body: string | undefined
  /** Aborts when the time of the handler is over. */
  readonly signal: AbortSignal
  /** Answers it: to its sender, or to the room, with its type and thread. */
  reply(what: string | Omit<OutgoingMessage, 'to'>): Promise<SendOutcome>
}

/** What a bot is and does. */
export interface BotSetup {
  /**
   * Deals with a message. Messages of one sender come one after another, those of several at the same time. What it throws is
   * the answer if it is a StanzaError; anything else is logged and answered with `internal-server-error`.
   */
  onMessage?(message: BotMessage, bot: Bot): Awaitable<void>
  /** Deals with presence others send it: who is there, who wants to be a contact. What it throws is logged. */
  onPresence?(presence: Stanza, bot: Bot): Awaitable<void>
  /** Told that something it sent was refused after all. */
  onRefused?(error: StanzaError, stanza: Stanza, bot: Bot): void
  /** Whoever asks may see when it is there. @default false */
  readonly acceptsContacts?: boolean
  /** How others see it; false to stay unavailable until `setPresence`. @default available, with priority 0 */
  readonly presence?: BotPresence | false
}

/** A user that is code: a session like that of a client, in the registry, with presence and priority. */
export interface Bot extends AsyncDisposable, Pick<Iq, 'request'> {
  /** Its address. */
  readonly jid: FullJid
  /** Its account. */
  readonly account: BareJid
  /** Stanzas that wait for it or are being dealt with. */
  readonly waiting: number
  /** Fulfilled when it is not there any more, with why: it was closed, replaced, or ended by an administrator. */
  readonly ended: Promise<string>
  /**
   * Sends as a client does. Messages have an outcome; whatever else is `routed`, unless it is refused.
   * @throws InProcessError `in-process/closed`
   */
  send(what: OutgoingMessage | Stanza): Promise<SendOutcome>
  /**
   * Answers requests of one kind to its full address; what nobody answers is answered with `service-unavailable`.
   * @throws IqError `iq/handler-exists`, `iq/invalid-option`
   */
  handle<D extends AnyIqDefinition>(definition: D, handler: IqHandler<D>, options?: HandleOptions): Disposable
  /** Tells others how it is; false, that it is not available. */
  setPresence(how: BotPresence | false): Promise<void>
  /**
   * Ends what it has begun and leaves; what waits finds another session of its account, or waits in storage. A handler of the
   * bot must not wait for it.
   */
  close(): Promise<void>
}

/** Makes a bot and opens its session. @throws SessionError as `Sessions.open`; StanzaError if its presence is refused */
export async function createBot(
  deps: BotDeps,
  jid: FullJid,
  setup: BotSetup,
  options: Required<InProcessOptions>,
): Promise<Bot> {
  const client = new VirtualClient(deps, jid, setup, options)
  try {
    await client.open()
  } catch (error) {
    // Nobody else could end it.
    await client.bot.close()
    throw error
  }
  return client.bot
}

class VirtualClient {
  readonly bot: Bot
  readonly #deps: BotDeps
  readonly #setup: BotSetup
  readonly #session: LocalSession
  readonly #inbox: ReturnType<typeof createInbox>
  readonly #iq: Iq
  #accept: (reply: Stanza) => boolean = () => false
  #closing: Promise<void> | undefined

  constructor(deps: BotDeps, jid: FullJid, setup: BotSetup, options: Required<InProcessOptions>) {
    this.#deps = deps
    this.#setup = setup
    let ended: (reason: string) => void = () => {}
    const end = new Promise<string>((resolve) => {
      ended = resolve
    })
    this.#inbox = createInbox(
      {
        clock: deps.clock,
        handle: (stanza, signal) => this.#handle(stanza, signal),
        atOnce: (stanza) => this.#atOnce(stanza),
        confirm: (kept) => this.#session.confirm(kept),
        eased: () => this.#session.eased(),
        late: (stanza) => this.#failed(stanza, new InProcessError('in-process/limit', 'it took too long')),
      },
      options,
    )
    this.#session = createLocalSession(deps, {
      jid,
      keeper: this.#inbox,
      room: (stanza, owned) => this.#inbox.room(stanza, owned),
      onEnded: ended,
      maxWaiting: options.maxInbox,
    })
    this.#iq = this.#requests()
    this.bot = this.#facade(end)
  }

  async open(): Promise<void> {
    await this.#session.open()
    const { presence: how = {} } = this.#setup
    // Of one that has ended meanwhile nobody would be told that it is gone.
    if (how !== false && !this.#session.ended) await this.#setPresence(how)
  }

  #requests(): Iq {
    const { clock, ids, logger } = this.#deps
    return createIq({
      clock,
      ids,
      logger,
      route: async (stanza) => this.#session.submit(stanza),
      interceptReplies: (accept) => {
        this.#accept = accept
        return { [Symbol.dispose]: () => (this.#accept = () => false) }
      },
    })
  }

  #facade(ended: Promise<string>): Bot {
    const inbox = this.#inbox
    const close = () => (this.#closing ??= this.#close())
    return {
      jid: this.#session.jid,
      account: this.#session.account,
      ended,
      get waiting() {
        return inbox.size
      },
      send: (what) => this.#send(what),
      setPresence: (how) => this.#setPresence(how),
      handle: (definition, handler, about) => this.#iq.handle(definition, 'account', handler, about),
      request: (definition, to, payload, about) =>
        this.#iq.request(definition, to, payload, { from: this.#session.jid, ...about }),
      close,
      [Symbol.asyncDispose]: close,
    }
  }

  async #send(what: OutgoingMessage | Stanza): Promise<SendOutcome> {
    const built = messageOf(what)
    const stanza = built.id === undefined ? built.with({ id: this.#deps.ids.next() }) : built
    const { jid, account, ended } = this.#session
    if (ended) throw new InProcessError('in-process/closed', `${jid} is not there any more`)
    const to = stanza.to ?? (stanza.kind === 'message' ? account : undefined)
    return this.#deps.outcomes.follow(jid, stanza.with({ to }), async (tracked) => {
      await this.#session.submit(tracked)
      return tracked
    })
  }

  async #setPresence(how: BotPresence | false): Promise<void> {
    const stanza = how === false ? presence({ type: 'unavailable' }) : presence(how)
    await this.#session.submit(stanza)
  }

  async #close(): Promise<void> {
    await this.#inbox.drain()
    await this.#iq.close()
    await this.#session.leave()
  }

  /** What never waits: answers, requests, errors, and what nobody deals with. */
  #atOnce(stanza: Stanza): boolean {
    if (stanza.kind === 'iq') {
      if (!this.#accept(stanza)) this.#quietly(() => this.#iq.dispatch(stanza, 'account'))
      return true
    }
    if (stanza.type === 'error') {
      const error = readStanzaError(stanza) ?? new StanzaError('undefined-condition')
      void this.#guard(stanza, () => this.#setup.onRefused?.(error, stanza, this.bot))
      return true
    }
    if (stanza.kind === 'message') return this.#setup.onMessage === undefined
    if (stanza.type === 'subscribe' && this.#setup.acceptsContacts) this.#acceptContact(stanza)
    return this.#setup.onPresence === undefined
  }

  #acceptContact({ from }: Stanza): void {
    if (from === undefined) return
    this.#quietly(() => this.#session.submit(presence({ type: 'subscribed', to: from.bare })))
  }

  #handle(stanza: Stanza, signal: AbortSignal): Awaitable<void> {
    const { onMessage, onPresence } = this.#setup
    if (stanza.kind === 'presence') return this.#guard(stanza, () => onPresence?.(stanza, this.bot))
    return this.#guard(stanza, () => onMessage?.(this.#message(stanza, signal), this.bot))
  }

  #message(stanza: Stanza, signal: AbortSignal): BotMessage {
    const { from = this.#session.jid, type } = stanza
    const to = type === 'groupchat' ? from.bare : from
    const thread = stanza.text('thread')
    return {
      stanza,
      from,
      type: type as MessageType,
      body: stanza.text('body'),
      signal,
      reply: (what) => {
        const init = typeof what === 'string' ? { body: what } : what
        return this.#send({ type: type as MessageType, ...(thread !== undefined && { thread }), ...init, to })
      },
    }
  }

  #guard(stanza: Stanza, work: () => Awaitable<void>): Awaitable<void> {
    try {
      const done = work()
      return isThenable(done) ? done.then(undefined, (error) => this.#failed(stanza, error)) : undefined
    } catch (error) {
      this.#failed(stanza, error)
    }
  }

  #failed(stanza: Stanza, cause: unknown): void {
    if (!isStanzaError(cause)) {
      this.#deps.logger.error('a bot failed', { jid: this.#session.jid.toString(), cause })
    }
    if (stanza.kind !== 'message') return
    const reply = errorReply(stanza, isStanzaError(cause) ? cause : new StanzaError('internal-server-error'))
    if (reply !== undefined)
      this.#quietly(() => this.#session.submit(reply.with({ from: this.#session.jid })))
  }

  #quietly(work: () => Awaitable<void>): void {
    const refused = (cause: unknown) => {
      this.#deps.logger.warn('what a bot sent was refused', { jid: this.#session.jid.toString(), cause })
    }
    try {
      const done = work()
      if (isThenable(done)) done.then(undefined, refused)
    } catch (cause) {
      refused(cause)
    }
  }
}
