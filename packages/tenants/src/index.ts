/**
 * Domains that come and go at run time, kept over restarts, each with limits and a face of its own.
 *
 * @packageDocumentation
 */
export { type BrandTenantsDeps, brandTenants } from './branding.js'
export { TenantError } from './errors.js'
export { createMemoryTenantStore } from './memory-store.js'
export type {
  StoredTenant,
  TenantBranding,
  TenantLimits,
  TenantPage,
  TenantSettings,
  TenantStore,
} from './ports.js'
export { type PaceTenantsDeps, paceTenants } from './stanza-rate.js'
export { registerTenantCommands, type TenantCommandsDeps, type TenantDirectory } from './tenant-commands.js'
export { createTenants, type TenantHost, type Tenants, type TenantsDeps } from './tenants.js'
export { tenantChanged } from './tokens.js'
