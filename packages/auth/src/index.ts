/**
 * Authentication: accounts, and SASL and bind as stream features over credential ports.
 *
 * @packageDocumentation
 */
export { type AccountCommandsDeps, registerAccountCommands } from './account-commands.js'
export {
  type AccountInfo,
  type Accounts,
  type AccountsDeps,
  type AccountsOptions,
  accountsDefaults,
  createAccounts,
} from './accounts.js'
export { type BindFeatureDeps, bindFeature, sessionFeature } from './bind-feature.js'
export { AuthError, type AuthErrorCode } from './errors.js'
export { createExternalAccounts, type ExternalAccountsDeps } from './external-accounts.js'
export type { LoginAttempt, LoginReportDeps } from './login-report.js'
export {
  createLoginThrottle,
  type LoginOutcome,
  type LoginThrottle,
  type LoginThrottleOptions,
  type LoginTry,
  loginThrottleDefaults,
} from './login-throttle.js'
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
} from './ports.js'
export {
  type SaslFeatureDeps,
  type SaslFeatureOptions,
  saslFeature,
  saslFeatureDefaults,
} from './sasl-feature.js'
export {
  accountDisabled,
  checkRegisterUser,
  passwordChanged,
  type Registration,
  registerUser,
  removeUser,
} from './tokens.js'
