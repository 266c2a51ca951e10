import { type BareJid, tryParseJid } from '@xmppkit/jid'
import { isXmppkitError, type Logger } from '@xmppkit/runtime'
import type { SaslCondition } from '@xmppkit/sasl'
import type { FeatureIo, StreamState } from '@xmppkit/stream'
import type { LoginOutcome } from './login-throttle.js'
import type { ExchangeResult } from './sasl-exchange.js'

/** What became of one try to log in. Nothing in it is a secret. */
export interface LoginAttempt {
  /** The account that was tried, as far as one was named; proven only if `condition` is absent. */
  readonly account: BareJid | undefined
  /** The mechanism asked for, cut to 64 characters. */
  readonly mechanism: string
  /** The client's network address. */
  readonly remoteAddress: string
  /** Why it failed, as the client was told; absent for a success. */
  readonly condition?: SaslCondition
  /** Why it failed, for the log only. */
  readonly reason?: string
}

/** Who hears of logins. */
export interface LoginReportDeps {
  /** Gets a line for every login, and the errors of credential sources. */
  readonly logger: Pick<Logger, 'info' | 'error'>
  /** Told of every try to log in; must not throw. */
  onAttempt?(attempt: LoginAttempt): void
}

// A client may call its mechanism anything.
const maxMechanismCharacters = 64

/** What an exchange counts as, for whoever slows down guessing. */
export function outcomeOf(result: ExchangeResult): LoginOutcome {
  if (result.kind === 'success') return 'succeeded'
  if (result.condition === 'not-authorized') return 'wrong'
  if (harmless.has(result.condition)) return 'spared'
  return result.username === undefined && unnamed.has(result.condition) ? 'spared' : 'refused'
}

const harmless: ReadonlySet<SaslCondition> = new Set([
  'temporary-auth-failure',
  'aborted',
  'encryption-required',
])

// The two sides do not agree on how to go about it, and nobody was looked up: a client without our channel bindings tries one
// mechanism after another.
const unnamed: ReadonlySet<SaslCondition> = new Set([
  'malformed-request',
  'incorrect-encoding',
  'invalid-mechanism',
])

/** Logs how a try to log in ended, and tells who wants to know. */
export function reportLogin(
  deps: LoginReportDeps,
  io: FeatureIo,
  named: string,
  result: ExchangeResult,
): void {
  const { remoteAddress } = io.state
  const mechanism = named.slice(0, maxMechanismCharacters)
  const account = accountTried(result.username, io.state)
  const failed = result.kind === 'failure' ? { condition: result.condition, reason: result.reason } : {}
  deps.onAttempt?.({ account, mechanism, remoteAddress, ...failed })
  const fields = { account: account?.toString(), mechanism, remoteAddress, ...failed }
  const cause = result.kind === 'failure' ? result.cause : undefined
  // A client that left in the middle of a check, or one that was throttled, is no failure of ours.
  const expected = cause === undefined || io.signal.aborted || isXmppkitError(cause, 'auth/throttled')
  if (result.kind === 'success') deps.logger.info('logged in', fields)
  else if (expected) deps.logger.info('login failed', fields)
  else deps.logger.error('a login could not be checked', { ...fields, error: cause })
}

// A failed attempt may have named somebody nobody can be.
function accountTried(username: string | undefined, state: StreamState): BareJid | undefined {
  if (username === undefined) return undefined
  return tryParseJid(`${username}@${state.domain}`)?.bare
}
