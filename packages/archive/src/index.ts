/**
 * Message archives (XEP-0313): every message stored once before it is delivered, and read page by page.
 *
 * @packageDocumentation
 */

export { isArchivable } from './archivable.js'
export { type Archive, type ArchiveDeps, createArchive } from './archive.js'
export { type ArchiveCommandsDeps, registerArchiveCommands } from './archive-commands.js'
export { type ArchiveOptions, archiveDefaults } from './archive-options.js'
export { ArchiveError } from './errors.js'
export {
  createMemoryArchiveStore,
  type LoggedMessage,
  type MemoryArchiveOptions,
  type MemoryArchiveStore,
  memoryArchiveDefaults,
} from './memory-store.js'
export {
  type ArchiveBounds,
  type ArchiveDirection,
  type ArchivedMessage,
  type ArchiveEntry,
  type ArchiveFilter,
  type ArchiveKind,
  type ArchivePage,
  type ArchivePageRequest,
  type ArchivePreferences,
  type ArchiveRemoval,
  type ArchiveStore,
  type NewArchivedMessage,
  unknownId,
} from './ports.js'
export type { ArchiveContacts, Preferences } from './preferences.js'
export { type ArchivingContext, messageArchived, storeMamMessage } from './tokens.js'
export { archiveData } from './user-data.js'
