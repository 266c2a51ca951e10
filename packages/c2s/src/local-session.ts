import { isDrop } from '@xmppkit/hooks'
import type { BareJid, FullJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, type Ids, isThenable, type Logger } from '@xmppkit/runtime'
import { type DeliveryOutcome, isCopy, offlineMessage, type Sessions, sharedWith } from '@xmppkit/sessions'
import { NS, presence, readPriority, type Stanza, StanzaError, type StreamError } from '@xmppkit/stanza'
import type { StreamState } from '@xmppkit/stream'
import type { RawElement } from '@xmppkit/xml'
import type { KeptStanza, SessionKeeper } from './keeping.js'
import { Outgoing, type OutgoingDeps } from './outgoing.js'
import { Sending, type SendingDeps, type SendingSession } from './sending.js'
import type { C2sSession } from './session.js'

/** What {@link createLocalSession} needs. */
export interface LocalSessionDeps extends SendingDeps, Omit<OutgoingDeps, 'maxWaiting' | 'sessions'> {
  /** Knows the sessions of the host. */
  readonly sessions: Pick<Sessions, 'open' | 'close' | 'setPresence' | 'reroute' | 'holdBack'>
  /** Names the session; nobody may guess it. */
  readonly ids: Ids
  /** Dates what it gets. */
  readonly clock: Pick<Clock, 'now'>
  /** Told what goes wrong. */
  readonly logger: Logger
}

/** Whose session it is, and who takes what comes for it. */
export interface LocalSessionSetup {
  /** Its address, as `Sessions.resourceFor` gave it. */
  readonly jid: FullJid
  /** Gets every stanza for it, in order, and {@link LocalSession.confirm}s what it has dealt with. */
  readonly keeper: SessionKeeper
  /**
   * Asked before a stanza is taken; a promise holds its sender back until it is fulfilled. Throw a StanzaError, or reject with
   * one, where there is none: a message then waits in offline storage until there is, see {@link LocalSession.eased}.
   * @param owned - no sender waits: whoever hands it over keeps it until it is taken, and limits the wait itself
   * @default there is always room
   */
  readonly room?: (stanza: Stanza, owned: boolean) => Awaitable<void>
  /** Told once that the session has ended, and why. */
  readonly onEnded?: (reason: string) => void
  /** Stanzas that may wait for the session to open or for a handler of `userReceivePacket`. @default 1_000 */
  readonly maxWaiting?: number
}

/** A session without a stream: to hooks, features and other users it is like any other. */
export interface LocalSession extends C2sSession {
  /**
   * Opens it; from then on it is found.
   * @throws SessionError as `Sessions.open`
   */
  open(): Awaitable<void>
  /**
   * Sends a stanza as a client does: stamped, past `userSendPacket`, noted or routed. Fulfilled once the server has taken
   * responsibility for it.
   * @throws StanzaError if it is refused, StreamError `invalid-from` for somebody else's name
   */
  submit(stanza: Stanza): Awaitable<void>
  /** A stanza the keeper was given has been dealt with: whoever waits to hear of it is told. */
  confirm(stanza: KeptStanza): void
  /**
   * There is room again. What came while there was none is asked for: it waits in offline storage, and whatever follows waits
   * behind it.
   */
  eased(): void
  /** Ends it: contacts are told, and what was not confirmed goes elsewhere. Fulfilled when it has. */
  leave(): Promise<void>
}

/**
 * Makes a session for somebody in this process, such as a bot: it is in the registry, has a priority and presence, sends and
 * gets stanzas past the hooks a client's pass.
 *
 * @example
 * ```ts
 * const session = createLocalSession({ hooks, sessions, route, ids, clock, logger }, { jid, keeper })
 * await session.open()
 * await session.submit(presence())
 * ```
 */
export function createLocalSession(deps: LocalSessionDeps, setup: LocalSessionSetup): LocalSession {
  return new LocalClient(deps, setup)
}

const everywhere = { mayReach: () => true }

class LocalClient implements SendingSession, LocalSession {
  readonly sid: string
  readonly jid: FullJid
  readonly state: StreamState
  presence: Stanza | undefined
  readonly #deps: LocalSessionDeps
  readonly #setup: LocalSessionSetup
  readonly #sending: Sending
  readonly #outgoing: Outgoing
  #connected = false
  #overflowed = false
  #ended = false
  #settled = false
  #closing: Promise<void> | undefined
  readonly #gone: Promise<void>
  #finished: () => void = () => {}

  constructor(deps: LocalSessionDeps, setup: LocalSessionSetup) {
    this.sid = deps.ids.next()
    this.jid = setup.jid
    this.state = stateOf(setup.jid, this.sid)
    this.#deps = deps
    this.#setup = setup
    this.#gone = new Promise((resolve) => {
      this.#finished = resolve
    })
    const context = { session: this }
    const { maxWaiting = 1_000 } = setup
    this.#sending = new Sending(deps, this, context, everywhere)
    this.#outgoing = new Outgoing({ ...deps, maxWaiting }, nowhere, context, () => this.#checkFinished())
    this.#outgoing.keeper = setup.keeper
  }

  get account(): BareJid {
    return this.jid.bare
  }

  get connected(): boolean {
    return this.#connected
  }

  get ended(): boolean {
    return this.#ended
  }

  deliver(stanza: Stanza, done?: (outcome: DeliveryOutcome) => void): Awaitable<void> {
    // What comes now must not overtake what was stored.
    if (this.#overflowed && done === undefined && stanza.kind === 'message') return this.#store(stanza)
    let room: Awaitable<void>
    try {
      room = this.#setup.room?.(stanza, isOwned(stanza, done))
    } catch (refusal) {
      return this.#overflow(stanza, done, refusal)
    }
    if (!isThenable(room)) return this.#outgoing.deliver(stanza, done)
    return room.then(
      () => this.#outgoing.deliver(stanza, done),
      (refusal: unknown) => this.#overflow(stanza, done, refusal),
    )
  }

  eased(): void {
    if (!this.#overflowed || this.#ended) return
    this.#overflowed = false
    const { presence: current } = this
    if (current === undefined || readPriority(current) < 0) return
    this.#comeBack(current).catch((error: unknown) => {
      this.#deps.logger.error('stored messages could not be asked for', { error, jid: this.jid.toString() })
    })
  }

  submit(stanza: Stanza): Awaitable<void> {
    return this.#sending.send(stanza)
  }

  confirm(stanza: KeptStanza): void {
    this.#outgoing.confirmed(stanza)
  }

  updatePresence(change: (presence: Stanza) => Stanza): Awaitable<void> {
    return this.#sending.updatePresence(change)
  }

  send(stanza: Stanza): void {
    this.answer(stanza.raw)
  }

  answer(reply: RawElement): void {
    if (!this.#ended) this.#outgoing.answer(reply)
  }

  end(error: StreamError): void {
    this.#finish(`${error.condition} (server)`)
  }

  close(error: StreamError): Awaitable<void> {
    this.end(error)
    return this.#closing
  }

  async open(): Promise<void> {
    await this.#deps.sessions.open(this, { transport: 'in-process', secure: true })
    this.#connected = true
    this.#outgoing.open()
  }

  async leave(): Promise<void> {
    this.#finish('closed')
    await this.#gone
  }

  // As if it had been away for a moment: offline storage hands over what it has. Contacts are not told.
  async #comeBack(available: Stanza): Promise<void> {
    const { sessions } = this.#deps
    await sessions.setPresence(this, presence({ from: this.jid, priority: -1 }))
    // What it has said of itself meanwhile holds.
    if (this.presence === available) await sessions.setPresence(this, available)
  }

  // Who owns a message keeps it; others' waits in storage, if there is one.
  #overflow(
    stanza: Stanza,
    done: ((outcome: DeliveryOutcome) => void) | undefined,
    refusal: unknown,
  ): Awaitable<void> {
    this.#overflowed = true
    if (done !== undefined || stanza.kind !== 'message') throw refusal
    return this.#store(stanza, refusal)
  }

  async #store(stanza: Stanza, refusal: unknown = tooMuch()): Promise<void> {
    const kept = await this.#deps.hooks.fold(offlineMessage, { action: 'bounce', stanza })
    if (!isDrop(kept) && kept.action === 'bounce') throw refusal
  }

  // In the order of a client's session: nobody finds it, everybody is told, what was not dealt with goes elsewhere.
  #finish(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#connected = false
    this.#outgoing.end()
    this.#setup.onEnded?.(reason)
    this.#closing = this.#settle(reason)
  }

  async #settle(reason: string): Promise<void> {
    try {
      await this.#deps.sessions.close(this, reason)
    } catch (error) {
      this.#deps.logger.error('a session could not be closed', { error, jid: this.jid.toString() })
    }
    this.#settled = true
    this.#outgoing.release()
  }

  #checkFinished(): void {
    if (this.#settled && this.#outgoing.empty) this.#finished()
  }
}

// Everything goes to the keeper; there is no stream to write to.
const nowhere: ConstructorParameters<typeof Outgoing>[1] = Object.freeze({
  form: { ns: NS.client, declare: false },
  send() {},
})

// What goes to several sessions at once has receipts, but a sender waits for it all the same.
function isOwned(stanza: Stanza, done: unknown): boolean {
  return done !== undefined && stanza.meta(isCopy) !== true && stanza.meta(sharedWith) === undefined
}

function tooMuch(): StanzaError {
  return new StanzaError('resource-constraint', { text: 'too much is waiting for this resource' })
}

function stateOf(jid: FullJid, id: string): StreamState {
  return Object.freeze({
    domain: jid.domain,
    from: undefined,
    lang: undefined,
    id,
    secure: true,
    tls: undefined,
    authenticated: jid.bare,
    mechanism: undefined,
    bound: jid,
    remoteAddress: '',
    framing: 'stream',
    canStartTls: false,
  })
}
