/**
 * vCards as a module of a host.
 *
 * @packageDocumentation
 */
import { offerUserData } from '@xmppkit/auth'
import { CommandsService } from '@xmppkit/commands/module'
import { IqService } from '@xmppkit/iq/module'
import { defineModule, HooksService, LoggerService, maybe, service } from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { StorageService } from '@xmppkit/storage/module'
import { vcardData } from './user-data.js'
import { createVCards, type VCards } from './vcard.js'
import { registerVCardCommands } from './vcard-commands.js'
import type { VCardOptions } from './vcard-options.js'

/** The vCards of a host. */
export const VCardsService = service<VCards>('vcard/vcards', { providedBy: ['vcard'] })

/** Provides {@link VCardsService} over the key-value store `vcard`, and the commands about vCards. */
export const vcardModule = defineModule({
  name: 'vcard',
  needs: {
    storage: StorageService,
    hooks: HooksService,
    sessions: SessionsService,
    iq: IqService,
    logger: LoggerService,
    commands: maybe(CommandsService),
  },
  provides: VCardsService,
  xeps: [
    { number: '0054', version: '1.3.0' },
    { number: '0153', version: '1.1.1', note: 'the server puts the hash into presence' },
  ],
  start({ storage, commands, ...deps }, options: VCardOptions, scope) {
    const vcards = scope.use(createVCards({ ...deps, store: storage.keyValue('vcard') }, options))
    scope.use(offerUserData(deps.hooks, vcardData(storage.keyValue('vcard'), vcards)))
    if (commands) scope.use(registerVCardCommands({ commands, vcards }))
    return { service: vcards }
  },
})
