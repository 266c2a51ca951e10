/**
 * Private XML storage (XEP-0049): whatever a client wants to find again on its account's other devices.
 *
 * @packageDocumentation
 */

export { type PrivateCommandsDeps, registerPrivateCommands } from './private-commands.js'
export { type PrivateOptions, privateDefaults } from './private-options.js'
export { createPrivateStorage, type PrivateStorage, type PrivateStorageDeps } from './private-storage.js'
export { privateData } from './user-data.js'
