import { anonymousClient } from './anonymous.js'
import type { ChannelBindings, ClientMechanism } from './mechanism.js'
import { createMechanismRegistry, selectMechanisms } from './mechanism-registry.js'
import { type PreparePassword, passwordPreparation } from './password-preparation.js'
import { plainClient } from './plain.js'
import { saslPrep } from './saslprep.js'
import { scramClient } from './scram-client.js'
import { createScramHasher, type ScramHasher } from './scram-hasher.js'
import type { ScramHash } from './scram-verifier.js'

/** What the client side works with. */
export interface SaslClientDeps {
  /** The account; absent for ANONYMOUS. */
  readonly username?: string
  /** The password as typed. */
  readonly password?: string
  /** The identity to act as, if not the account's own. */
  readonly authzid?: string
  /** Channel binding data of the TLS connection; enables the -PLUS mechanisms. */
  readonly channelBindings?: ChannelBindings
  /** Prepares the password for SCRAM; SASLprep if absent. */
  readonly preparePassword?: PreparePassword
  /** Computes salted passwords; one with default limits if absent. */
  readonly hasher?: Pick<ScramHasher, 'saltedPassword'>
  /** The client's part of a nonce; random if absent. */
  nonce?(): string
  /** Aborts the exchange while it waits for its computation. */
  readonly signal?: AbortSignal
  /** Mechanisms of your own. */
  readonly definitions?: readonly ClientMechanismDefinition[]
}

/** Declares a mechanism to a client. */
export interface ClientMechanismDefinition {
  /** The registered name of the mechanism. */
  readonly name: string
  /** Whether it reveals a reusable secret to whoever reads the stream. */
  readonly cleartext: boolean
  /** Whether the client has what the mechanism needs. */
  supported(deps: SaslClientDeps): boolean
  /** Begins one exchange. */
  begin(deps: SaslClientDeps & { readonly hasher: Pick<ScramHasher, 'saltedPassword'> }): ClientMechanism
}

/** Options of {@link createSaslClient}. */
export interface SaslClientOptions {
  /**
   * The mechanisms the client is willing to use, most wanted first.
   * @default the -PLUS variants, SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1, PLAIN
   */
  readonly mechanisms?: readonly string[]
  /**
   * Use mechanisms that reveal the password to whoever reads the stream. Set it where the stream has TLS.
   * @default false
   */
  readonly allowCleartext?: boolean
}

const scram = (hash: ScramHash, plus: boolean): ClientMechanismDefinition => ({
  name: `SCRAM-${hash}${plus ? '-PLUS' : ''}`,
  cleartext: false,
  supported: ({ username, password, channelBindings }) =>
    username !== undefined && password !== undefined && (!plus || (channelBindings?.size ?? 0) > 0),
  begin: (deps) => {
    const { authzid, channelBindings, signal } = deps
    const [bindingType] = channelBindings?.keys() ?? []
    const prepare = deps.preparePassword ?? passwordPreparation()
    return scramClient(hash, {
      username: saslPrep(deps.username ?? '', { allowUnassigned: true }),
      password: prepare(deps.password ?? ''),
      hasher: deps.hasher,
      ...(authzid !== undefined && { authzid }),
      ...(channelBindings !== undefined && { channelBindings }),
      ...(plus && bindingType !== undefined && { bindingType }),
      ...(signal !== undefined && { signal }),
      ...(deps.nonce !== undefined && { nonce: deps.nonce.bind(deps) }),
    })
  },
})

const plain: ClientMechanismDefinition = {
  name: 'PLAIN',
  cleartext: true,
  supported: ({ username, password }) => username !== undefined && password !== undefined,
  begin: ({ username = '', password = '', authzid }) =>
    plainClient({ username, password, ...(authzid !== undefined && { authzid }) }),
}

const anonymous: ClientMechanismDefinition = {
  name: 'ANONYMOUS',
  cleartext: false,
  supported: () => true,
  begin: () => anonymousClient(),
}

/** The mechanisms this package brings for clients. */
export const clientMechanisms: readonly ClientMechanismDefinition[] = Object.freeze([
  scram('SHA-512', true),
  scram('SHA-256', true),
  scram('SHA-1', true),
  scram('SHA-512', false),
  scram('SHA-256', false),
  scram('SHA-1', false),
  plain,
  anonymous,
])

/** The defaults of {@link createSaslClient}. */
export const saslClientDefaults: Required<SaslClientOptions> = Object.freeze({
  mechanisms: Object.freeze(clientMechanisms.map(({ name }) => name).filter((name) => name !== 'ANONYMOUS')),
  allowCleartext: false,
})

/** A client's mechanisms. */
export interface SaslClient {
  /** The most wanted of the mechanisms a server offers; `undefined` if none will do. */
  choose(offered: readonly string[]): string | undefined
  /** Begins an exchange; `undefined` for a mechanism the client does not have or will not use. */
  begin(name: string): ClientMechanism | undefined
}

/**
 * Creates the client side of SASL for one set of credentials.
 *
 * @throws SaslError `sasl/unknown-mechanism` if the options name a mechanism nobody declares
 * @example
 * ```ts
 * const sasl = createSaslClient({ username: 'juliet', password: 'r0m30myr0m30' })
 * const name = sasl.choose(['SCRAM-SHA-1', 'PLAIN']) // 'SCRAM-SHA-1'
 * const exchange = sasl.begin(name)
 * const initial = await exchange.start()
 * ```
 */
export function createSaslClient(deps: SaslClientDeps, options: SaslClientOptions = {}): SaslClient {
  const settings = Object.freeze({ ...saslClientDefaults, ...options })
  const known = [...(deps.definitions ?? []), ...clientMechanisms]
  const usable = selectMechanisms(settings.mechanisms, known).filter(
    (definition) => definition.supported(deps) && (settings.allowCleartext || !definition.cleartext),
  )
  const registry = createMechanismRegistry(usable)
  const resolved = { ...deps, hasher: deps.hasher ?? createScramHasher() }
  return {
    choose: (offered) => usable.find(({ name }) => offered.includes(name))?.name,
    begin: (name) => registry.create(name, (definition) => definition.begin(resolved)),
  }
}
