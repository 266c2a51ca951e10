/**
 * Logins with tokens (XEP-0484): one round trip, no password kept on the device, revoked at will.
 *
 * @packageDocumentation
 */
export { type ClientAccessDeps, createClientAccess } from './client-access.js'
export { createFast, type Fast, type FastDeps } from './fast.js'
export { type FastCommandsDeps, registerFastCommands } from './fast-commands.js'
export { type FastOptions, fastDefaults } from './fast-options.js'
export { createMemoryFastTokenStore } from './memory-store.js'
export type { ClientNames, FastClient, FastTokenStore, StoredToken, TokenUse } from './ports.js'
export { fastTokenData } from './user-data.js'
