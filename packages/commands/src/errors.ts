import { XmppkitError } from '@xmppkit/runtime'

/**
 * Why a command was not run or did not succeed.
 *
 * - `commands/unknown`: there is no command of that name, or none that old.
 * - `commands/bad-argument`: an argument is missing, unknown or not valid; `issues` tells which.
 * - `commands/denied`: the caller may not; the log and `explain` tell why.
 * - `commands/not-found`: what the command is about does not exist. For commands to throw.
 * - `commands/conflict`: what the command would make exists, or the moment is wrong. For commands to throw.
 * - `commands/no-dry-run`: the command cannot tell what it would do.
 * - `commands/failed`: something unexpected, kept as `cause`; its text is for the log, not for the caller.
 * - `commands/aborted`: the caller's signal aborted.
 * - `commands/duplicate`: that version of the command is registered already.
 * - `commands/bad-definition`: a command is declared in a way that cannot work.
 * - `commands/job-running`: a job with that key runs already.
 * - `commands/too-many-jobs`: as many jobs run as are allowed.
 */
export type CommandErrorCode =
  | 'commands/unknown'
  | 'commands/bad-argument'
  | 'commands/denied'
  | 'commands/not-found'
  | 'commands/conflict'
  | 'commands/no-dry-run'
  | 'commands/failed'
  | 'commands/aborted'
  | 'commands/duplicate'
  | 'commands/bad-definition'
  | 'commands/job-running'
  | 'commands/too-many-jobs'

/** Something wrong with one argument. */
export interface ArgumentIssue {
  /** Which: `account`, `options.members[2]`. */
  readonly path: string
  /** What is wrong and what would be right, without the value, which may be a secret. */
  readonly message: string
}

/** A command's refusal or failure. The message is meant for the caller, whoever that is. */
export class CommandError extends XmppkitError<CommandErrorCode> {
  /** What is wrong with the arguments; empty for other codes. */
  readonly issues: readonly ArgumentIssue[]

  /**
   * @param code - what went wrong
   * @param message - a sentence for the caller
   * @param options - the `cause`, and the `issues` of `commands/bad-argument`
   */
  constructor(
    code: CommandErrorCode,
    message: string,
    options: ErrorOptions & { issues?: readonly ArgumentIssue[] } = {},
  ) {
    super(code, message, options)
    this.issues = options.issues ?? []
  }
}
