import { type Accounts, removeUser } from '@xmppkit/auth'
import type { Hooks } from '@xmppkit/hooks'
import type { Iq, IqRequest } from '@xmppkit/iq'
import { type BareJid, isFullJid, type Jid } from '@xmppkit/jid'
import { type Clock, createScope, type Logger } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import { StanzaError } from '@xmppkit/stanza'
import type { StreamFeature } from '@xmppkit/stream'
import { accountNamed, refuse } from './answers.js'
import { inBandFeature } from './in-band-feature.js'
import { createNewcomers } from './newcomers.js'
import { type RegisterPayload, registerGet, registerSet } from './register-payload.js'
import { type RegistrationOptions, registrationDefaults } from './registration-options.js'

/** Collaborators of {@link createRegistration}. */
export interface RegistrationDeps {
  /** Where accounts are created, changed and removed. */
  readonly accounts: Pick<Accounts, 'register' | 'remove' | 'changePassword'>
  /** Where requests of people who are logged in come in. */
  readonly iq: Pick<Iq, 'handle'>
  /** Tells when the removal of an account has begun. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Tells whether the connection of a session is encrypted. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** Where the form for newcomers is offered, such as the features of a `C2s`; nowhere when absent. */
  readonly features?: { add(feature: StreamFeature): Disposable }
  /** Counts registrations. */
  readonly clock: Pick<Clock, 'monotonic'>
  /** Told of registrations and removals. */
  readonly logger: Pick<Logger, 'info' | 'error'>
}

/** In-band registration of one host. */
export interface Registration extends AsyncDisposable {
  /** Ends: nothing is answered any more. */
  close(): Promise<void>
}

const label = 'registration'

/**
 * Lets people create, change and delete their accounts in band (XEP-0077). Creating is off unless asked for.
 *
 * Whoever holds the connections ends the sessions of an account that was removed, as `@xmppkit/c2s` does.
 *
 * @example
 * ```ts
 * const registration = createRegistration(
 *   { accounts, iq, hooks, sessions, features: c2s.features, clock, logger },
 *   { allowRegistration: true },
 * )
 * ```
 */
export function createRegistration(deps: RegistrationDeps, options: RegistrationOptions = {}): Registration {
  const settings = Object.freeze({ ...registrationDefaults, ...options })
  const { accounts, iq, hooks, sessions, logger } = deps
  const begun = new Map<string, () => void>()

  const isInsecure = (jid: Jid) =>
    sessions.resources(jid.bare).some((one) => one.jid.equals(jid) && one.info.secure === false)

  const changePassword = async (session: Jid, { username, password }: RegisterPayload) => {
    if (!settings.allowPasswordChange) throw new StanzaError('not-allowed')
    if (isInsecure(session) && !settings.allowInsecure) {
      throw new StanzaError('not-authorized', { text: 'Not over a connection anybody can read.' })
    }
    if (!username || !password) {
      throw new StanzaError('bad-request', { text: 'A username and a password are needed.' })
    }
    if (!accountNamed(username, session.domain).equals(session.bare)) {
      throw new StanzaError('not-allowed', { text: 'People change their own password only.' })
    }
    const by = isFullJid(session) ? session : undefined
    await accounts.changePassword(session.bare, password, by).catch(refuse)
  }

  // The answer goes out when the account is being removed and cannot be used any more. Whoever does the rest may end
  // this session at any moment from then on, and it has to go out first (XEP-0077 §3.2).
  const remove = async (account: BareJid) => {
    if (!settings.allowRemoval) throw new StanzaError('not-allowed')
    const key = account.toString()
    const hasBegun = new Promise<boolean>((resolve) => begun.set(key, () => resolve(true)))
    const removal = accounts.remove(account).finally(() => begun.delete(key))
    removal.then(
      () => logger.info('account removed in band', { account: key }),
      (error: unknown) => logger.error('an account could not be removed', { account: key, error }),
    )
    if (!(await Promise.race([hasBegun, removal.catch(refuse)])))
      throw new StanzaError('registration-required')
  }

  const form = (session: Jid): RegisterPayload => ({
    registered: true,
    instructions: settings.instructions,
    username: session.local,
    password: '',
  })

  const change = async (session: Jid, { payload, stanza }: IqRequest<RegisterPayload>) => {
    if (!payload.remove) return changePassword(session, payload)
    if (stanza.raw.childAt(0).children.length > 1) throw new StanzaError('bad-request')
    await remove(session.bare)
  }

  const scope = createScope()
  scope.use(hooks.on(removeUser, ({ account }) => begun.get(account.toString())?.(), { seq: 0, label }))
  // People address either their server or, by leaving `to` out, their own account.
  for (const target of ['server', 'account'] as const) {
    scope.use(iq.handle(registerGet, target, (request) => form(ownSession(request))))
    scope.use(
      iq.handle(registerSet, target, (request) => change(ownSession(request), request), { echo: false }),
    )
  }
  if (settings.allowRegistration && deps.features) {
    scope.use(
      deps.features.add(inBandFeature({ ...deps, register: createNewcomers(deps, settings) }, settings)),
    )
  }
  return { close: () => scope.close(), [Symbol.asyncDispose]: () => scope.close() }
}

/** The session that asks, which must belong to the account or to an account of the domain it asks. */
function ownSession({ from, to }: IqRequest<unknown>): Jid {
  const own = to.local === '' ? from.domain === to.domain : from.bare.equals(to.bare)
  if (!own || from.local === '') throw new StanzaError('forbidden')
  return from
}
