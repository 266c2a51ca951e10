/**
 * Keeps uploaded files in a folder or in an S3-compatible object store.
 *
 * @packageDocumentation
 */
export { FileStorageError, type FileStorageErrorCode } from './errors.js'
export { createFolderFiles, type FolderFilesOptions } from './folder-files.js'
export { createS3Files, type S3FilesOptions, s3FilesDefaults } from './s3-files.js'
