/**
 * Access control lists, ordered access rules and shapers as plain data, with explanations; and the counters that limit
 * attempts, connections and rates.
 *
 * @packageDocumentation
 */
export {
  type Access,
  type AccessExplanation,
  createAccess,
  type ShaperOutcome,
} from './access.js'
export {
  type AddressGate,
  type AddressLimits,
  addressLimitDefaults,
  createAddressGate,
} from './address-gate.js'
export type {
  AccessConfig,
  AccessRuleEntry,
  AccessSubject,
  Conditions,
  OneOrMore,
  ShaperDefinition,
  ShaperRuleEntry,
  Who,
} from './config.js'
export { accessConfigSchema } from './config-schema.js'
export { AccessError, type AccessErrorCode } from './errors.js'
export { addressKey, type Network, parseNetwork } from './networks.js'
export { compileGlob, compileRegexp, type Matcher, maxPatternStates } from './pattern.js'
export {
  createRateTable,
  type RateHit,
  type RateTable,
  type RateTableOptions,
  rateTableDefaults,
} from './rate-table.js'
export { createShaper, type Shaper } from './shaper.js'
export { createSlotTable, type SlotTable, type SlotTableOptions, slotTableDefaults } from './slot-table.js'
export { createTokenBucket, type TokenBucket, type TokenBucketOptions } from './token-bucket.js'
