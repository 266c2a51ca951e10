import { createHooks, type Hooks } from '@xmppkit/hooks'
import { isFullJid, parseJid } from '@xmppkit/jid'
import { createManualClock, type LogFields, type Logger, type ManualClock } from '@xmppkit/runtime'
import { readStanza, type Stanza, type StreamError } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'
import type { DeliveryOutcome, SessionHandle } from './ports.js'
import { createSessions, type Sessions, type SessionsDeps, type SessionsOptions } from './sessions.js'

/** A session of a test: what it got, and what it was told. */
export interface FakeSession extends SessionHandle {
  readonly got: Stanza[]
  readonly receipts: ((outcome: DeliveryOutcome) => void)[]
  readonly errors: StreamError[]
  /** The bodies of what it got. */
  bodies(): (string | undefined)[]
}

/** Behaviour of a session other than to take everything at once and to do nothing when told to end. */
export interface FakeBehaviour {
  readonly deliver?: SessionHandle['deliver']
  readonly close?: (error: StreamError) => void | Promise<void>
}

/** Makes a session handle that remembers. */
export function fakeSession(address: string, behaviour: FakeBehaviour = {}, sid = address): FakeSession {
  const jid = parseJid(address)
  if (!isFullJid(jid)) throw new Error(`${address} has no resource`)
  const got: Stanza[] = []
  const receipts: ((outcome: DeliveryOutcome) => void)[] = []
  const errors: StreamError[] = []
  return {
    sid,
    jid,
    got,
    receipts,
    errors,
    bodies: () => got.map((stanza) => stanza.text('body')),
    deliver(stanza, done) {
      if (behaviour.deliver) return behaviour.deliver(stanza, done)
      got.push(stanza)
      if (done) receipts.push(done)
    },
    close(error) {
      errors.push(error)
      return behaviour.close?.(error)
    },
  }
}

/** Everything a session manager needs, and what it did with it. */
export interface Bench {
  readonly sessions: Sessions
  readonly hooks: Hooks
  readonly clock: ManualClock
  /** What was routed, as XML. */
  readonly routed: string[]
  /** Requests that went to the account. */
  readonly asked: Stanza[]
  /** Accounts somebody asked about. */
  readonly lookedUp: string[]
  readonly logged: { readonly message: string; readonly fields: LogFields | undefined }[]
}

/** Makes a session manager whose accounts are those of `accounts`. */
export function bench(
  options: SessionsOptions = {},
  accounts: readonly string[] = ['juliet@example.com'],
  deps: Pick<SessionsDeps, 'limitOf'> = {},
): Bench {
  const routed: string[] = []
  const asked: Stanza[] = []
  const lookedUp: string[] = []
  const logged: { message: string; fields: LogFields | undefined }[] = []
  const note = (message: string, fields?: LogFields) => void logged.push({ message, fields })
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger }
  const hooks = createHooks({ onError: (error) => note('listener failed', { cause: error }) })
  const clock = createManualClock(1_000_000)
  const sessions = createSessions(
    {
      hooks,
      clock,
      logger,
      route: (stanza) => void routed.push(textFromWire(stanza.toWire())),
      accountExists: (account) => {
        lookedUp.push(account.toString())
        return accounts.includes(account.toString())
      },
      accountIq: (stanza) => void asked.push(stanza),
      ...deps,
    },
    options,
  )
  return { sessions, hooks, clock, routed, asked, lookedUp, logged }
}

/** Reads a stanza written without its namespace. */
export function read(xml: string): Stanza {
  return readStanza(parseElement(xml.replace(/[ />]/, (end) => ` xmlns="jabber:client"${end}`)))
}

/** Opens a session and makes it available with a priority. */
export async function online(sessions: Sessions, session: SessionHandle, priority = 0): Promise<void> {
  await sessions.open(session)
  await sessions.setPresence(session, read(`<presence><priority>${priority}</priority></presence>`))
}
