/**
 * What is kept for people: exported in the format of XEP-0227, imported again, and erased, for one account or a whole domain.
 *
 * @packageDocumentation
 */
export type { Erased } from './erase-data.js'
export { PersonalDataError } from './errors.js'
export type { ImportOptions, ImportReport } from './import-data.js'
export {
  createPersonalData,
  type PersonalData,
  type PersonalDataDeps,
  type PersonalDataOptions,
  personalDataDefaults,
} from './personal-data.js'
export {
  exportJobOf,
  type PersonalDataCommandsDeps,
  registerPersonalDataCommands,
} from './personal-data-commands.js'
export type { ExportSink, ExportStore, OpenExport } from './ports.js'
