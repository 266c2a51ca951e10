import type { Jid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import type { Stanza } from '@xmppkit/stanza'
import { IqError } from './errors.js'

/** How a request of our own is sent. */
export interface RequestOptions {
  /**
   * Who asks: an address of ours. @default the domain of the addressee, which must be ours then
   */
  readonly from?: Jid
  /** Gives up waiting; the request may have had its effect all the same. */
  readonly signal?: AbortSignal
  /** How long to wait for the answer. @default `requestTimeoutMs` of the dispatcher, 32000 */
  readonly timeoutMs?: number
}

/** A request that waits for its answer. */
export interface PendingRequest {
  /** Settles with the answer, a result or an error. */
  readonly reply: Promise<Stanza>
  /** Gives up, with this reason. */
  readonly cancel: (reason: unknown) => void
}

/** What the answer to a request looks like. */
export interface ExpectedReply {
  /** The id of the request. */
  readonly id: string
  /** Who asked. */
  readonly from: Jid
  /** Who was asked. */
  readonly to: Jid
  /** How long to wait, in milliseconds. */
  readonly timeoutMs: number
}

/** Requests of our own that wait for answers. */
export interface PendingRequests {
  /** Expects an answer; throws IqError `iq/limit` or `iq/closed`. */
  expect(expected: ExpectedReply, signal?: AbortSignal): PendingRequest
  /** Takes a reply in; false if nobody waits for it. */
  accept(reply: Stanza): boolean
  /** Gives up on all of them. */
  close(): void
}

interface Waiting {
  readonly from: Jid
  readonly to: Jid
  readonly settle: (reply: Stanza) => void
  readonly cancel: (reason: unknown) => void
}

/** Makes an empty table of {@link PendingRequests}. */
export function createPendingRequests(
  { clock }: { readonly clock: Pick<Clock, 'after'> },
  { maxPending }: { readonly maxPending: number },
): PendingRequests {
  const table = new Map<string, Waiting>()
  let closed = false

  function expect({ id, from, to, timeoutMs }: ExpectedReply, signal?: AbortSignal): PendingRequest {
    if (closed) throw new IqError('iq/closed', 'the dispatcher has been closed')
    if (table.size >= maxPending) {
      throw new IqError('iq/limit', `${maxPending} requests wait for their answers already`)
    }
    let cancel: (reason: unknown) => void = () => {}
    const reply = new Promise<Stanza>((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => {
        cancel(new IqError('iq/timeout', `${to.toString()} did not answer within ${timeoutMs} ms`))
      })
      const onAbort = () => cancel(signal?.reason)
      const end = () => {
        table.delete(id)
        timer[Symbol.dispose]()
        signal?.removeEventListener('abort', onAbort)
      }
      const settle = (answer: Stanza) => {
        end()
        resolve(answer)
      }
      cancel = (reason) => {
        end()
        reject(reason)
      }
      signal?.addEventListener('abort', onAbort)
      table.set(id, { from, to, settle, cancel })
    })
    return { reply, cancel }
  }

  return {
    expect,
    accept(reply) {
      const waiting = reply.id === undefined ? undefined : table.get(reply.id)
      if (waiting === undefined || !isAnswer(waiting, reply)) return false
      waiting.settle(reply)
      return true
    },
    close() {
      closed = true
      const reason = new IqError('iq/closed', 'the dispatcher has been closed')
      for (const waiting of table.values()) waiting.cancel(reason)
    },
  }
}

/**
 * Only the entity that was asked may answer, whatever id somebody else has learnt or guessed (CVE-2024-46957).
 * For a request to the asker's own account, the server may also sign with its domain or not at all.
 */
function isAnswer({ from, to }: Waiting, reply: Stanza): boolean {
  if (reply.kind !== 'iq' || (reply.type !== 'result' && reply.type !== 'error')) return false
  if (reply.to !== undefined && !reply.to.equals(from)) return false
  if (reply.from?.equals(to)) return true
  if (!to.equals(from.bare)) return false
  return reply.from === undefined || (reply.from.isDomain && reply.from.domain === from.domain)
}
