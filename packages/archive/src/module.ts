/**
 * Message archives as a module of a host.
 *
 * @packageDocumentation
 */
import { offerUserData } from '@xmppkit/auth'
import { C2sService } from '@xmppkit/c2s/module'
import { CommandsService, JobsService } from '@xmppkit/commands/module'
import { DiscoService } from '@xmppkit/disco/module'
import { IqService } from '@xmppkit/iq/module'
import type { BareJid } from '@xmppkit/jid'
import {
  ClockService,
  DomainLimitsService,
  DomainsService,
  defineModule,
  HooksService,
  IdsService,
  LoggerService,
  maybe,
  service,
} from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { type Archive, createArchive } from './archive.js'
import { registerArchiveCommands } from './archive-commands.js'
import type { ArchiveOptions } from './archive-options.js'
import { createMemoryArchiveStore, type MemoryArchiveOptions } from './memory-store.js'
import type { ArchiveStore } from './ports.js'
import { archiveData } from './user-data.js'

/** The archives of a host. */
export const ArchiveService = service<Archive>('archive/archive', { providedBy: ['archive'] })

/** Where archives are kept. */
export const ArchiveStoreService = service<ArchiveStore>('archive/store', { providedBy: ['archive-memory'] })

// The key of the token of rosters, which are of this layer: what provides those provides this.
const ContactListsService = service<{
  items(account: BareJid): Promise<readonly { readonly jid: BareJid; readonly listed: boolean }[]>
}>('roster/roster', { providedBy: ['roster'] })

/** Provides {@link ArchiveStoreService} in memory: archives end with the host. */
export const memoryArchiveModule = defineModule({
  name: 'archive-memory',
  needs: {},
  provides: ArchiveStoreService,
  start: (_deps, options: MemoryArchiveOptions) => ({ service: createMemoryArchiveStore(options) }),
})

/** Provides {@link ArchiveService}, answers queries, and registers the commands about archives. */
export const archiveModule = defineModule({
  name: 'archive',
  needs: {
    store: ArchiveStoreService,
    hooks: HooksService,
    sessions: SessionsService,
    iq: IqService,
    disco: DiscoService,
    ids: IdsService,
    clock: ClockService,
    logger: LoggerService,
    domains: DomainsService,
    c2s: maybe(C2sService),
    rosters: maybe(ContactListsService),
    commands: maybe(CommandsService),
    jobs: maybe(JobsService),
    limits: maybe(DomainLimitsService),
  },
  provides: ArchiveService,
  xeps: [
    { number: '0313', version: '1.1.3', note: 'archives of users' },
    { number: '0059', version: '1.0' },
    { number: '0359', version: '0.7.0' },
    { number: '0441', version: '0.2.0' },
    { number: '0334', version: '1.0.0', note: 'storage hints' },
    { number: '0424', version: '0.4.2', note: 'with tombstones' },
    { number: '0431', version: '0.2.0', note: 'where the store searches' },
  ],
  start({ domains, c2s, rosters, commands, jobs, limits, ...deps }, options: ArchiveOptions, scope) {
    const isContact = async (account: BareJid, contact: BareJid) =>
      (await rosters?.items(account))?.some((item) => item.listed && item.jid.equals(contact)) === true
    const archive = createArchive(
      {
        ...deps,
        domains: () => domains.list(),
        isLocal: (domain) => domains.has(domain),
        ...(c2s && { bind2: c2s.bind2 }),
        ...(rosters && { contacts: { isContact } }),
        ...(limits && { limitOf: (domain, limit) => limits.limit(domain, `archive/${limit}`) }),
      },
      options,
    )
    scope.use(archive)
    scope.use(offerUserData(deps.hooks, archiveData(deps.store, archive.preferences)))
    if (commands) scope.use(registerArchiveCommands({ ...deps, commands, ...(jobs && { jobs }) }))
    return { service: archive }
  },
})
