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
  /** Bytes under way at one time. */
  readonly windowBytes: number
  /** How long the session may take for all of them, in milliseconds. */
  readonly timeoutMs: number
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal
  /** Tells which the session has got in another way: they count as taken. */
  readonly has?: (stanza: Stanza, message: OfflineMessage) => boolean
  /** Marks the copies handed over. */
  readonly mark?: (stanza: Stanza, message: OfflineMessage) => Stanza
  /** Told of each message at the moment it was taken. */
  readonly onTaken?: (message: OfflineMessage) => void
  /**
   * Told what became of a message after all, when the session was late already; `open` counts those of which that is still
   * not known.
   */
  readonly onLate?: (message: OfflineMessage, isTaken: boolean, open: number) => void
}

/** What became of messages handed over. */
export interface HandoverResult {
  /** Ids of those the session's connection took, of those it has already, and of those nobody can read. */
  readonly taken: readonly string[]
  /** `late`: the session did not say in time what became of the others. */
  readonly outcome: 'settled' | 'late'
  /** Messages it was given of which it is not known at this moment what became of them. */
  readonly open: number
}

/** Hands stored messages to a session, in order; see {@link createHandover}. */
export type Handover = (
  session: Pick<SessionRecord, 'sid' | 'jid'>,
  messages: readonly OfflineMessage[],
  options: HandoverOptions,
) => Promise<HandoverResult>

/** Makes the handing over of one host: in order, a window at a time, and with a limit on the time it may take. */
export function createHandover({ sessions, clock, logger }: HandoverDeps): Handover {
  const readable = (message: OfflineMessage, { jid }: Pick<SessionRecord, 'jid'>) => {
    try {
      return replay(message, jid.domain, clock)
    } catch (cause) {
      const account = jid.bare.toString()
      logger.error('a stored message cannot be read and is dropped', { account, id: message.id, cause })
      return undefined
    }
  }

  const isThere = ({ sid, jid }: Pick<SessionRecord, 'sid' | 'jid'>) =>
    sessions.resources(jid.bare).some((one) => one.sid === sid)

  return async (session, messages, options) => {
    const { signal, mark = (stanza: Stanza) => stanza } = options
    const taken: string[] = []
    let over = false
    let open = 0

    /** Tells `settled`, once, when the session has said what became of the message. */
    const handOne = (message: OfflineMessage, settled: () => void) => {
      let told = false
      open += 1
      const settle = (isTaken: boolean) => {
        if (told) return
        told = true
        open -= 1
        if (over) options.onLate?.(message, isTaken, open)
        else if (isTaken) {
          taken.push(message.id)
          options.onTaken?.(message)
        }
        settled()
      }
      const stanza = readable(message, session)
      if (!stanza || options.has?.(stanza, message) === true) return settle(true)
      void sessions.deliverTo(session.sid, mark(stanza, message), (outcome) =>
        settle(outcome === 'delivered'),
      )
    }

    /** Resolves when that has happened for all of them: one promise, not one for each. */
    const handWindow = (window: readonly OfflineMessage[]) =>
      new Promise<void>((resolve) => {
        let left = window.length
        const settled = () => {
          left -= 1
          if (left === 0) resolve()
        }
        for (const message of window) handOne(message, settled)
      })

    const handAll = async (): Promise<'settled'> => {
      for (const window of windowsOf(messages, options.windowBytes)) {
        await handWindow(window)
        if (over || !isThere(session)) break
      }
      return 'settled'
    }

    const limit = timeLimit(clock, options.timeoutMs, signal)
    const outcome = await Promise.race([handAll(), limit.late])
    limit[Symbol.dispose]()
    over = true
    return {
      taken: [...taken],
      outcome,
      get open() {
        return open
      },
    }
  }
}

/** Messages in groups that are not larger than a window; one that is larger is a group of its own. */
function* windowsOf(messages: readonly OfflineMessage[], bytes: number): Generator<OfflineMessage[]> {
  let window: OfflineMessage[] = []
  let size = 0
  for (const message of messages) {
    const length = Buffer.byteLength(message.stanza)
    if (window.length > 0 && size + length > bytes) {
      yield window
      window = []
      size = 0
    }
    window.push(message)
    size += length
  }
  if (window.length > 0) yield window
}

function timeLimit(clock: Pick<Clock, 'after'>, ms: number, signal: AbortSignal) {
  let giveUp = () => {}
  const late = new Promise<'late'>((resolve) => {
    giveUp = () => resolve('late')
  })
  const timer = clock.after(ms, giveUp)
  signal.addEventListener('abort', giveUp)
  if (signal.aborted) giveUp()
  return {
    late,
    [Symbol.dispose]() {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', giveUp)
    },
  }
}
