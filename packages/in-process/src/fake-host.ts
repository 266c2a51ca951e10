import { createHooks, type Hooks } from '@xmppkit/hooks'
import { type FullJid, isFullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, type Logger, type ManualClock } from '@xmppkit/runtime'
import { createSessions, type SessionHandle, type Sessions } from '@xmppkit/sessions'
import { errorReply, readStanza, type Stanza, StanzaError } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { createInProcess, type InProcess } from './in-process.js'
import type { InProcessOptions } from './in-process-options.js'

/** Lets everything that waits for promises alone run. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A stanza written without its namespace. */
export const read = (xml: string): Stanza =>
  readStanza(parseElement(xml.replace(/[ />]/, (end) => ` xmlns="jabber:client"${end}`)))

/** A stanza as text: attributes sorted, without the namespace of all stanzas. */
function shown({ raw }: Stanza): string {
  const attributes = raw.attributes.map(([name, value]) => ` ${name}='${value}'`).sort()
  const content = textFromWire(raw.content).replaceAll('"', "'")
  return `<${raw.name}${attributes.join('')}${content === '' ? '/>' : `>${content}</${raw.name}>`}`
}

/** A client that is a plain object. */
export interface FakeClient {
  readonly jid: FullJid
  heard(): string[]
}

/** A host of real blocks for `example.org`, with what this package adds. */
export interface FakeHost {
  readonly inProcess: InProcess
  readonly hooks: Hooks
  readonly sessions: Sessions
  readonly clock: ManualClock
  readonly logged: [string, Record<string, unknown> | undefined][]
  /** What went to other domains. */
  away(): string[]
  /** A stanza comes in for somebody of the host. */
  arrives(xml: string): Promise<void>
  connect(address: string): Promise<FakeClient>
}

/** Puts the host together. */
export function fakeHost(options: InProcessOptions = {}): FakeHost {
  const logged: FakeHost['logged'] = []
  const note = (message: string, fields?: Record<string, unknown>) => void logged.push([message, fields])
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  const hooks = createHooks({ onError: (error) => note(String(error)) })
  const clock = createManualClock(Date.UTC(2026, 0, 1))
  const ids = createCountingIds('id')
  const away: Stanza[] = []
  const accountExists = (local: string) => local !== 'nobody'
  const sessions = createSessions({
    hooks,
    logger,
    clock,
    ids,
    route,
    accountExists: ({ local }) => accountExists(local),
    accountIq: (stanza) => route(errorReply(stanza, new StanzaError('service-unavailable'))!),
  })
  function route(stanza: Stanza): void | Promise<void> {
    if (stanza.to?.domain === 'example.org') return sessions.deliver(stanza)
    away.push(stanza)
  }
  const accounts = { exists: async ({ local }: { readonly local: string }) => accountExists(local) }
  const domains = { has: (domain: string) => domain === 'example.org' }
  const inProcess = createInProcess(
    { hooks, sessions, accounts, domains, route, ids, clock, logger },
    options,
  )
  return {
    inProcess,
    hooks,
    sessions,
    clock,
    logged,
    away: () => away.splice(0).map(shown),
    arrives: async (xml) => route(read(xml)),
    async connect(address) {
      const jid = parseJid(address)
      if (!isFullJid(jid)) throw new Error(`${address} has no resource`)
      const got: Stanza[] = []
      const handle: SessionHandle = {
        sid: address,
        jid,
        deliver(stanza, done) {
          got.push(stanza)
          done?.('delivered')
        },
        close: () => sessions.close(handle),
      }
      await sessions.open(handle)
      await sessions.setPresence(handle, read(`<presence from='${address}'/>`))
      return { jid, heard: () => got.splice(0).map(shown) }
    },
  }
}
