import {
  type Awaitable,
  type ChannelBindings,
  failure,
  type SaslCondition,
  type ServerMechanism,
  type ServerStep,
} from './mechanism.js'
import type { ScramHash, ScramVerifier } from './scram-verifier.js'

/** What a server knows of the stream it authenticates. Add members of your own; the collaborators see them. */
export interface SaslConditions {
  /** Whether nobody in between can read the stream: it has TLS, or the operator vouches for the path. */
  readonly confidential: boolean
  /** Channel binding data of the TLS connection; without any no -PLUS mechanism is offered. */
  readonly channelBindings?: ChannelBindings
  /** Usernames the peer has proved to be by other means, such as a certificate; without any no EXTERNAL is offered. */
  readonly externalNames?: readonly string[]
  /** The version of TLS as its library names it, such as `TLSv1.3`. */
  readonly tlsVersion?: string | undefined
}

/**
 * Where the server's mechanisms get their answers. A member that throws or rejects means "cannot say now".
 * Each gets the conditions the exchange was begun with.
 */
export interface SaslServerDeps<C extends SaslConditions = SaslConditions> {
  /** The verifier of an account, `undefined` if it has none of this hash. Without this member no SCRAM. */
  scramVerifier?(username: string, hash: ScramHash, conditions: C): Awaitable<ScramVerifier | undefined>
  /**
   * Whether a password, as the client sent it, is the account's. Without this member no PLAIN. Must take as
   * long for an unknown account as for a wrong password.
   */
  verifyPassword?(username: string, password: string, conditions: C): Awaitable<boolean>
  /** The username a bearer token was issued for, `undefined` if it is not valid. Without this member no OAUTHBEARER. */
  verifyToken?(token: string, conditions: C): Awaitable<string | undefined>
  /** A fresh, unguessable username for ANONYMOUS; 128 random bits in hexadecimal if absent. */
  anonymousName?(conditions: C): string
  /** The canonical form of a username, `undefined` if nobody can have it; SASLprep if absent. */
  prepareUsername?(username: string): string | undefined
  /** Whether an authorization identity means the account itself; equality with the username if absent. */
  isSameAccount?(username: string, authzid: string, conditions: C): boolean
  /** Asked once credentials were proven; a condition, such as `account-disabled`, still refuses the login. */
  admit?(username: string, conditions: C): Awaitable<SaslCondition | undefined>
  /**
   * The verifier to show for an account that does not exist, see {@link createDecoyVerifiers}; made with a random
   * secret of this server if absent. It must differ where usernames of several domains are apart.
   */
  decoyVerifier?(username: string, hash: ScramHash, conditions: C): ScramVerifier
  /** The server's part of a nonce: printable ASCII without comma, at least 128 random bits. */
  nonce?(): string
}

/** The collaborators as one exchange sees them: defaults filled in, conditions known. */
export interface ExchangeDeps {
  /** See {@link SaslServerDeps.scramVerifier}. */
  scramVerifier(username: string, hash: ScramHash): Awaitable<ScramVerifier | undefined>
  /** See {@link SaslServerDeps.verifyPassword}. */
  verifyPassword(username: string, password: string): Awaitable<boolean>
  /** See {@link SaslServerDeps.verifyToken}. */
  verifyToken(token: string): Awaitable<string | undefined>
  /** See {@link SaslServerDeps.anonymousName}. */
  anonymousName(): string
  /** See {@link SaslServerDeps.prepareUsername}. */
  prepareUsername(username: string): string | undefined
  /** See {@link SaslServerDeps.isSameAccount}. */
  isSameAccount(username: string, authzid: string): boolean
  /** See {@link SaslServerDeps.admit}. */
  admit(username: string): Awaitable<SaslCondition | undefined>
  /** See {@link SaslServerDeps.decoyVerifier}. */
  decoyVerifier(username: string, hash: ScramHash): ScramVerifier
  /** See {@link SaslServerDeps.nonce}. */
  nonce(): string
}

/** What one exchange of a mechanism works with. */
export interface ServerExchange {
  /** The server's collaborators. */
  readonly deps: ExchangeDeps
  /** The stream's properties. */
  readonly conditions: SaslConditions
  /** The mechanisms advertised on this stream. */
  readonly offered: readonly string[]
  /** Whether a -PLUS mechanism is among them. */
  readonly plusOffered: boolean
  /** Whether SCRAM signs what was advertised. */
  readonly downgradeProtection: boolean
  /** The most bytes a username may have. */
  readonly maxUsernameBytes: number
}

/** Declares a mechanism to a server. Further mechanisms are added with one of these. */
export interface ServerMechanismDefinition {
  /** The registered name of the mechanism. */
  readonly name: string
  /** Whether it reveals a reusable secret to whoever reads the stream. */
  readonly cleartext: boolean
  /** Whether these collaborators and this stream allow it, confidentiality apart. */
  supported(deps: SaslServerDeps, conditions: SaslConditions): boolean
  /** Begins one exchange. */
  begin(exchange: ServerExchange): ServerMechanism
}

/**
 * Ends an exchange whose credentials were proven: checks the authorization identity and admission. The
 * account of the session is always the proven one (SEC-9).
 */
export async function settle(
  exchange: ServerExchange,
  username: string,
  authzid: string | undefined,
  data?: Uint8Array,
): Promise<ServerStep> {
  const { deps } = exchange
  if (authzid !== undefined && !deps.isSameAccount(username, authzid)) {
    return failure('invalid-authzid', 'the authorization identity is another account', { username })
  }
  const refused = await deps.admit(username)
  if (refused !== undefined) return failure(refused, 'the account is not admitted', { username })
  return {
    kind: 'success',
    username,
    ...(authzid !== undefined && { authzid }),
    ...(data !== undefined && { data }),
  }
}

/** Whether a name as sent is empty or longer than the exchange allows, in bytes. */
export function isUnusableName(exchange: ServerExchange, name: string): boolean {
  return name === '' || Buffer.byteLength(name) > exchange.maxUsernameBytes
}
