import {
  account,
  CommandError,
  type Commands,
  choice,
  defineBatchCommands,
  domain,
  type Jobs,
  optional,
  text,
} from '@xmppkit/commands'
import type { BareJid } from '@xmppkit/jid'
import { disposable, type Logger } from '@xmppkit/runtime'
import type { PersonalData } from './personal-data.js'
import type { ExportSink, ExportStore } from './ports.js'
import { stepsOf } from './steps.js'

/** What {@link registerPersonalDataCommands} needs. */
export interface PersonalDataCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** Runs them, batch by batch. */
  readonly jobs: Jobs
  /** Whose data it is: of the host that serves a domain, or has served it. */
  readonly of: (domain: string | undefined) => PersonalData
  /** Where exports are written and imports are read; without it neither is offered. */
  readonly exports?: ExportStore
  /** Told what became of imports. */
  readonly logger: Logger
}

const tags = ['personal-data']

/**
 * Registers the commands that erase (`erase_user_batch`, `erase_domain_batch`) and, where there is a place for them, export and
 * import (`export_user_batch`, `export_domain_batch`, `import_data_batch`), each with its status and abort.
 *
 * @example
 * ```ts
 * scope.use(registerPersonalDataCommands({ commands, jobs, exports, logger, of: () => personalData }))
 * ```
 */
export function registerPersonalDataCommands(deps: PersonalDataCommandsDeps): Disposable {
  const { commands, exports } = deps
  const all = [...erasing(deps), ...(exports ? exporting(deps, exports) : [])]
  const registered = all.map((command) => commands.register(command))
  return disposable(() => {
    for (const one of registered) one[Symbol.dispose]()
  })
}

/** Names the export of an account that is under way. */
export const exportJobOf = (about: BareJid): string => `export_user:${about}`

function erasing({ jobs, of }: PersonalDataCommandsDeps) {
  return [
    ...defineBatchCommands(
      { jobs },
      {
        name: 'erase_user',
        tags,
        description: 'Erases an account and everything that is kept for it, so that nothing of it is left',
        args: { account: account() },
        key: (args) => args.account.toString(),
        step: (args, limit) => of(args.account.domain).eraseUser(args.account, limit),
        count: (args) => of(args.account.domain).count(args.account),
      },
    ),
    ...defineBatchCommands(
      { jobs },
      {
        name: 'erase_domain',
        tags,
        description:
          'Serves a domain no longer, and erases its accounts and everything that is kept for them',
        args: { domain: domain() },
        key: (args) => args.domain,
        step: (args, limit) => of(args.domain).eraseDomain(args.domain, limit),
        count: (args) => of(args.domain).count(args.domain),
      },
    ),
  ]
}

function exporting({ jobs, of, logger }: PersonalDataCommandsDeps, exports: ExportStore) {
  const exported = stepsOf((make: (sink: ExportSink) => AsyncGenerator<void>, name: string) =>
    writeTo(exports, name, make),
  )
  const imported = stepsOf((args: ImportArgs) => readFrom(exports, of(args.domain), args, logger))
  return [
    ...defineBatchCommands(
      { jobs },
      {
        name: 'export_user',
        tags,
        destructive: false,
        description:
          'Writes everything that is kept for an account into a file of exports, in the format of XEP-0227',
        args: { account: account() },
        key: (args) => args.account.toString(),
        step: (args, limit, signal) =>
          exported(
            limit,
            signal,
            (sink) => of(args.account.domain).exportUser(args.account, sink),
            args.account.toString(),
          ),
        count: (args) => of(args.account.domain).count(args.account),
      },
    ),
    ...defineBatchCommands(
      { jobs },
      {
        name: 'export_domain',
        tags,
        destructive: false,
        description: 'Writes everything that is kept for the accounts of a domain into a file of exports',
        args: { domain: domain() },
        key: (args) => args.domain,
        step: (args, limit, signal) =>
          exported(limit, signal, (sink) => of(args.domain).exportDomain(args.domain, sink), args.domain),
        count: (args) => of(args.domain).count(args.domain),
      },
    ),
    ...defineBatchCommands(
      { jobs },
      {
        name: 'import_data',
        tags,
        destructive: false,
        description:
          'Reads accounts and what is kept for them from a file among the exports, in the format of XEP-0227',
        args: {
          file: text({ maxLength: 1024, description: 'its name, without folders' }),
          domain: optional(domain({ description: 'only accounts of this one' })),
          existing: optional(
            choice(['skip', 'merge'], {
              description: 'what to do about accounts that exist, skip if not given',
            }),
          ),
        },
        key: (args) => args.file,
        step: (args, limit, signal) => imported(limit, signal, args),
      },
    ),
  ]
}

interface ImportArgs {
  readonly file: string
  readonly domain?: string | undefined
  readonly existing?: 'skip' | 'merge' | undefined
}

async function* writeTo(
  exports: ExportStore,
  name: string,
  make: (sink: ExportSink) => AsyncGenerator<void>,
): AsyncGenerator<void> {
  const opened = await exports.create(name)
  let isComplete = false
  try {
    yield* make(opened)
    await opened.close()
    isComplete = true
  } finally {
    if (!isComplete) await opened.abort()
  }
}

async function* readFrom(
  exports: ExportStore,
  personalData: PersonalData,
  { file, domain: only, existing = 'skip' }: ImportArgs,
  logger: Logger,
): AsyncGenerator<void> {
  const chunks = await exports.open(file).catch((cause: unknown) => {
    throw new CommandError('commands/not-found', `${file} cannot be opened`, { cause })
  })
  const importing = personalData.import(chunks, { existing, ...(only !== undefined && { domain: only }) })
  for (;;) {
    const { done, value } = await importing.next()
    if (done) return logger.info('an import ended', { file, ...value })
    yield
  }
}
