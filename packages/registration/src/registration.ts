import { addressKey, createRateTable } from '@xmppkit/access'
import { type Accounts, AuthError, type AuthErrorCode } from '@xmppkit/auth'
import type { Iq, IqRequest } from '@xmppkit/iq'
import { type BareJid, type FullJid, type Jid, JidError, makeJid } from '@xmppkit/jid'
import { type Clock, createScope, type Logger } from '@xmppkit/runtime'
import { StanzaError, type StanzaErrorCondition, StreamError } from '@xmppkit/stanza'
import type { StreamFeature } from '@xmppkit/stream'
import { inBandFeature } from './in-band-feature.js'
import { type RegisterPayload, registerGet, registerSet } from './register-payload.js'
import { type RegistrationOptions, registrationDefaults } from './registration-options.js'

/** Collaborators of {@link createRegistration}. */
export interface RegistrationDeps {
  /** Where accounts are created, changed and removed. */
  readonly accounts: Pick<Accounts, 'register' | 'remove' | 'changePassword' | 'exists'>
  /** Where requests of people who are logged in come in. */
  readonly iq: Pick<Iq, 'handle'>
  /** Ends the sessions of an account that was removed. */
  readonly kick: (account: BareJid, error: StreamError) => Promise<unknown>
  /** Where the form for newcomers is offered; nowhere when absent. */
  readonly features?: { add(feature: StreamFeature): Disposable }
  /** Counts registrations, and lets the answer to a removal go out before the end. */
  readonly clock: Clock
  /** Told of registrations and removals. */
  readonly logger: Logger
}

/** In-band registration of one host. */
export interface Registration extends AsyncDisposable {
  /** Ends: nothing is answered any more. */
  close(): Promise<void>
}

/** Registers an account for a newcomer. @internal */
export type RegisterNewcomer = (
  domain: string,
  request: RegisterPayload,
  remoteAddress: string,
) => Promise<void>

/**
 * Lets people create, change and delete their accounts in band (XEP-0077). Creating is off unless asked
 * for.
 *
 * @example
 * ```ts
 * const registration = createRegistration({ accounts, iq, kick, features, clock, logger }, { allowRegistration: true })
 * ```
 */
export function createRegistration(deps: RegistrationDeps, options: RegistrationOptions = {}): Registration {
  const settings = Object.freeze({ ...registrationDefaults, ...options })
  const { accounts, iq, clock, logger } = deps
  const scope = createScope()
  const reserved = new Set(settings.reservedUsernames)
  const rate = createRateTable(deps, {
    limit: settings.maxRegistrationsPerAddress,
    windowMs: settings.registrationWindowMs,
  })

  const register: RegisterNewcomer = async (domain, { username, password }, remoteAddress) => {
    if (!username || !password) {
      throw new StanzaError('not-acceptable', { text: 'A username and a password are needed.' })
    }
    if (!rate.hit(addressKey(remoteAddress)).allowed) {
      throw new StanzaError('resource-constraint', { text: 'Too many registrations from here; try later.' })
    }
    const account = accountNamed(username, domain)
    if (reserved.has(account.local)) {
      throw new StanzaError('not-acceptable', { text: 'This name is reserved.' })
    }
    await accounts.register(account, password, { remoteAddress }).catch(refuse)
    logger.info('account registered in band', { account: account.toString(), remoteAddress })
  }

  const changePassword = async (session: Jid, { username, password }: RegisterPayload) => {
    if (!settings.allowPasswordChange) throw new StanzaError('not-allowed')
    if (!username || !password) {
      throw new StanzaError('bad-request', { text: 'A username and a password are needed.' })
    }
    if (!accountNamed(username, session.domain).equals(session.bare)) {
      throw new StanzaError('not-allowed', { text: 'People change their own password only.' })
    }
    await accounts.changePassword(session.bare, password, session as FullJid).catch(refuse)
  }

  const remove = async (account: BareJid) => {
    if (!settings.allowRemoval) throw new StanzaError('not-allowed')
    await accounts.remove(account).catch(refuse)
    logger.info('account removed in band', { account: account.toString() })
    // The result goes out first, then every session of the account ends (XEP-0077 §3.2).
    clock.after(0, () => {
      void deps.kick(account, new StreamError('not-authorized', { text: 'The account was removed.' }))
    })
  }

  const form = (session: Jid): RegisterPayload => ({
    registered: true,
    username: session.local,
    instructions: settings.instructions,
    password: '',
  })

  // People address either their server or, by leaving `to` out, their own account.
  for (const target of ['server', 'account'] as const) {
    scope.use(iq.handle(registerGet, target, (request) => form(ownSession(request))))
    scope.use(
      iq.handle(registerSet, target, async (request) => {
        const session = ownSession(request)
        if (!request.payload.remove) return changePassword(session, request.payload)
        if (request.payload.username || request.payload.password) throw new StanzaError('bad-request')
        await remove(session.bare)
      }),
    )
  }
  if (settings.allowRegistration && deps.features) {
    scope.use(deps.features.add(inBandFeature({ register }, settings)))
  }
  return { close: () => scope.close(), [Symbol.asyncDispose]: () => scope.close() }
}

/** The session that asks, which must belong to the account or to an account of the domain it asks. */
function ownSession({ from, to }: IqRequest<unknown>): Jid {
  const own = to.local === '' ? from.domain === to.domain : from.bare.equals(to.bare)
  if (!own || from.local === '') throw new StanzaError('forbidden')
  return from
}

function accountNamed(username: string, domain: string): BareJid {
  try {
    return makeJid({ local: username, domain }).bare
  } catch (cause) {
    if (!(cause instanceof JidError)) throw cause
    throw new StanzaError('jid-malformed', { text: 'This cannot be a username.' })
  }
}

const answers: Partial<Record<AuthErrorCode, readonly [StanzaErrorCondition, string]>> = {
  'auth/exists': ['conflict', 'This name is taken.'],
  'auth/refused': ['not-acceptable', 'This name or password is not accepted.'],
  'auth/invalid-account': ['jid-malformed', 'This cannot be a username.'],
  'auth/invalid-password': ['not-acceptable', 'This cannot be a password.'],
  'auth/read-only': ['not-allowed', 'Accounts are managed elsewhere.'],
}

function refuse(error: unknown): never {
  const answer = error instanceof AuthError ? answers[error.code] : undefined
  if (!answer) throw error
  throw new StanzaError(answer[0], { text: answer[1] })
}
