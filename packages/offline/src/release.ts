import type { BareJid } from '@xmppkit/jid'
import type { Clock, Logger } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'
import type { OfflineMessage, OfflineStore } from './ports.js'
import { replay } from './replay.js'

/** What handing over stored messages needs. */
export interface ReleaseDeps {
  readonly store: OfflineStore
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Settings of {@link createRelease}. */
export interface ReleaseOptions {
  readonly releaseBatch: number
  readonly leaseMs: number
}

/** Hands stored messages to returning clients: leased, delivered in order, deleted once handed over. */
export interface Release {
  /**
   * Hands an account's messages to its best session until none is left. Resolves when that is done, or
   * when there is nobody to take them any more; they wait again then.
   */
  start(account: BareJid): Promise<void>
  /** The session that gets the account's messages at this moment. */
  receiver(account: BareJid): SessionRecord | undefined
  /** The session has chosen flexible retrieval (XEP-0013): it and its siblings are not flooded. */
  exempt(session: SessionRecord): void
  /** The session is gone. */
  forget(session: SessionRecord): void
}

interface Running {
  receiver: SessionRecord
  /** Something was stored meanwhile: look again before ending. */
  again: boolean
  done: Promise<void>
}

/** Makes the release of one host. */
export function createRelease(deps: ReleaseDeps, options: ReleaseOptions): Release {
  const { store, sessions, clock, logger } = deps
  const running = new Map<string, Running>()
  const exemptSids = new Set<string>()

  const bestSession = (account: BareJid): SessionRecord | undefined => {
    const resources = sessions.resources(account)
    // One session that retrieves by itself keeps the flood from the others too (XEP-0013 §2.2).
    if (exemptSids.size > 0 && resources.some((one) => exemptSids.has(one.sid))) return undefined
    let best: SessionRecord | undefined
    for (const one of resources) {
      if (one.priority === undefined || one.priority < 0) continue
      if (best?.priority === undefined || one.priority > best.priority) best = one
    }
    return best
  }

  /** Delivers a batch; resolves with the ids that were handed over. */
  const deliver = async (session: SessionRecord, batch: readonly OfflineMessage[]): Promise<string[]> => {
    const outcomes = batch.map(
      (message) =>
        new Promise<string | undefined>((resolve) => {
          const stanza = readable(message, session)
          if (!stanza) return resolve(message.id)
          void sessions.deliverTo(session.sid, stanza, (outcome) =>
            resolve(outcome === 'delivered' ? message.id : undefined),
          )
        }),
    )
    return (await Promise.all(outcomes)).filter((id) => id !== undefined)
  }

  const readable = (message: OfflineMessage, session: SessionRecord): Stanza | undefined => {
    try {
      return replay(message, session.jid.domain, clock)
    } catch (cause) {
      logger.error('a stored message is dropped: it cannot be read', {
        account: session.jid.bare.toString(),
        id: message.id,
        cause,
      })
      return undefined
    }
  }

  /** One lease, delivery and ack. Answers whether to go on. */
  const releaseBatch = async (account: BareJid, run: Running): Promise<boolean> => {
    run.again = false
    const now = clock.now()
    const holder = run.receiver.sid
    const batch = await store.lease(account, {
      holder,
      limit: options.releaseBatch,
      now,
      until: now + options.leaseMs,
    })
    if (batch.length === 0) return run.again
    const delivered = await deliver(run.receiver, batch)
    if (delivered.length > 0) await store.ack(account, delivered)
    if (delivered.length === batch.length) return true
    await store.release(account, holder)
    const next = bestSession(account)
    if (!next || next.sid === holder) return false
    run.receiver = next
    return true
  }

  const releaseAll = async (account: BareJid, run: Running) => {
    try {
      let more = true
      while (more) more = await releaseBatch(account, run)
    } catch (cause) {
      logger.error('stored messages could not be delivered; they wait for the next login', {
        account: account.toString(),
        cause,
      })
    } finally {
      running.delete(account.toString())
    }
  }

  return {
    start(account) {
      const current = running.get(account.toString())
      if (current) {
        current.again = true
        return current.done
      }
      const receiver = bestSession(account)
      if (!receiver) return Promise.resolve()
      const run: Running = { receiver, again: false, done: Promise.resolve() }
      running.set(account.toString(), run)
      run.done = releaseAll(account, run)
      return run.done
    },
    receiver: (account) => running.get(account.toString())?.receiver,
    exempt(session) {
      exemptSids.add(session.sid)
    },
    forget(session) {
      exemptSids.delete(session.sid)
    },
  }
}
