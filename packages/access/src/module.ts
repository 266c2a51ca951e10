/**
 * Access rules as a service of a host.
 *
 * @packageDocumentation
 */
import { defineModule, service } from '@xmppkit/module'
import { type Access, createAccess } from './access.js'
import type { AccessConfig } from './config.js'
import { accessConfigSchema } from './config-schema.js'

/** Who may do what, and how fast. */
export const AccessService = service<Access>('access/access', { providedBy: ['access'] })

/** Provides {@link AccessService} from a configuration; reloading replaces the rules at once, for everybody who holds the service. */
export const accessModule = defineModule({
  name: 'access',
  needs: {},
  provides: AccessService,
  options: accessConfigSchema,
  start(_deps, config: AccessConfig) {
    const access = createAccess(config)
    return { service: access, reload: (next: AccessConfig) => access.update(next) }
  },
})
