/**
 * The client session, still without sockets: stream, authentication, binding, addressing rules, outbox.
 *
 * @packageDocumentation
 */

export { type AccountData, type AccountDataDeps, createAccountData } from './account-data.js'
export { type C2s, type C2sDeps, type C2sFeatures, createC2s } from './c2s.js'
export { type C2sOptions, c2sDefaults } from './c2s-options.js'
export {
  type C2sPort,
  type C2sPortDeps,
  type C2sPortOptions,
  c2sPortDefaults,
  createC2sPort,
} from './c2s-port.js'
export { C2sError, type C2sErrorCode } from './errors.js'
export { type KeptSession, type KeptStanza, keptMessage, type SessionKeeper } from './keeping.js'
export {
  createLocalSession,
  type LocalSession,
  type LocalSessionDeps,
  type LocalSessionSetup,
} from './local-session.js'
export { type RouteStoredDeps, routeStored } from './route-stored.js'
export type { C2sSession } from './session.js'
export { registerSessionCommands, type SessionCommandsDeps } from './session-commands.js'
export {
  c2sAuthResult,
  delivered,
  directedPresence,
  forbiddenSession,
  messageHeld,
  type SessionContext,
  selfPresence,
  sessionPending,
  sessionResumed,
  syncsFromArchive,
  userReceivePacket,
  userReceiveSeq,
  userSendPacket,
  userSendSeq,
} from './tokens.js'
