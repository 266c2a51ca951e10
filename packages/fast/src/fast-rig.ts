import { createC2s, createC2sPort } from '@xmppkit/c2s'
import { createHooks, type Hooks } from '@xmppkit/hooks'
import { createCountingIds, createManualClock, type ManualClock, silentLogger } from '@xmppkit/runtime'
import { hashedTokenClient, type TokenBinding } from '@xmppkit/sasl'
import { createSessions, type Sessions } from '@xmppkit/sessions'
import { NS } from '@xmppkit/stanza'
import type { TlsInfo, Transport } from '@xmppkit/stream'
import { textFromWire } from '@xmppkit/xml'
import { createFast, type Fast } from './fast.js'
import type { FastOptions } from './fast-options.js'
import { fastNs } from './fast-request.js'
import { createMemoryFastTokenStore } from './memory-store.js'
import type { FastTokenStore } from './ports.js'

/** Lets everything that waits for promises alone run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** TLS as it is in the tests: both channel bindings, told apart by the byte they are made of. */
export function tlsOf(byte: number): TlsInfo {
  return { protocol: 'TLSv1.3', exporter: Uint8Array.of(byte, 1), endPointHash: Uint8Array.of(7) }
}

/** A token as a client keeps it. */
export interface HeldToken {
  readonly token: string
  readonly expiry: string
}

/** One try to log in with a token. */
export interface TokenLogin {
  readonly username?: string
  readonly token: string
  readonly binding?: TokenBinding
  readonly client?: string
  /** Attributes of `<fast/>`. */
  readonly attributes?: string
  /** The rest of `<authenticate/>`. */
  readonly more?: string
}

/** What a client heard. */
export interface Heard {
  readonly text: string
  /** The token it was given. */
  readonly held: HeldToken | undefined
  /** `success`, or the condition of the failure. */
  readonly outcome: string
}

export interface FastRig {
  readonly clock: ManualClock
  readonly hooks: Hooks
  readonly sessions: Sessions
  readonly store: FastTokenStore
  readonly fast: Fast
  readonly features: () => Promise<string>
  /** Logs in with the password everybody has. */
  password(user: string, client: string, more: string): Promise<Heard>
  /** Logs in with a token over a connection of its own. */
  login(login: TokenLogin, tls?: TlsInfo): Promise<Heard>
  /** The bytes of a login with a token, to be sent as they are. */
  message(login: TokenLogin, tls?: TlsInfo): Promise<string>
  /** Sends something as the first words of a connection. */
  say(text: string, tls?: TlsInfo): Promise<Heard>
}

export const phone = 'd4565fa7-4d72-4749-b3d3-740edbf87770'
export const laptop = 'd4565fa7-4d72-4749-b3d3-740edbf87771'

/** Clients of a host that gives out tokens; everybody's password is `secret`. */
export function fastRig(
  setup: {
    options?: FastOptions
    store?: FastTokenStore
    secret?: Uint8Array
    verifyPassword?: () => Promise<void>
    admit?: () => 'account-disabled' | undefined
  } = {},
): FastRig {
  const clock = createManualClock()
  const ids = createCountingIds('id')
  const logger = silentLogger
  const hooks = createHooks({
    onError: (error) => {
      throw error
    },
  })
  const store = setup.store ?? createMemoryFastTokenStore()
  const route = () => {}
  const sessions = createSessions({
    hooks,
    logger,
    clock,
    route,
    accountExists: () => true,
    accountIq: route,
  })
  const credentials = {
    passwords: {
      async verifyPassword(_account: unknown, password: string) {
        await setup.verifyPassword?.()
        return password === 'secret'
      },
    },
    ...(setup.admit && { admit: setup.admit }),
  }
  const c2s = createC2s({ hooks, sessions, route, credentials, ids, clock, logger })
  const port = createC2sPort({ find: () => c2s, ids, clock, logger })
  const fast = createFast(
    { store, inline: c2s.inline, hooks, clock, ids, logger, ...(setup.secret && { secret: setup.secret }) },
    setup.options,
  )

  const say = async (text: string, tls: TlsInfo = tlsOf(1)): Promise<Heard> => {
    let heard = ''
    const transport: Transport = {
      framing: 'stream',
      remoteAddress: '192.0.2.7',
      tls,
      canStartTls: false,
      write: (wire) => {
        heard += textFromWire(wire)
        return true
      },
      flushed: (done) => done(),
      pause: () => {},
      resume: () => {},
      end: () => queueMicrotask(() => sink.disconnected()),
      destroy: () => {},
    }
    const sink = port.accept(transport)
    sink.receive(
      Buffer.from(
        `<stream:stream xmlns='jabber:client' xmlns:stream='${NS.streams}' to='example.com' version='1.0'>${text}`,
      ),
    )
    for (let turn = 0; turn < 5; turn++) await settled()
    sink.disconnected()
    return outcomeOf(heard)
  }
  const message = async (
    { username = 'ann', token, binding = 'EXPR', client = phone, attributes = '', more = '' }: TokenLogin,
    tls: TlsInfo = tlsOf(1),
  ): Promise<string> => {
    const bindings = new Map([
      ['tls-exporter', tls.exporter ?? new Uint8Array(0)],
      ['tls-server-end-point', tls.endPointHash ?? new Uint8Array(0)],
    ])
    const mechanism = hashedTokenClient({ username, token, binding, channelBindings: bindings })
    const initial = Buffer.from((await mechanism.start()) ?? []).toString('base64')
    return authenticate(mechanism.name, initial, client, `<fast xmlns='${fastNs}' ${attributes}/>${more}`)
  }
  return {
    clock,
    hooks,
    sessions,
    store,
    fast,
    features: async () => (await say('')).text,
    password: (user, client, more) =>
      say(authenticate('PLAIN', Buffer.from(`\0${user}\0secret`).toString('base64'), client, more)),
    login: async (login, tls) => say(await message(login, tls), tls),
    message,
    say,
  }
}

/** What a client asks for a token with. */
export function requestToken(mechanism = 'HT-SHA-256-EXPR'): string {
  return `<request-token xmlns='${fastNs}' mechanism='${mechanism}'/>`
}

function authenticate(mechanism: string, initial: string, client: string, more: string): string {
  const agent = client === '' ? '' : `<user-agent id='${client}'><software>S</software></user-agent>`
  return `<authenticate xmlns='${NS.sasl2}' mechanism='${mechanism}'><initial-response>${initial}</initial-response>${agent}${more}</authenticate>`
}

function outcomeOf(text: string): Heard {
  const attributes = /<token ([^>]*)\/>/.exec(text)?.[1] ?? ''
  const token = /token="([^"]*)"/.exec(attributes)?.[1]
  const expiry = /expiry="([^"]*)"/.exec(attributes)?.[1]
  const held = token === undefined || expiry === undefined ? undefined : { token, expiry }
  const outcome = text.includes('<success')
    ? 'success'
    : (/<failure[^>]*><([a-z-]+) /.exec(text)?.[1] ?? text)
  return { text, held, outcome }
}
