import { event } from '@xmppkit/hooks'
import type { TenantSettings } from './ports.js'

/** A domain has other settings of its own than before; none if it was removed. They are stored and in force. */
export const tenantChanged = event<{
  /** The domain. */
  readonly domain: string
  /** What it has of its own now. */
  readonly settings: TenantSettings
}>('tenants/changed')
