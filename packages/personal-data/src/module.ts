/**
 * What is kept for people, as a module of a host.
 *
 * @packageDocumentation
 */
import { AccountsService } from '@xmppkit/auth/module'
import { CommandsService, JobsService } from '@xmppkit/commands/module'
import {
  DomainsService,
  defineModule,
  HooksService,
  HostService,
  IdsService,
  LoggerService,
  maybe,
  service,
} from '@xmppkit/module'
import { createPersonalData, type PersonalData, type PersonalDataOptions } from './personal-data.js'
import { exportJobOf, registerPersonalDataCommands } from './personal-data-commands.js'
import type { ExportStore } from './ports.js'

/** What is kept for the accounts of a host. */
export const PersonalDataService = service<PersonalData>('personal-data/personal-data', {
  providedBy: ['personal-data'],
})

/** Where commands write exports; without it only erasing is offered. */
export const ExportStoreService = service<ExportStore>('personal-data/exports')

/** Provides {@link PersonalDataService}, and registers the commands where jobs run. */
export const personalDataModule = defineModule({
  name: 'personal-data',
  needs: {
    accounts: AccountsService,
    hooks: HooksService,
    host: HostService,
    domains: DomainsService,
    ids: IdsService,
    logger: LoggerService,
    exports: maybe(ExportStoreService),
    commands: maybe(CommandsService),
    jobs: maybe(JobsService),
  },
  provides: PersonalDataService,
  xeps: [{ number: '0227', version: '1.1', note: 'without XInclude' }],
  start({ exports, commands, jobs, ...deps }, options: PersonalDataOptions, scope) {
    const personalData = createPersonalData(deps, options)
    if (commands && jobs) {
      const { logger } = deps
      scope.use(personalData.onLeaving((account) => void jobs.abort(exportJobOf(account))))
      const shared = { commands, jobs, logger, of: () => personalData }
      scope.use(registerPersonalDataCommands({ ...shared, ...(exports && { exports }) }))
    }
    return { service: personalData }
  },
})
