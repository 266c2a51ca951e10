/**
 * Service discovery (XEP-0030), its extensions (XEP-0128) and entity capabilities (XEP-0115).
 *
 * @packageDocumentation
 */
export {
  type CapsCache,
  type CapsCacheDeps,
  type CapsCacheOptions,
  capsCacheDefaults,
  createCapsCache,
} from './caps-cache.js'
export { capsFeature } from './caps-feature.js'
export { createDisco, type Disco, type DiscoDeps, type DiscoOptions, discoDefaults } from './disco.js'
export type { DiscoRequest } from './disco-request.js'
export { type EntityCaps, entityCaps } from './entity-caps.js'
export {
  type DiscoIdentity,
  type DiscoInfo,
  type DiscoItem,
  discoInfoGet,
  discoItemsGet,
} from './payloads.js'
export { queryDiscoInfo } from './query.js'
export type { DiscoExtension, DiscoPlace, DiscoSource, DiscoSourceHandle } from './registry.js'
export { accountVisible, discoInfo, discoItems } from './tokens.js'
export { capsHash, isKnownHash, verificationString } from './verification-string.js'
export { isWellFormed } from './well-formed.js'
