/**
 * Push notifications as a module of a host.
 *
 * @packageDocumentation
 */
import { offerUserData } from '@xmppkit/auth'
import { CommandsService, JobsService } from '@xmppkit/commands/module'
import { IqService } from '@xmppkit/iq/module'
import type { BareJid } from '@xmppkit/jid'
import { ClockService, defineModule, HooksService, LoggerService, maybe, service } from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { createMemoryPushStore } from './memory-store.js'
import type { PushSender, PushStore } from './ports.js'
import { createPush, type Push } from './push.js'
import { registerPushCommands } from './push-commands.js'
import type { PushOptions } from './push-options.js'
import { createPushServiceSender } from './push-service-sender.js'
import { pushData } from './user-data.js'

/** The push notifications of a host. */
export const PushService = service<Push>('push/push', { providedBy: ['push'] })

/** Where registrations are kept. */
export const PushStoreService = service<PushStore>('push/store', { providedBy: ['push-memory'] })

/** Sends notifications through a service of your own; what it does not accept goes to XMPP push services. */
export const PushSenderService = service<PushSender>('push/sender')

// The key of the offline storage's own token, which is of this layer: of what it provides one method is needed.
const WaitingMessagesService = service<{ count(account: BareJid, now: number): Promise<number> }>(
  'offline/store',
)

/** Provides {@link PushStoreService} in memory: registrations end with the host. */
export const memoryPushModule = defineModule({
  name: 'push-memory',
  needs: {},
  provides: PushStoreService,
  start: () => ({ service: createMemoryPushStore() }),
})

/** Provides {@link PushService} and the commands about push notifications. */
export const pushModule = defineModule({
  name: 'push',
  needs: {
    store: PushStoreService,
    sender: maybe(PushSenderService),
    messages: maybe(WaitingMessagesService),
    hooks: HooksService,
    sessions: SessionsService,
    iq: IqService,
    clock: ClockService,
    logger: LoggerService,
    commands: maybe(CommandsService),
    jobs: maybe(JobsService),
  },
  provides: PushService,
  xeps: [{ number: '0357', version: '0.4.1' }],
  start({ sender, messages, commands, jobs, ...deps }, options: PushOptions, scope) {
    const { iq, clock } = deps
    const senders = [...(sender ? [sender] : []), createPushServiceSender({ iq })]
    const waiting = messages && ((account: BareJid) => messages.count(account, clock.now()))
    const push = scope.use(createPush({ ...deps, senders, ...(waiting && { waiting }) }, options))
    scope.use(offerUserData(deps.hooks, pushData(deps.store)))
    if (commands) scope.use(registerPushCommands({ ...deps, commands, push, ...(jobs && { jobs }) }))
    return { service: push }
  },
})
