/**
 * SASL mechanisms as state machines over bytes, both sides: SCRAM-SHA-1, -256, -512, PLAIN, ANONYMOUS.
 *
 * @packageDocumentation
 */
export { anonymousClient, anonymousServer } from './anonymous.js'
export { decodeBase64Strict, encodeBase64, tryDecodeBase64Strict } from './base64.js'
export { constantTimeEqual } from './constant-time-equal.js'
export { createDecoyVerifiers, type DecoyOptions, type DecoyVerifiers } from './decoy-verifiers.js'
export { advertisedHash, tlsVersionNumber } from './downgrade-protection.js'
export { SaslError, type SaslErrorCode } from './errors.js'
export {
  hashedTokenClient,
  hashedTokenName,
  hashedTokenServer,
  type TokenBinding,
  type TokenCandidate,
  type TokenCredentials,
  type TokenSource,
  tokenBindingOf,
  tokenBindingTypes,
} from './hashed-token.js'
export {
  type Awaitable,
  type ChannelBindings,
  type ClientMechanism,
  type FailureDetails,
  failure,
  type SaslChallenge,
  type SaslCondition,
  type SaslFailed,
  type SaslSuccess,
  type ServerMechanism,
  type ServerStep,
} from './mechanism.js'
export { type PreparePassword, passwordPreparation } from './password-preparation.js'
export { maxPasswordBytes, type PlainCredentials, plainClient, plainServer } from './plain.js'
export {
  type ClientMechanismDefinition,
  clientMechanisms,
  createSaslClient,
  type SaslClient,
  type SaslClientDeps,
  type SaslClientOptions,
  saslClientDefaults,
} from './sasl-client.js'
export {
  createSaslServer,
  type SaslServer,
  type SaslServerOptions,
  saslServerDefaults,
  serverMechanisms,
} from './sasl-server.js'
export { type SaslPrepOptions, saslPrep } from './saslprep.js'
export { type ScramClientSetup, scramClient } from './scram-client.js'
export {
  createScramHasher,
  type DeriveParameters,
  type HashingWait,
  minScramIterations,
  type ScramHasher,
  type ScramHasherOptions,
  scramHasherDefaults,
} from './scram-hasher.js'
export { scramServer } from './scram-server.js'
export { type ScramHash, type ScramVerifier, scramHashes, scramVerifierOf } from './scram-verifier.js'
export {
  type ExchangeDeps,
  type SaslConditions,
  type SaslServerDeps,
  type ServerExchange,
  type ServerMechanismDefinition,
  settle,
} from './server-exchange.js'
