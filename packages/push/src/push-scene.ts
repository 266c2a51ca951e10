import { createHooks, type Hooks } from '@xmppkit/hooks'
import { createIq } from '@xmppkit/iq'
import { type FullJid, isFullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, type Logger, type ManualClock } from '@xmppkit/runtime'
import { offlineMessage, type SessionRecord } from '@xmppkit/sessions'
import { iq as iqStanza, readStanza, readStanzaError, type Stanza } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { createMemoryPushStore } from './memory-store.js'
import type { PushNotification, PushSender, PushStore } from './ports.js'
import { createPush, type Push, type PushDeps } from './push.js'
import type { PushOptions } from './push-options.js'
import { createPushServiceSender } from './push-service-sender.js'

/** Blocks wired by hand, for the tests of this package. */
export interface PushScene {
  readonly store: PushStore
  readonly hooks: Hooks
  readonly clock: ManualClock
  readonly push: Push
  /** Lines that were logged, with their fields. */
  readonly logged: string[]
  /** What the sender was given. */
  readonly sent: PushNotification[]
  /** What was sent to others since the last call: requests to push services. */
  requests(): Stanza[]
  /** The push service answers a request, with a payload or nothing. */
  answers(request: Stanza, type: 'result' | 'error', content?: string): void
  /** A client sends a request; answers `done` or the condition of the error. */
  ask(from: string, payload: string, to?: string): Promise<string>
  /** Says that juliet's phone is to be notified. */
  enable(node?: string, from?: string): Promise<string>
  /** A message for somebody nobody could take; it was stored unless said otherwise. */
  away(
    content?: string,
    options?: { to?: string; action?: 'stored' | 'bounce'; type?: string },
  ): Promise<void>
  /** A client that is there. */
  connect(address: string): SessionRecord
}

/** Juliet's account. */
export const juliet = 'juliet@example.com'

/** Lets everything that waits for promises run. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A message written without its namespace. */
export function messageOf(content: string, type = 'chat', to = juliet): Stanza {
  const xml = `<message xmlns='jabber:client' from='romeo@example.net/orchard' to='${to}' type='${type}'>${content}</message>`
  return readStanza(parseElement(xml))
}

/** Makes a scene. */
export function pushScene(
  setup: {
    readonly options?: PushOptions
    /** A sender that notes what it gets, unless one is given; `xmpp` sends to push services. */
    readonly sender?: PushSender | 'xmpp'
    readonly store?: PushStore
    readonly waiting?: PushDeps['waiting']
  } = {},
): PushScene {
  const logged: string[] = []
  const note = (message: string, fields?: object) =>
    void logged.push(`${message} ${JSON.stringify(fields ?? {})}`)
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger }
  const hooks = createHooks({ onError: (error) => note(String(error)) })
  const clock = createManualClock(Date.UTC(2026, 0, 31, 12))
  const out: Stanza[] = []
  let intercept: (stanza: Stanza) => boolean = () => false
  const iq = createIq({
    route: (stanza) => void out.push(stanza),
    interceptReplies(accept) {
      intercept = accept
      return { [Symbol.dispose]() {} }
    },
    clock,
    ids: createCountingIds('id'),
    logger,
  })
  const there: SessionRecord[] = []
  const sent: PushNotification[] = []
  const noting: PushSender = {
    async send(notification) {
      sent.push(notification)
      return 'sent'
    },
  }
  const { sender = noting, store = createMemoryPushStore(), waiting } = setup
  const push = createPush(
    {
      store,
      hooks,
      iq,
      clock,
      logger,
      senders: [sender === 'xmpp' ? createPushServiceSender({ iq }) : sender],
      sessions: { resources: (account) => there.filter(({ jid }) => jid.bare.equals(account)) },
      ...(waiting && { waiting }),
    },
    setup.options,
  )

  const ask = async (from: string, payload: string, to = juliet) => {
    await iq.dispatch(iqStanza({ type: 'set', id: '1', from, to }, parseElement(payload)), 'account')
    const answer = out.pop()
    if (answer === undefined) throw new Error('no answer')
    if (answer.type !== 'error') return 'done'
    // Whatever a client registers is not repeated to anybody.
    return `${readStanzaError(answer)?.condition}${answer.has('enable', 'urn:xmpp:push:0') ? ' with an echo' : ''}`
  }
  return {
    store,
    hooks,
    clock,
    push,
    logged,
    sent,
    requests: () => out.splice(0),
    answers({ id, from, to }, type, content = '') {
      const xml = `<iq xmlns='jabber:client' type='${type}' id='${id}' from='${to}' to='${from}'>${content}</iq>`
      intercept(readStanza(parseElement(xml)))
    },
    ask,
    enable: (node = 'token', from = `${juliet}/phone`) =>
      ask(from, `<enable xmlns='urn:xmpp:push:0' jid='push.example' node='${node}'/>`),
    async away(content = '<body>hi</body>', { to = juliet, action = 'stored', type = 'chat' } = {}) {
      await hooks.fold(offlineMessage, { action, stanza: messageOf(content, type, to) })
      await settled()
    },
    connect(address) {
      const record: SessionRecord = {
        sid: address,
        jid: fullJid(address),
        order: 1,
        priority: 0,
        presence: undefined,
        info: { openedAt: 0 },
      }
      there.push(record)
      return record
    },
  }
}

/** The text of a stanza's content, with one kind of quotes. */
export function contentOf(stanza: Stanza | undefined): string | undefined {
  return stanza && textFromWire(stanza.raw.content).replaceAll('"', "'")
}

function fullJid(text: string): FullJid {
  const jid = parseJid(text)
  if (!isFullJid(jid)) throw new Error(`${text} has no resource`)
  return jid
}
