/** Settings of `createRegistration`. */
export interface RegistrationOptions {
  /**
   * Whether strangers may create accounts in band. Open registration attracts spammers within days;
   * switch it on for closed networks and for trying things out.
   *
   * @default false
   */
  readonly allowRegistration?: boolean
  /**
   * Whether people may change their password in band.
   *
   * @default true
   */
  readonly allowPasswordChange?: boolean
  /**
   * Whether people may delete their account in band.
   *
   * @default true
   */
  readonly allowRemoval?: boolean
  /**
   * Whether passwords may be sent over connections without TLS, where anybody on the way can read them, to
   * register or to change them. For trying things out on one machine only.
   *
   * @default false
   */
  readonly allowInsecure?: boolean
  /**
   * Registrations one network address may try within `registrationWindowMs`, successful or not: a name that
   * is taken tells that the account exists. IPv6 addresses count by their /64 network.
   *
   * @default 10
   */
  readonly maxRegistrationsPerAddress?: number
  /**
   * Length of the window in which registrations are counted, in milliseconds.
   *
   * @default 3_600_000
   */
  readonly registrationWindowMs?: number
  /**
   * Names nobody may register, as prepared localparts: those that people would take for the operator.
   *
   * @default admin, administrator, hostmaster, postmaster, root, security, support, webmaster, xmpp
   */
  readonly reservedUsernames?: readonly string[]
  /**
   * Text shown above the form.
   *
   * @default 'Choose a username and password to register.'
   */
  readonly instructions?: string
}

/** Defaults of {@link RegistrationOptions}. */
export const registrationDefaults: Readonly<Required<RegistrationOptions>> = Object.freeze({
  allowRegistration: false,
  allowPasswordChange: true,
  allowRemoval: true,
  allowInsecure: false,
  maxRegistrationsPerAddress: 10,
  registrationWindowMs: 3_600_000,
  reservedUsernames: Object.freeze([
    'admin',
    'administrator',
    'hostmaster',
    'postmaster',
    'root',
    'security',
    'support',
    'webmaster',
    'xmpp',
  ]),
  instructions: 'Choose a username and password to register.',
})
