/**
 * Reports of spam and abuse (XEP-0377), and a policy that keeps strangers out.
 *
 * @packageDocumentation
 */
export { type BlockStrangers, type BlockStrangersDeps, createBlockStrangers } from './block-strangers.js'
export { type BlockStrangersOptions, blockStrangersDefaults } from './block-strangers-options.js'
export { ReportingError } from './errors.js'
export type { KnownContact, KnownContacts } from './ports.js'
export { type AbuseReport, reportPayload } from './report.js'
export { createReporting, type Reporting, type ReportingDeps } from './reporting.js'
export { type ReportingOptions, reportingDefaults } from './reporting-options.js'
export { abuseReported } from './tokens.js'
