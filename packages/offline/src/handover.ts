import type { Clock, Logger } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'
import type { OfflineMessage } from './ports.js'
import { replay } from './replay.js'

/** What handing messages over needs. */
export interface HandoverDeps {
  /** The way to the session, and whether it is still there. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** Measures how long a session takes. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Told of messages that cannot be read. */
  readonly logger: Logger
}

/** How messages are handed over. */
export interface HandoverOptions {
  /** Messages under way at one time. */
  readonly windowCount: number
  /** Bytes of them under way at one time; a larger message goes alone. */
  readonly windowBytes: number
  /** How long it may take until the session has been given all that is given at a time, in milliseconds. */
  readonly timeoutMs: number
  /** Whether the session takes any more. @default as long as it is there */
  readonly takes?: () => boolean
  /** Tells which the session has got in another way: they count as taken. */
  readonly has?: (stanza: Stanza, message: OfflineMessage) => boolean
  /** Marks the copies handed over. */
  readonly mark?: (stanza: Stanza, message: OfflineMessage) => Stanza
  /** Told what became of each message, once: taken by the session, or not. */
  readonly onSettled?: (message: OfflineMessage, isTaken: boolean) => void
}

/**
 * How giving messages to a session ended: it was given all of them; it takes no more; or it has left no room for too long, or
 * nobody waits any more.
 */
export type HandoverOutcome = 'given' | 'gone' | 'late'

/** Messages on their way to one session. */
export interface Handover {
  /**
   * Gives it messages, in order and behind those before, as many at a time as there is room for. What it was given is not
   * waited for: a client may take its time to acknowledge it, or count wrongly, and what comes next is behind it anyhow.
   *
   * @param signal - aborted when nobody waits any more
   */
  give(messages: readonly OfflineMessage[], signal: AbortSignal): Promise<HandoverOutcome>
  /** Whether it was given this message, and it is not known yet what became of it. */
  has(id: string): boolean
  /** How many messages that is true of. */
  readonly open: number
  /** Whether nothing is being given, and nothing is open. */
  readonly idle: boolean
}

/** Begins to hand messages to a session; see {@link createHandovers}. */
export type Handovers = (session: Pick<SessionRecord, 'sid' | 'jid'>, options: HandoverOptions) => Handover

/** Makes the handing over of one host: in order, a window at a time, and with a limit on the time it may take. */
export function createHandovers(deps: HandoverDeps): Handovers {
  return (session, options) => new SessionHandover(deps, session, options)
}

class SessionHandover implements Handover {
  readonly #deps: HandoverDeps
  readonly #session: Pick<SessionRecord, 'sid' | 'jid'>
  readonly #options: HandoverOptions
  readonly #open = new Set<string>()
  #bytes = 0
  #giving = 0
  #moved = () => {}

  constructor(deps: HandoverDeps, session: Pick<SessionRecord, 'sid' | 'jid'>, options: HandoverOptions) {
    this.#deps = deps
    this.#session = session
    this.#options = options
  }

  get open(): number {
    return this.#open.size
  }

  get idle(): boolean {
    return this.#giving === 0 && this.#open.size === 0
  }

  has(id: string): boolean {
    return this.#open.has(id)
  }

  async give(messages: readonly OfflineMessage[], signal: AbortSignal): Promise<HandoverOutcome> {
    this.#giving += 1
    const limit = timeLimit(this.#deps.clock, this.#options.timeoutMs, signal, () => this.#moved())
    try {
      for (const message of messages) {
        const size = Buffer.byteLength(message.stanza)
        while (!this.#hasRoom(size)) {
          if (limit.isOver) return 'late'
          await new Promise<void>((resolve) => {
            this.#moved = resolve
          })
          if (!this.#takes()) return 'gone'
        }
        this.#handOne(message, size)
      }
      return this.#takes() ? 'given' : 'gone'
    } finally {
      this.#giving -= 1
      limit[Symbol.dispose]()
    }
  }

  #hasRoom(size: number): boolean {
    const { windowBytes, windowCount } = this.#options
    if (this.#open.size === 0) return true
    return this.#open.size < windowCount && this.#bytes + size <= windowBytes
  }

  #takes(): boolean {
    const { takes } = this.#options
    if (takes) return takes()
    const { sid, jid } = this.#session
    return this.#deps.sessions.resources(jid.bare).some((one) => one.sid === sid)
  }

  #handOne(message: OfflineMessage, size: number): void {
    const { has, mark } = this.#options
    const stanza = this.#read(message)
    if (stanza === undefined || has?.(stanza, message) === true) {
      this.#options.onSettled?.(message, true)
      return
    }
    this.#open.add(message.id)
    this.#bytes += size
    void this.#deps.sessions.deliverTo(this.#session.sid, mark?.(stanza, message) ?? stanza, (outcome) => {
      if (this.#open.delete(message.id)) this.#settle(message, size, outcome === 'delivered')
    })
  }

  #settle(message: OfflineMessage, size: number, isTaken: boolean): void {
    this.#bytes -= size
    this.#options.onSettled?.(message, isTaken)
    this.#moved()
  }

  #read(message: OfflineMessage): Stanza | undefined {
    const { jid } = this.#session
    try {
      return replay(message, jid.domain, this.#deps.clock)
    } catch (cause) {
      const account = jid.bare.toString()
      this.#deps.logger.error('a stored message cannot be read and is dropped', {
        account,
        id: message.id,
        cause,
      })
      return undefined
    }
  }
}

function timeLimit(clock: Pick<Clock, 'after'>, ms: number, signal: AbortSignal, over: () => void) {
  let isOver = signal.aborted
  const end = () => {
    isOver = true
    over()
  }
  const timer = clock.after(ms, end)
  signal.addEventListener('abort', end)
  return {
    get isOver() {
      return isOver
    },
    [Symbol.dispose]() {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', end)
    },
  }
}
