/** The failure conditions of RFC 6120 §6.5. */
export type SaslCondition =
  | 'aborted'
  | 'account-disabled'
  | 'credentials-expired'
  | 'encryption-required'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'mechanism-too-weak'
  | 'not-authorized'
  | 'temporary-auth-failure'

/** A value, or a promise of one where somebody has to wait. */
export type Awaitable<T> = T | Promise<T>

/** The server wants another message from the client. */
export interface SaslChallenge {
  /** Tells the steps apart. */
  readonly kind: 'challenge'
  /** The message for the client; often empty. */
  readonly data: Uint8Array
}

/** The client proved who it is. */
export interface SaslSuccess {
  /** Tells the steps apart. */
  readonly kind: 'success'
  /** The account whose credentials were proven, prepared. The session belongs to it and to nobody else. */
  readonly username: string
  /** The identity asked for, if one was; already checked to mean the same account. */
  readonly authzid?: string
  /** Additional data for the client, such as SCRAM's server signature; must be sent with the success. */
  readonly data?: Uint8Array
}

/** The exchange is over without success. */
export interface SaslFailed {
  /** Tells the steps apart. */
  readonly kind: 'failure'
  /** What to tell the client. */
  readonly condition: SaslCondition
  /** One sentence for the log. Never send it: it may tell apart what the condition hides. */
  readonly reason: string
  /** The error of a credential source that could not answer. */
  readonly cause?: unknown
  /** The account that was tried, as far as it is known; nothing is proven. For logs and throttling. */
  readonly username?: string
}

/** What a server mechanism answers to a message. */
export type ServerStep = SaslChallenge | SaslSuccess | SaslFailed

/** One exchange, seen from the server. Call it in order, one message at a time; not reusable. */
export interface ServerMechanism {
  /** The registered name of the mechanism. */
  readonly name: string
  /**
   * Begins the exchange.
   * @param initial the initial response; `undefined` if the client sent none, which differs from an empty one
   */
  start(initial: Uint8Array | undefined): Awaitable<ServerStep>
  /** Answers the client's next message. */
  next(response: Uint8Array): Awaitable<ServerStep>
}

/** One exchange, seen from the client. Not reusable. */
export interface ClientMechanism {
  /** The registered name of the mechanism. */
  readonly name: string
  /** The initial response, or `undefined` if the mechanism has none. */
  start(): Awaitable<Uint8Array | undefined>
  /**
   * The answer to a challenge.
   * @throws SaslError `sasl/bad-challenge` if the server's message is malformed or asks for too much
   */
  next(challenge: Uint8Array): Awaitable<Uint8Array>
  /**
   * Call when the server reports success, with the data that came with it.
   * @throws SaslError `sasl/server-not-verified` if the server has not proven that it knows the credentials
   */
  finish(data?: Uint8Array): void
}

/** Channel binding data of a stream by type name, such as `tls-exporter` (RFC 9266). */
export type ChannelBindings = ReadonlyMap<string, Uint8Array>

/** What a failure step may say beside its condition and reason. */
export interface FailureDetails {
  /** The error of a credential source that could not answer. */
  readonly cause?: unknown
  /** The account that was tried. */
  readonly username?: string
}

/** Makes a failure step. */
export function failure(condition: SaslCondition, reason: string, details: FailureDetails = {}): SaslFailed {
  return { kind: 'failure', condition, reason, ...details }
}
