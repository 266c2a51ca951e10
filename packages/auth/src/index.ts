/**
 * Authentication: accounts, and SASL and bind as stream features over credential ports.
 *
 * @packageDocumentation
 */

export { type AccountCommandsDeps, registerAccountCommands } from './account-commands.js'
export { type AccountDataPartDeps, accountData } from './account-data.js'
export {
  type AccountInfo,
  type Accounts,
  type AccountsDeps,
  createAccounts,
} from './accounts.js'
export { type AccountsOptions, accountsDefaults } from './accounts-options.js'
export { type BindFeatureDeps, bindFeature, sessionFeature } from './bind-feature.js'
export {
  type Bind2,
  type Bind2Context,
  type Bind2Deps,
  type Bind2Feature,
  type Bind2Session,
  createBind2,
} from './bind2.js'
export { channelBindingFeature } from './channel-binding-feature.js'
export { AuthError, type AuthErrorCode } from './errors.js'
export {
  createExternalAccounts,
  type ExternalAccountsDeps,
  type ExternalAccountsHost,
  type ExternalAccountsOptions,
  externalAccountsDefaults,
} from './external-accounts.js'
export {
  createFeatureRegistry,
  type FeatureList,
  type FeatureRegistry,
  type InlineAnswer,
  type InlineContext,
  type InlineFeature,
  inlineSeq,
  type LoginRequest,
} from './inline-features.js'
export type { LoginConditions } from './login-credentials.js'
export type { LoginAttempt, LoginReportDeps } from './login-report.js'
export type { LoginTask, TaskIo } from './login-tasks.js'
export {
  createLoginThrottle,
  type LoginOutcome,
  type LoginThrottle,
  type LoginThrottleOptions,
  type LoginTry,
  loginThrottleDefaults,
} from './login-throttle.js'
export {
  createLogins,
  type Logins,
  type OwnMechanism,
  type SaslFeatureDeps,
  type SaslFeatureOptions,
  saslFeatureDefaults,
} from './logins.js'
export { createMemoryAccountStore } from './memory-store.js'
export type {
  AccountPage,
  AccountStore,
  CredentialSources,
  CredentialWait,
  HostedDomains,
  PasswordVerifier,
  ScramStore,
  StoredAccount,
  StoredCredentials,
  TokenVerifier,
} from './ports.js'
export { createRevocations, type Revocations } from './revocations.js'
export type { ExchangeResult } from './sasl-exchange.js'
export { saslFeature } from './sasl-feature.js'
export { type Sasl2FeatureDeps, sasl2Feature } from './sasl2-feature.js'
export {
  accountDisabled,
  checkRegisterUser,
  passwordChanged,
  type Registration,
  registerUser,
  removeUser,
} from './tokens.js'
export type { UserAgent } from './user-agent.js'
export {
  accountsAmong,
  offerUserData,
  type UserDataName,
  type UserDataPage,
  type UserDataPart,
  type UserDataPiece,
  type UserDataReading,
  userData,
} from './user-data.js'
