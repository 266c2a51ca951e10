/**
 * Inboxes as a module of a host.
 *
 * @packageDocumentation
 */
import { offerUserData } from '@xmppkit/auth'
import { CommandsService } from '@xmppkit/commands/module'
import { DiscoService } from '@xmppkit/disco/module'
import { IqService } from '@xmppkit/iq/module'
import { ClockService, defineModule, HooksService, LoggerService, maybe, service } from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { InboxError } from './errors.js'
import { createInbox, type Inbox } from './inbox.js'
import { registerInboxCommands } from './inbox-commands.js'
import type { InboxOptions } from './inbox-options.js'
import { createMemoryInboxStore, type InboxLog, type MemoryInboxOptions } from './memory-store.js'
import type { InboxStore } from './ports.js'

/** The inboxes of a host. */
export const InboxService = service<Inbox>('inbox/inbox', { providedBy: ['inbox'] })

/** Where read markers are kept, and conversations are looked up. */
export const InboxStoreService = service<InboxStore>('inbox/store', { providedBy: ['inbox-memory'] })

// The keys of the archive's own tokens, which is of this layer: what is not archived is in no inbox.
const ArchivesService = service<unknown>('archive/archive', { providedBy: ['archive'] })
const ArchiveLogService = service<Partial<InboxLog>>('archive/store', { providedBy: ['archive-memory'] })

/** Provides {@link InboxStoreService} over an archive in memory: read markers end with the host. */
export const memoryInboxModule = defineModule({
  name: 'inbox-memory',
  needs: { log: ArchiveLogService },
  provides: InboxStoreService,
  start({ log }, options: MemoryInboxOptions) {
    if (!isLog(log)) {
      throw new InboxError('inbox/no-log', 'archives are not kept in memory: bring an InboxStore beside them')
    }
    return { service: createMemoryInboxStore({ log }, options) }
  },
})

function isLog(log: Partial<InboxLog>): log is InboxLog {
  return typeof log.messages === 'function'
}

/** Provides {@link InboxService}, answers requests, and registers the commands about inboxes. */
export const inboxModule = defineModule({
  name: 'inbox',
  needs: {
    store: InboxStoreService,
    archive: ArchivesService,
    hooks: HooksService,
    sessions: SessionsService,
    iq: IqService,
    disco: DiscoService,
    clock: ClockService,
    logger: LoggerService,
    commands: maybe(CommandsService),
  },
  provides: InboxService,
  xeps: [
    { number: '0430', version: '0.2.0', status: 'partial', note: 'conversations between two, not rooms' },
    { number: '0333', version: '1.0.0', note: 'markers say what was read' },
  ],
  start({ archive: _archive, commands, ...deps }, options: InboxOptions, scope) {
    const inbox = scope.use(createInbox(deps, options))
    const { hooks, store } = deps
    scope.use(offerUserData(hooks, { name: 'inbox', remove: (account) => store.remove(account) }))
    if (commands) scope.use(registerInboxCommands({ commands, inbox }))
    return { service: inbox }
  },
})
