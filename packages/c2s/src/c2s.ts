import type { Access } from '@xmppkit/access'
import {
  type Bind2Feature,
  bindFeature,
  type CredentialSources,
  createBind2,
  createFeatureRegistry,
  type FeatureList,
  type InlineContext,
  type InlineFeature,
  type LoginTask,
  type LoginThrottle,
  sessionFeature,
} from '@xmppkit/auth'
import type { Hooks } from '@xmppkit/hooks'
import type { BareJid, FullJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, disposable, type Ids, type Logger } from '@xmppkit/runtime'
import { receivePacket, type Sessions } from '@xmppkit/sessions'
import { type Stanza, StanzaError, StreamError } from '@xmppkit/stanza'
import { type StreamFeature, type StreamHost, type StreamState, starttlsFeature } from '@xmppkit/stream'
import { watchAccounts } from './account-watch.js'
import { type C2sOptions, c2sDefaults } from './c2s-options.js'
import { ClientSession } from './client-session.js'
import type { ClientConnection } from './connection.js'
import { createConnectionSet } from './connection-set.js'
import { C2sError } from './errors.js'
import { withoutForeignDelays } from './forged-delay.js'
import type { KeptSession } from './keeping.js'
import { limitsFeature } from './limits-feature.js'
import { loginFeatures } from './login-features.js'
import type { PaceOptions } from './pace.js'
import { endEarlierSessions } from './same-client.js'
import type { C2sSession } from './session.js'
import { infoOf, type LoginInfo, loginOf } from './session-info.js'
import { openSession, resourceFor, streamEnded } from './session-opening.js'
import { forbiddenSession } from './tokens.js'

/** Collaborators of {@link createC2s}. */
export interface C2sDeps {
  /** The hooks of the host. */
  readonly hooks: Pick<Hooks, 'on' | 'fold' | 'run' | 'has'>
  /** Knows the sessions of the host. */
  readonly sessions: Pick<
    Sessions,
    | 'resourceFor'
    | 'open'
    | 'close'
    | 'setPresence'
    | 'reconnected'
    | 'reroute'
    | 'holdBack'
    | 'kick'
    | 'resources'
  >
  /** Sends what clients send on its way; usually the router's `route`. */
  readonly route: (stanza: Stanza) => Awaitable<void>
  /** Where logins are checked, such as `accounts.credentials`. Without it, add a feature that logs clients in. */
  readonly credentials?: CredentialSources
  /** Slows down who guesses passwords; hosts may share one. */
  readonly throttle?: LoginThrottle
  /** Answers access and shaper rules, where the options name some. */
  readonly access?: Pick<Access, 'allows' | 'hasRule' | 'shape'>
  /** Names sessions, resources and pings; nobody may guess them. */
  readonly ids: Ids
  /** For every wait. */
  readonly clock: Clock
  /** Told who logs in, and what goes wrong. */
  readonly logger: Logger
}

/** The stream features of a host's clients. */
export interface C2sFeatures {
  /** Adds one at the end of the list; from then on it is offered on every stream it wants to be offered on. */
  add(feature: StreamFeature): Disposable
}

/** The clients of one host. */
export interface C2s extends AsyncDisposable {
  /** What their streams negotiate: STARTTLS, SASL, resource binding, and what is added. */
  readonly features: C2sFeatures
  /** What a client may ask for together with its login (XEP-0388): a session that goes on, a token. */
  readonly inline: FeatureList<InlineFeature>
  /** What it may have to do before its login succeeds. */
  readonly tasks: FeatureList<LoginTask>
  /** What it may want for its session from the first moment (XEP-0386): carbons, acks, a look at its archive. */
  readonly bind2: FeatureList<Bind2Feature<C2sSession>>
  /** Number of connections that have addressed this host, logged in or not. */
  readonly connections: number
  /**
   * Takes other options. They count for logins and sessions from now on.
   *
   * @throws SaslError `sasl/unknown-mechanism`, or C2sError `c2s/unknown-rule`; everything is then as it was
   */
  update(options: C2sOptions): void
  /** Ends the connections to a domain that is not served any more on which nobody is logged in. */
  leaveDomain(domain: string): void
  /**
   * Ends all of them with `system-shutdown` and resolves when nothing of them is under way any more, or after
   * `drainTimeoutMs`.
   */
  close(): Promise<void>
  /**
   * The session of a stream, from the moment its resource is being bound; `undefined` for a stream without one, or one that
   * is not of this host.
   */
  sessionOf(state: StreamState): KeptSession | undefined
  /**
   * Lets a session of this host leave its stream, which ends with `conflict` if it has not ended, for another one. It goes on
   * there when the feature that called this has reported it as bound.
   *
   * @returns false if it has ended, or the other stream has, or that has a session already
   */
  move(session: KeptSession, to: StreamState): boolean
  /** @internal For the front door: a client has addressed the host. */
  admit(connection: ClientConnection): StreamHost
  /** @internal For the front door: nothing of the connection is under way any more. */
  dismiss(connection: ClientConnection): void
}

/**
 * Serves the clients of one host: features, login, resource binding, and their sessions until the end. Connections come
 * through {@link createC2sPort}, which hosts share.
 *
 * @throws SaslError `sasl/unknown-mechanism` if the options name a mechanism nobody knows
 * @throws C2sError `c2s/unknown-rule` if they name an access rule there is none of
 *
 * @example
 * ```ts
 * const c2s = createC2s({ hooks, sessions, route: router.route, credentials: accounts.credentials, ids, clock, logger })
 * const port = createC2sPort({ find: (domain) => (domain === 'example.com' ? c2s : undefined), ids, clock, logger })
 * ```
 */
export function createC2s(deps: C2sDeps, options: C2sOptions = {}): C2s {
  let settings = resolved(deps, options)
  const shared = {
    ...deps,
    get maxWaiting() {
      return settings.maxWaiting
    },
  }
  const connections = createConnectionSet(deps)
  const accounts = watchAccounts(deps)
  const opening = { sessions: deps.sessions, accounts }
  const clean = deps.hooks.on(receivePacket, withoutForeignDelays, { seq: beforeAll, label: 'c2s' })

  async function open(
    account: BareJid,
    resource: string,
    state: StreamState,
    login: LoginInfo,
  ): Promise<ClientSession> {
    const connection = connections.get(state)
    // The feature was taken out of the list and put on a stream of somebody's own.
    if (connection === undefined) throw new StanzaError('internal-server-error')
    const jid = resourceFor(deps.sessions, account, resource)
    const subject = { jid, ip: state.remoteAddress }
    await checkAccess(deps, settings, subject)
    const session = new ClientSession(shared, {
      jid,
      connection,
      pace: paceOf(deps, settings, subject),
    })
    await openSession(opening, session, connection, infoOf(state, login))
    return session
  }

  const bind = async (account: BareJid, resource: string, state: StreamState): Promise<FullJid> =>
    (await open(account, resource, state, loginOf(state))).jid

  async function bindWithLogin(
    account: BareJid,
    resource: string,
    { state, userAgent, mechanism }: InlineContext,
  ): Promise<C2sSession> {
    const { id: clientId } = userAgent
    const session = await open(account, resource, state, { mechanism, ...(clientId && { clientId }) })
    if (clientId !== undefined) await endEarlierSessions(deps.sessions, session, clientId)
    // Whoever takes part in the binding would not be told of the end any more.
    if (session.ended) throw streamEnded()
    return session
  }

  const inline = createFeatureRegistry<InlineFeature>()
  const tasks = createFeatureRegistry<LoginTask>()
  const bind2 = createBind2<C2sSession>({ bind: bindWithLogin, ids: deps.ids, logger: deps.logger })
  inline.add(bind2.feature)

  const limits = limitsFeature((state) => connections.get(state)?.limits)
  const onBegin = (state: StreamState) => {
    const connection = connections.get(state)
    if (connection !== undefined) connection.loginBegan = accounts.moment
  }
  const ownFeatures = (): readonly StreamFeature[] => [
    starttlsFeature({ required: settings.requireTls }),
    ...loginFeatures({ ...deps, inline, tasks, onBegin }, settings.sasl),
    bindFeature({ bind, ids: deps.ids, logger: deps.logger }),
    sessionFeature({ logger: deps.logger }),
    limits,
  ]
  let own = ownFeatures()
  let added: readonly StreamFeature[] = []
  let features = own
  const host = {
    features: () => features,
    get redirect() {
      return settings.redirect
    },
  }
  const list = (next: readonly StreamFeature[]) => {
    added = next
    features = [...own, ...added]
  }

  function close(): Promise<void> {
    accounts[Symbol.dispose]()
    clean[Symbol.dispose]()
    return connections.close(new StreamError('system-shutdown'), settings.drainTimeoutMs)
  }

  return {
    features: {
      add(feature) {
        list([...added, feature])
        return disposable(() => list(added.filter((other) => other !== feature)))
      },
    },
    inline,
    tasks,
    bind2,
    get connections() {
      return connections.size
    },
    update(next) {
      const before = settings
      settings = resolved(deps, next)
      try {
        own = ownFeatures()
      } catch (error) {
        settings = before
        throw error
      }
      list(added)
    },
    leaveDomain: (domain) => connections.leave(domain),
    close,
    [Symbol.asyncDispose]: close,
    sessionOf: (state) => connections.get(state)?.session,
    move(session, to) {
      const connection = connections.get(to)
      if (!(session instanceof ClientSession) || session.ended) return false
      if (connection === undefined || connection.ended || connection.session !== undefined) return false
      session.moveTo(connection)
      connection.session = session
      return true
    },
    admit(connection) {
      connections.add(connection)
      // Of a login in a way of somebody else's nothing more is known.
      connection.loginBegan ??= accounts.moment
      return host
    },
    dismiss: (connection) => connections.remove(connection),
  }
}

/** Where in `receivePacket` what others may not say is taken out: before anybody judges or stores it. */
const beforeAll = 20

type Settings = typeof c2sDefaults & C2sOptions

function resolved({ access }: C2sDeps, options: C2sOptions): Settings {
  const { accessRule } = options
  // Found out now and not when everybody is locked out.
  if (accessRule !== undefined && !access?.hasRule(accessRule)) {
    throw new C2sError('c2s/unknown-rule', `there is no access rule ${JSON.stringify(accessRule)}`)
  }
  return Object.freeze({ ...c2sDefaults, ...options })
}

async function checkAccess(
  { access, hooks }: C2sDeps,
  { accessRule }: Settings,
  subject: { readonly jid: FullJid; readonly ip: string },
): Promise<void> {
  if (accessRule === undefined || access?.allows(accessRule, subject)) return
  await hooks.run(forbiddenSession, { jid: subject.jid, remoteAddress: subject.ip })
  throw new StanzaError('not-allowed', { text: 'this account may not log in here' })
}

function paceOf(
  { access }: C2sDeps,
  settings: Settings,
  subject: { readonly jid: FullJid; readonly ip: string },
): PaceOptions {
  const { shaperRule, maxRecipients, recipientsWindowMs } = settings
  const chosen = shaperRule === undefined ? undefined : access?.shape(shaperRule, subject)
  const shaper = chosen?.kind === 'shaper' ? chosen.shaper : settings.shaper
  return { shaper, maxRecipients, recipientsWindowMs }
}
