/**
 * Events out, as a module of a host.
 *
 * @packageDocumentation
 */
import { CommandsService } from '@xmppkit/commands/module'
import {
  ClockService,
  defineModule,
  HooksService,
  IdsService,
  LoggerService,
  maybe,
  service,
} from '@xmppkit/module'
import type { OutboxTarget } from './event-sink.js'
import { createMemoryOutboxStore } from './memory-store.js'
import { createOutbox, type Outbox } from './outbox.js'
import { registerOutboxCommands } from './outbox-commands.js'
import type { OutboxOptions } from './outbox-options.js'
import type { OutboxStore } from './ports.js'
import { createWebhookSink, type WebhookOptions } from './webhook-sink.js'

/** The events of a host. */
export const OutboxService = service<Outbox>('outbox/outbox', { providedBy: ['outbox'] })

/** Where events are kept until they have arrived. */
export const OutboxStoreService = service<OutboxStore>('outbox/store', { providedBy: ['outbox-memory'] })

/** A webhook: where events are posted, and which. */
export type Webhook = WebhookOptions & Omit<OutboxTarget, 'deliver'>

/** Who gets events, and how. */
export interface OutboxModuleOptions extends OutboxOptions {
  /** URLs events are posted to. Names differ between hosts too. @default none */
  readonly webhooks?: readonly Webhook[]
  /** Code of yours that gets events. @default none */
  readonly handlers?: readonly OutboxTarget[]
}

/** Provides {@link OutboxStoreService} in memory: events end with the host. */
export const memoryOutboxModule = defineModule({
  name: 'outbox-memory',
  needs: {},
  provides: OutboxStoreService,
  start: () => ({ service: createMemoryOutboxStore() }),
})

/** Provides {@link OutboxService}, and the commands about events where commands are. */
export const outboxModule = defineModule({
  name: 'outbox',
  needs: {
    store: OutboxStoreService,
    hooks: HooksService,
    clock: ClockService,
    ids: IdsService,
    logger: LoggerService,
    commands: maybe(CommandsService),
  },
  provides: OutboxService,
  async start(
    { commands, ...deps },
    { webhooks = [], handlers = [], ...options }: OutboxModuleOptions,
    scope,
  ) {
    const targets = [...webhooks.map((webhook) => targetOf(deps, webhook)), ...handlers]
    const outbox = scope.use(await createOutbox(deps, targets, options))
    if (commands) scope.use(registerOutboxCommands({ ...deps, commands, outbox }))
    return { service: outbox }
  },
})

function targetOf(
  deps: Parameters<typeof createWebhookSink>[0],
  { name, types, contents, ...webhook }: Webhook,
): OutboxTarget {
  return {
    name,
    ...(types !== undefined && { types }),
    ...(contents !== undefined && { contents }),
    deliver: createWebhookSink({ clock: deps.clock }, webhook),
  }
}
