import type { BareJid, Jid } from '@xmppkit/jid'
import type { Stanza } from '@xmppkit/stanza'
import type { PushSummary } from './ports.js'
import type { PushKind } from './push-kind.js'
import type { PushSettings } from './push-options.js'

/** What waits to be told to an account's devices: of the messages themselves no more than will be told. */
export interface Alarm {
  readonly account: BareJid
  readonly kind: PushKind
  /** How many messages it is about. */
  readonly count: number
  readonly sender: Jid | undefined
  readonly body: string | undefined
  /** Whether all devices are told, or those of some clients and of all that are not there. */
  readonly everybody: boolean
  readonly clients: ReadonlySet<string>
}

/** One more message. */
export interface AlarmCause {
  readonly account: BareJid
  readonly kind: PushKind
  readonly message: Stanza
  /** The client it is held for; undefined when all are to hear of it. */
  readonly client: string | undefined
}

const urgency: readonly PushKind[] = ['message', 'invite', 'call']

/** Makes one of what waits and one more message, of which the last is told. */
export function mergeAlarms(
  waiting: Alarm | undefined,
  { account, kind, message, client }: AlarmCause,
  settings: Pick<PushSettings, 'includeSender' | 'includeBody' | 'maxBodyLength'>,
): Alarm {
  const clients = client === undefined ? [] : [client]
  const isMoreUrgent = waiting === undefined || urgency.indexOf(kind) > urgency.indexOf(waiting.kind)
  return {
    account,
    kind: isMoreUrgent ? kind : waiting.kind,
    count: (waiting?.count ?? 0) + 1,
    sender: settings.includeSender ? message.from : undefined,
    body: settings.includeBody ? cut(message.text('body'), settings.maxBodyLength) : undefined,
    everybody: client === undefined || waiting?.everybody === true,
    clients: new Set([...(waiting?.clients ?? []), ...clients]),
  }
}

/** What is told of it. */
export function summaryOf({ kind, sender, body }: Alarm, messageCount: number | undefined): PushSummary {
  return Object.freeze({
    kind,
    ...(messageCount !== undefined && { messageCount }),
    ...(sender !== undefined && { sender }),
    ...(body !== undefined && { body }),
  })
}

/** The beginning of a text, without half a character at its end. */
function cut(text: string | undefined, maxLength: number): string | undefined {
  if (text === undefined || text.length <= maxLength) return text
  return text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '')
}
