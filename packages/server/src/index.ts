/**
 * `createServer()`: a complete XMPP server, assembled from the blocks.
 *
 * @packageDocumentation
 */
export type { ServerApp } from './app.js'
export { ServerError } from './errors.js'
export { createExportFolder } from './export-folder.js'
export { createServer, type Server } from './server.js'
export {
  type ArchiveSettings,
  checkSections,
  type ExportSettings,
  type HostSections,
  type HostSettings,
  type InboxSettings,
  type ServerDeps,
  type ServerOptions,
  type SharedSections,
  sectionDefaults,
} from './server-options.js'
export type { ServerTenants } from './server-tenants.js'
export { softwareVersion } from './software-version.js'
export { standardModules } from './standard-modules.js'
export type { StorageSettings } from './storage.js'
export type { FileSettings } from './uploads.js'
