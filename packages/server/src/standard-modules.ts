import { ArchiveStoreService, archiveModule } from '@xmppkit/archive/module'
import { authModule } from '@xmppkit/auth/module'
import {
  contactAddressesModule,
  entityTimeModule,
  lastActivityModule,
  pingModule,
  versionModule,
} from '@xmppkit/basics/module'
import { blockingModule } from '@xmppkit/blocking/module'
import { c2sModule, localRouteModule } from '@xmppkit/c2s/module'
import { carbonsModule } from '@xmppkit/carbons/module'
import { clientStateModule } from '@xmppkit/client-state/module'
import { commandsModule, jobsModule } from '@xmppkit/commands/module'
import { capsCacheModule, discoModule } from '@xmppkit/disco/module'
import { fastModule } from '@xmppkit/fast/module'
import { inProcessModule } from '@xmppkit/in-process/module'
import { InboxStoreService, inboxModule } from '@xmppkit/inbox/module'
import { iqModule } from '@xmppkit/iq/module'
import { ldapModule } from '@xmppkit/ldap/module'
import { type ModuleUse, use } from '@xmppkit/module'
import { offlineModule } from '@xmppkit/offline/module'
import { outboxModule } from '@xmppkit/outbox/module'
import { personalDataModule } from '@xmppkit/personal-data/module'
import { privateModule } from '@xmppkit/private/module'
import { pushModule } from '@xmppkit/push/module'
import { registrationModule } from '@xmppkit/registration/module'
import { reportingModule } from '@xmppkit/reporting/module'
import { rosterModule } from '@xmppkit/roster/module'
import { sessionsModule } from '@xmppkit/sessions/module'
import { streamManagementModule } from '@xmppkit/stream-management/module'
import { tenantRulesModule, tenantsModule } from '@xmppkit/tenants/module'
import { uploadModule } from '@xmppkit/upload/module'
import { vcardModule } from '@xmppkit/vcard/module'
import { ServerError } from './errors.js'
import { archiveEnabledDefault, type HostSettings, inboxEnabledDefault } from './server-options.js'
import { softwareVersion } from './software-version.js'

/**
 * The modules of a complete server, in the order of their layers. This list is the recipe: take it apart,
 * leave modules out or add your own, and give the result to `createHost`.
 */
export function standardModules(settings: HostSettings): ModuleUse[] {
  return [
    // How they meet.
    use(commandsModule),
    use(jobsModule),
    use(tenantsModule),
    use(iqModule, settings.iq ?? {}),
    ...(settings.ldap ? [use(ldapModule, settings.ldap)] : []),
    use(authModule, settings.accounts ?? {}),
    use(sessionsModule, settings.sessions ?? {}),
    use(localRouteModule),
    use(discoModule, settings.disco ?? {}),
    use(capsCacheModule),
    use(c2sModule, { ...settings.c2s, ...(settings.sasl && { sasl: settings.sasl }) }),
    // What they do.
    use(rosterModule, settings.roster ?? {}),
    ...archives(settings),
    ...inboxes(settings),
    use(offlineModule, settings.offline ?? {}),
    use(vcardModule, settings.vcard ?? {}),
    use(privateModule, settings.private ?? {}),
    use(uploadModule, settings.upload ?? {}),
    use(pushModule, settings.push ?? {}),
    use(blockingModule, settings.blocking ?? {}),
    use(reportingModule, settings.reporting ?? {}),
    use(carbonsModule, settings.carbons ?? {}),
    use(clientStateModule, settings.clientState ?? {}),
    use(fastModule, settings.fast ?? {}),
    use(registrationModule, settings.registration ?? {}),
    use(pingModule, {}),
    use(versionModule, { version: softwareVersion, ...settings.version }),
    use(entityTimeModule, {}),
    use(lastActivityModule, {}),
    use(contactAddressesModule, { addresses: settings.contact ?? {} }),
    use(outboxModule, settings.outbox ?? {}),
    // Bots end before what their messages find another way by.
    use(inProcessModule, settings.inProcess ?? {}),
    use(tenantRulesModule),
    use(personalDataModule, settings.personalData ?? {}),
    // Ends before what takes over the messages of its sessions.
    use(streamManagementModule, settings.streamManagement ?? {}),
    ...(settings.modules ?? []),
  ]
}

function archives({ archive = {} }: HostSettings): ModuleUse[] {
  const { enabled = archiveEnabledDefault, ...options } = archive
  return enabled ? [use(archiveModule, options)] : []
}

function inboxes(settings: HostSettings): ModuleUse[] {
  const { enabled: _enabled, ...options } = settings.inbox ?? {}
  return hasInbox(settings) ? [use(inboxModule, options)] : []
}

/**
 * Whether a host has inboxes. They are looked up where its archives are: beside archives of the embedder's own, those of the
 * server's storage would always be empty.
 *
 * @throws ServerError `server/options` when such inboxes are asked for
 */
function hasInbox({ archive = {}, inbox = {}, services = [] }: HostSettings): boolean {
  if (!(archive.enabled ?? archiveEnabledDefault)) return false
  const brings = ({ key }: { readonly key: string }) => services.some(({ service }) => service.key === key)
  const isApart = brings(ArchiveStoreService) && !brings(InboxStoreService)
  if (isApart && inbox.enabled === true) {
    throw new ServerError(
      'server/options',
      'an inbox over archives of your own needs an InboxStore of your own',
    )
  }
  return inbox.enabled ?? (inboxEnabledDefault && !isApart)
}
