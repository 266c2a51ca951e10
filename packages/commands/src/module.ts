/**
 * Commands as services of a host.
 *
 * @packageDocumentation
 */
import { ClockService, defineModule, HooksService, LoggerService, maybe, service } from '@xmppkit/module'
import { type Commands, createCommands } from './commands.js'
import { createJobs, type Jobs } from './jobs.js'
import type { Authorize } from './permissions.js'

/** The commands of a host. */
export const CommandsService = service<Commands>('commands/commands', { providedBy: ['commands'] })

/** Jobs that run on after the command that started them. */
export const JobsService = service<Jobs>('commands/jobs', { providedBy: ['jobs'] })

/** Decides who may call what; provide one made by `createPermissions`. Without it only the program and the console may. */
export const AuthorizeService = service<Authorize>('commands/authorize')

/** Provides {@link CommandsService}. */
export const commandsModule = defineModule({
  name: 'commands',
  needs: {
    hooks: HooksService,
    logger: LoggerService,
    clock: ClockService,
    authorize: maybe(AuthorizeService),
  },
  provides: CommandsService,
  start({ authorize, ...deps }) {
    return { service: createCommands({ ...deps, ...(authorize && { authorize }) }) }
  },
})

/** Provides {@link JobsService}; stopping it aborts the jobs and waits for the steps under way. */
export const jobsModule = defineModule({
  name: 'jobs',
  needs: { logger: LoggerService, clock: ClockService },
  provides: JobsService,
  start: (deps, _options, scope) => ({ service: scope.use(createJobs(deps)) }),
})
