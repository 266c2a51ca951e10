/**
 * Typed administrative commands, declared once and callable from every front end.
 *
 * @packageDocumentation
 */
export { type BatchDefinition, defineBatchCommands } from './batch-commands.js'
export {
  argumentsSchema,
  type Caller,
  type Command,
  type CommandContext,
  type CommandDefinition,
  type CommandInfo,
  type CommandPolicy,
  defineCommand,
  inProcess,
  targetOf,
} from './command.js'
export {
  type CallOptions,
  type Commands,
  type CommandsDeps,
  type CommandsOptions,
  commandsDefaults,
  createCommands,
  type Input,
} from './commands.js'
export { type ArgumentIssue, CommandError, type CommandErrorCode } from './errors.js'
export {
  createJobs,
  type Job,
  type JobStatus,
  type Jobs,
  type JobsOptions,
  jobsDefaults,
  type StepOutcome,
} from './jobs.js'
export {
  type Authorization,
  type AuthorizationRequest,
  type Authorize,
  createPermissions,
  type PermissionGroup,
  type PermissionsDeps,
  type PermissionsOptions,
  permissionsDefaults,
  trustedOnly,
} from './permissions.js'
export { type CommandCalled, commandCalled } from './tokens.js'
export type {
  Infer,
  InferShape,
  JsonSchema,
  OptionalValue,
  Report,
  Shape,
  Value,
  ValueKind,
} from './value.js'
export {
  account,
  address,
  boolean,
  choice,
  custom,
  domain,
  integer,
  list,
  nothing,
  optional,
  record,
  secret,
  text,
  time,
  type ValueOptions,
} from './values.js'
