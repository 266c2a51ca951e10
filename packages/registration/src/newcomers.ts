import { addressKey, createRateTable } from '@xmppkit/access'
import type { Accounts } from '@xmppkit/auth'
import type { Clock, Logger } from '@xmppkit/runtime'
import { StanzaError } from '@xmppkit/stanza'
import { accountNamed, refuse } from './answers.js'
import type { RegisterPayload } from './register-payload.js'
import type { RegistrationOptions } from './registration-options.js'

/** Registers an account for a newcomer. */
export type RegisterNewcomer = (
  domain: string,
  request: RegisterPayload,
  remoteAddress: string,
) => Promise<void>

/** What registering newcomers needs. */
export interface NewcomersDeps {
  /** Where accounts are created. */
  readonly accounts: Pick<Accounts, 'register'>
  /** Counts registrations. */
  readonly clock: Pick<Clock, 'monotonic'>
  /** Told of them. */
  readonly logger: Pick<Logger, 'info'>
}

/** Settings of {@link createNewcomers}. */
export type NewcomersOptions = Pick<
  Required<RegistrationOptions>,
  'maxRegistrationsPerAddress' | 'registrationWindowMs' | 'reservedUsernames'
>

/** Makes what registers newcomers: complete, not too many from one address, and under no name of the operator. */
export function createNewcomers(deps: NewcomersDeps, options: NewcomersOptions): RegisterNewcomer {
  const reserved = new Set(options.reservedUsernames)
  const rate = createRateTable(deps, {
    limit: options.maxRegistrationsPerAddress,
    windowMs: options.registrationWindowMs,
  })
  return async (domain, { username, password }, remoteAddress) => {
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
    await deps.accounts.register(account, password, { remoteAddress }).catch(refuse)
    deps.logger.info('account registered in band', { account: account.toString(), remoteAddress })
  }
}
