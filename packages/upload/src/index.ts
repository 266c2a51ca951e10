/**
 * Slots for files that clients send each other by HTTP (XEP-0363): who may upload what, how much, and for how long it is kept.
 *
 * @packageDocumentation
 */
export { UploadError, type UploadErrorCode } from './errors.js'
export { createMemoryFiles, type MemoryFilesOptions, memoryFilesDefaults } from './memory-files.js'
export type { FileContent, FileRange, FileStore, NewFile } from './ports.js'
export type { Slot, SlotWish } from './slot-requests.js'
export type { StoredFile } from './slots.js'
export { type SlotRequest, uploadSlotRequest } from './tokens.js'
export {
  createUpload,
  type FileAddress,
  type Upload,
  type UploadDeps,
  type UploadedFile,
} from './upload.js'
export { registerUploadCommands, type UploadCommandsDeps } from './upload-commands.js'
export { type UploadOptions, type UploadPurpose, uploadDefaults } from './upload-options.js'
