/**
 * The basics as modules of a host.
 *
 * @packageDocumentation
 */
import { offerUserData } from '@xmppkit/auth'
import { DiscoService } from '@xmppkit/disco/module'
import { IqService } from '@xmppkit/iq/module'
import { ClockService, defineModule, HooksService, LoggerService, service } from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { type ContactAddresses, createContactAddresses } from './contact-addresses.js'
import { createEntityTime, type EntityTimeOptions } from './entity-time.js'
import { createLastActivity, type LastActivityOptions } from './last-activity.js'
import { createLastActivityBuffer, type LastActivityBufferOptions } from './last-activity-buffer.js'
import { createMemoryLastActivityStore, type MemoryLastActivityStoreOptions } from './memory-store.js'
import { createPing } from './ping.js'
import type { LastActivityStore } from './ports.js'
import { lastActivityData } from './user-data.js'
import { createVersion, type VersionOptions } from './version.js'

/** Keeps the last activity of accounts. */
export const LastActivityStoreService = service<LastActivityStore>('basics/last-activity-store', {
  providedBy: ['last-activity-memory'],
})

/** Answers pings; see {@link createPing}. */
export const pingModule = defineModule({
  name: 'ping',
  needs: { iq: IqService, disco: DiscoService },
  xeps: [{ number: '0199', version: '2.0.1' }],
  start(deps, _options: Record<never, never>, scope) {
    scope.use(createPing(deps))
  },
})

/** Tells name and version of the software; see {@link createVersion}. */
export const versionModule = defineModule({
  name: 'version',
  needs: { iq: IqService },
  xeps: [{ number: '0092', version: '1.1' }],
  start(deps, options: VersionOptions, scope) {
    scope.use(createVersion(deps, options))
  },
})

/** Tells the time; see {@link createEntityTime}. */
export const entityTimeModule = defineModule({
  name: 'time',
  needs: { iq: IqService, clock: ClockService },
  xeps: [{ number: '0202', version: '2.0' }],
  start(deps, options: EntityTimeOptions, scope) {
    scope.use(createEntityTime(deps, options))
  },
})

/** Tells how long somebody has been away; see {@link createLastActivity} and {@link createLastActivityBuffer}. */
export const lastActivityModule = defineModule({
  name: 'last-activity',
  needs: {
    iq: IqService,
    disco: DiscoService,
    hooks: HooksService,
    sessions: SessionsService,
    store: LastActivityStoreService,
    clock: ClockService,
    logger: LoggerService,
  },
  xeps: [{ number: '0012', version: '2.0' }],
  start(deps, options: LastActivityOptions & LastActivityBufferOptions, scope) {
    const store = scope.use(createLastActivityBuffer(deps, options))
    scope.use(createLastActivity({ ...deps, store }, options))
    scope.use(offerUserData(deps.hooks, lastActivityData(store)))
  },
})

/** Keeps the last activity in memory; see {@link createMemoryLastActivityStore}. */
export const memoryLastActivityModule = defineModule({
  name: 'last-activity-memory',
  needs: {},
  provides: LastActivityStoreService,
  start: (_deps, options: MemoryLastActivityStoreOptions) => ({
    service: createMemoryLastActivityStore(options),
  }),
})

/** Whom to contact, on all domains of a host and on single ones. */
export interface ContactAddressesOptions {
  /** On all domains. @default none */
  readonly addresses?: ContactAddresses
  /** On single domains, besides those on all. @default none */
  readonly byDomain?: Readonly<Record<string, ContactAddresses>>
}

/** Publishes whom to contact; see {@link createContactAddresses}. */
export const contactAddressesModule = defineModule({
  name: 'contact-addresses',
  needs: { disco: DiscoService },
  xeps: [{ number: '0157', version: '1.1.1' }],
  start(deps, { addresses = {}, byDomain = {} }: ContactAddressesOptions, scope) {
    scope.use(createContactAddresses(deps, addresses))
    for (const [domain, own] of Object.entries(byDomain)) {
      scope.use(createContactAddresses(deps, own, domain))
    }
  },
})
