import type { Jid } from '@xmppkit/jid'
import { type Awaitable, isThenable } from '@xmppkit/runtime'
import type { Stanza } from '@xmppkit/stanza'
import type { RosterLimits } from './roster-options.js'

/** Sends one stanza to many, as long as it is to go on. */
export type FanOut = (stanza: Stanza, recipients: readonly Jid[], goOn?: () => boolean) => Awaitable<void>

/** Makes a fan-out: one copy of the content for all; other streams get their turn between batches (rule N-10). */
export function createFanOut(
  route: (stanza: Stanza) => Awaitable<void>,
  { fanOutBatch }: Pick<RosterLimits, 'fanOutBatch'>,
): FanOut {
  const toEach = (stanza: Stanza, recipients: readonly Jid[]): Awaitable<void> => {
    const waiting: Promise<void>[] = []
    for (const to of recipients) {
      const sent = route(stanza.with({ to }))
      if (isThenable(sent)) waiting.push(sent)
    }
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(nothing)
  }

  const inBatches = async (stanza: Stanza, recipients: readonly Jid[], goOn: () => boolean) => {
    for (let at = 0; at < recipients.length && goOn(); at += fanOutBatch) {
      if (at > 0) await nextTurn()
      await toEach(stanza, recipients.slice(at, at + fanOutBatch))
    }
  }

  return (stanza, recipients, goOn = always) => {
    if (recipients.length > fanOutBatch) return inBatches(stanza, recipients, goOn)
    return goOn() ? toEach(stanza, recipients) : undefined
  }
}

const always = () => true
const nothing = () => {}
const nextTurn = () => new Promise<void>((resume) => setImmediate(resume))
