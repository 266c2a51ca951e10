import { type Drop, type Hooks, isDrop } from '@xmppkit/hooks'
import type { Jid } from '@xmppkit/jid'
import { type Awaitable, isThenable } from '@xmppkit/runtime'
import { outboundRecipients } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'
import { andThen } from './and-then.js'
import type { RosterLimits } from './roster-options.js'

/** Sends one stanza to many, as long as it is to go on. */
export type FanOut = (stanza: Stanza, recipients: readonly Jid[], goOn?: () => boolean) => Awaitable<void>

/** What sending to many needs. */
export interface FanOutDeps {
  /** Takes out whom the sender does not want to reach, as `outboundRecipients`. */
  readonly hooks: Pick<Hooks, 'fold' | 'has'>
  /** The way out. */
  readonly route: (stanza: Stanza) => Awaitable<void>
}

/** Makes a fan-out: one copy of the content for all; other streams get their turn between batches (rule N-10). */
export function createFanOut(
  { hooks, route }: FanOutDeps,
  { fanOutBatch }: Pick<RosterLimits, 'fanOutBatch'>,
): FanOut {
  const wanted = (stanza: Stanza, entitled: readonly Jid[]): Awaitable<readonly Jid[]> => {
    if (stanza.from === undefined || !hooks.has(outboundRecipients)) return entitled
    const left = hooks.fold(outboundRecipients, entitled, { account: stanza.from.bare })
    return andThen<readonly Jid[] | Drop, readonly Jid[]>(left, (jids) => (isDrop(jids) ? [] : jids))
  }

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

  return (stanza, entitled, goOn = always) =>
    andThen(wanted(stanza, entitled), (recipients) => {
      if (recipients.length > fanOutBatch) return inBatches(stanza, recipients, goOn)
      return goOn() ? toEach(stanza, recipients) : undefined
    })
}

const always = () => true
const nothing = () => {}
const nextTurn = () => new Promise<void>((resume) => setImmediate(resume))
