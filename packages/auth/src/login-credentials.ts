import { type BareJid, makeJid, prepareLocalpart, tryParseJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import { createDecoyVerifiers, type SaslConditions, type SaslServerDeps } from '@xmppkit/sasl'
import type { StreamState } from '@xmppkit/stream'
import { AuthError } from './errors.js'
import type { LoginTry } from './login-throttle.js'
import type { CredentialSources } from './ports.js'
import { createTimeLimit, type Wait } from './time-limit.js'

/** What a login is about: the stream, beside what SASL itself wants to know. */
export interface LoginConditions extends SaslConditions {
  /** What is known of the stream. */
  readonly state: StreamState
  /** The mechanism asked for. */
  readonly mechanism: string
  /** Aborts when the stream ends. */
  readonly signal: AbortSignal
  /** Counts the try, if anybody does. */
  readonly counted: LoginTry | undefined
}

/** What {@link loginCredentials} needs. */
export interface LoginCredentialsDeps {
  readonly credentials: CredentialSources
  readonly clock: Pick<Clock, 'after'>
}

/** The account of a username on a stream; usernames are localparts (RFC 6120 §6.3.7). */
export function accountOf(username: string, { domain }: StreamState): BareJid {
  return makeJid({ local: username, domain }).bare
}

/**
 * The account a client tries to log in to. Call it before any look-up and whether or not there is such an account: the
 * answer is the same for all.
 *
 * @throws AuthError `auth/throttled` if nobody may try now
 */
export function accountToTry(
  username: string,
  { state, counted }: Pick<LoginConditions, 'state' | 'counted'>,
): BareJid {
  const account = accountOf(username, state)
  if (counted?.names(account) !== false) return account
  throw new AuthError('auth/throttled', 'too many failed logins to this account')
}

/** What a source of credentials is told beside the account. */
class Lookup {
  readonly login: LoginConditions
  readonly #wait: Wait

  constructor(wait: Wait, login: LoginConditions) {
    this.#wait = wait
    this.login = login
  }

  get signal(): AbortSignal {
    return this.#wait.signal
  }
}

/** Answers SASL's questions about usernames from sources that know accounts, within time and within the throttle. */
export function loginCredentials(
  deps: LoginCredentialsDeps,
  timeoutMs: number,
): SaslServerDeps<LoginConditions> {
  const { credentials } = deps
  const { passwords, scram, tokens } = credentials
  const limit = createTimeLimit(deps.clock, timeoutMs)
  const decoys = createDecoyVerifiers()

  const answers: SaslServerDeps<LoginConditions> = {
    prepareUsername,
    isSameAccount: (username, authzid, { state }) => isAccount(authzid, accountOf(username, state)),
    admit: (username, login) =>
      // Nobody keeps an account for anonymous users.
      login.mechanism === 'ANONYMOUS' || credentials.admit === undefined
        ? undefined
        : limit(login.signal, (wait) =>
            credentials.admit?.(accountOf(username, login.state), new Lookup(wait, login)),
          ),
    decoyVerifier(username, hash, { state }) {
      const name = `${username}@${state.domain}`
      return credentials.decoyVerifier?.(name, hash) ?? decoys.verifier(name, hash)
    },
  }
  if (scram !== undefined) {
    answers.scramVerifier = (username, hash, conditions) => {
      const account = accountToTry(username, conditions)
      return limit(conditions.signal, (wait) =>
        scram.scramVerifier(account, hash, new Lookup(wait, conditions)),
      )
    }
  }
  if (passwords !== undefined) {
    answers.verifyPassword = (username, password, conditions) => {
      const account = accountToTry(username, conditions)
      return limit(conditions.signal, (wait) =>
        passwords.verifyPassword(account, password, new Lookup(wait, conditions)),
      )
    }
  }
  if (tokens !== undefined) {
    answers.verifyToken = async (token, { state, signal }) => {
      const account = await limit(signal, (wait) => tokens.verifyToken(token, state.domain, wait))
      return account?.domain === state.domain && account.local !== '' ? account.local : undefined
    }
  }
  return answers
}

function prepareUsername(username: string): string | undefined {
  try {
    return prepareLocalpart(username)
  } catch {
    return undefined
  }
}

// RFC 6120 §6.3.8: in client streams the authorization identity is a bare JID.
function isAccount(authzid: string, account: BareJid): boolean {
  const jid = tryParseJid(authzid)
  return jid?.isBare === true && jid.equals(account)
}
