/**
 * Private XML storage as a module of a host.
 *
 * @packageDocumentation
 */
import { offerUserData } from '@xmppkit/auth'
import { CommandsService } from '@xmppkit/commands/module'
import { IqService } from '@xmppkit/iq/module'
import { defineModule, HooksService, maybe, service } from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { StorageService } from '@xmppkit/storage/module'
import { registerPrivateCommands } from './private-commands.js'
import type { PrivateOptions } from './private-options.js'
import { createPrivateStorage, type PrivateStorage } from './private-storage.js'
import { privateData } from './user-data.js'

/** The private XML storage of a host. */
export const PrivateStorageService = service<PrivateStorage>('private/storage', { providedBy: ['private'] })

/** Provides {@link PrivateStorageService} over the key-value store `private`, and the commands about it. */
export const privateModule = defineModule({
  name: 'private',
  needs: {
    stores: StorageService,
    hooks: HooksService,
    sessions: SessionsService,
    iq: IqService,
    commands: maybe(CommandsService),
  },
  provides: PrivateStorageService,
  xeps: [{ number: '0049', version: '1.2' }],
  start({ stores, commands, ...deps }, options: PrivateOptions, scope) {
    const storage = scope.use(createPrivateStorage({ ...deps, store: stores.keyValue('private') }, options))
    scope.use(offerUserData(deps.hooks, privateData(stores.keyValue('private'))))
    if (commands) scope.use(registerPrivateCommands({ commands, storage }))
    return { service: storage }
  },
})
