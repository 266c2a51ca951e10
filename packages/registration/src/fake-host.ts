import { type AccountStore, type Accounts, createAccounts, createMemoryAccountStore } from '@xmppkit/auth'
import { type C2sPort, createC2s, createC2sPort } from '@xmppkit/c2s'
import { createHooks, type Hooks } from '@xmppkit/hooks'
import { createIq, type Iq } from '@xmppkit/iq'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { createJsonLogger, createManualClock, type ManualClock, randomIds } from '@xmppkit/runtime'
import { createSessions, type Sessions } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'
import type { Transport } from '@xmppkit/stream'
import { textFromWire } from '@xmppkit/xml'
import { createRegistration, type Registration } from './registration.js'
import type { RegistrationOptions } from './registration-options.js'

/** A client of a test, over a stream. */
export interface Client {
  /** Sends text, and waits until what was answered since the last call matches; gives that, in single quotes. */
  say(text: string, until?: RegExp): Promise<string>
  /** Opens the stream; gives what it is answered with. */
  open(): Promise<string>
  /** Opens a stream, logs in and binds a resource. */
  logIn(user: string, password: string, resource?: string): Promise<string>
}

/** A host that serves clients of `example.com`. */
export interface FakeHost {
  readonly accounts: Accounts
  readonly hooks: Hooks
  readonly iq: Iq
  readonly sessions: Sessions
  readonly clock: ManualClock
  readonly registration: Registration
  readonly log: string[]
  /** Answers to others. */
  readonly away: Stanza[]
  route(stanza: Stanza): void | Promise<void>
  connect(options?: { tls?: boolean; remoteAddress?: string }): Client
}

/** Puts a host together of real blocks; it has the account juliet with the password r0m30. */
export async function fakeHost(
  setup: {
    readonly options?: RegistrationOptions
    readonly store?: (store: AccountStore) => AccountStore
  } = {},
): Promise<FakeHost> {
  const log: string[] = []
  const logger = createJsonLogger((line) => void log.push(line), { level: 'debug' })
  const hooks = createHooks({ onError: (error) => logger.error('listener failed', { error }) })
  const clock = createManualClock()
  const ids = randomIds
  const away: Stanza[] = []
  const memory = createMemoryAccountStore()
  const store = setup.store?.(memory) ?? memory
  const accounts = createAccounts({ store, hooks, clock, ids }, { iterations: 4096, hashes: ['SHA-1'] })
  const route = (stanza: Stanza): void | Promise<void> => {
    if (stanza.to?.domain !== 'example.com') return void away.push(stanza)
    return stanza.to.local === '' ? iq.dispatch(stanza, 'server') : sessions.deliver(stanza)
  }
  const interceptReplies = () => ({ [Symbol.dispose]() {} })
  const iq = createIq({ route, interceptReplies, clock, ids, logger })
  const sessions = createSessions({
    hooks,
    logger,
    clock,
    route,
    accountExists: (account) => accounts.exists(account),
    accountIq: (stanza) => iq.dispatch(stanza, 'account'),
  })
  const { credentials } = accounts
  const c2s = createC2s({ hooks, sessions, route, credentials, ids, clock, logger }, { requireTls: false })
  const registration = createRegistration(
    { accounts, iq, hooks, sessions, features: c2s.features, clock, logger },
    setup.options,
  )
  const port = createC2sPort({
    find: (domain) => (domain === 'example.com' ? c2s : undefined),
    ids,
    clock,
    logger,
  })
  await accounts.register(account('juliet'), 'r0m30')
  log.length = 0
  return {
    accounts,
    hooks,
    iq,
    sessions,
    clock,
    registration,
    log,
    away,
    route,
    connect: (options = {}) => connectClient(port, options),
  }
}

/** An account of the host. */
export const account = (user: string): BareJid => parseJid(`${user}@example.com`).bare

const header =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>"

/** Hashing takes place on other threads, so some turns may pass until there is an answer. */
const patience = 100_000

/** Connects a client to a port. */
export function connectClient(
  port: C2sPort,
  options: { tls?: boolean; remoteAddress?: string } = {},
): Client {
  let written = ''
  const transport: Transport = {
    framing: 'stream',
    remoteAddress: options.remoteAddress ?? '192.0.2.7',
    tls: options.tls === false ? undefined : { protocol: 'TLSv1.3' },
    canStartTls: false,
    write(wire) {
      written += textFromWire(wire).replaceAll('"', "'")
      return true
    },
    flushed: (done) => done(),
    pause() {},
    resume() {},
    end: () => sink.disconnected(),
    destroy() {},
  }
  const sink = port.accept(transport)

  const say = async (text: string, until = />$/) => {
    sink.receive(Buffer.from(text))
    for (let turn = 0; turn < patience && !until.test(written); turn += 1) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    const heard = written
    written = ''
    return heard
  }
  const open = () => say(header, /<\/stream:features>|<stream:features\/>|<\/stream:stream>/)
  return {
    say,
    open,
    async logIn(user, password, resource = 'r') {
      const features = await open()
      const plain = Buffer.from(`\0${user}\0${password}`).toString('base64')
      const sasl = 'urn:ietf:params:xml:ns:xmpp-sasl'
      const outcome = await say(`<auth xmlns='${sasl}' mechanism='PLAIN'>${plain}</auth>`, /success|failure/)
      if (outcome.includes('failure')) return outcome
      await open()
      const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind>`
      await say(`<iq type='set' id='b'>${bind}</iq>`, /type='result'/)
      return features
    },
  }
}
