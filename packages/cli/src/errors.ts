import { XmppkitError } from '@xmppkit/runtime'

/**
 * What a person at the command line is told.
 *
 * - `cli/usage`: the command line is not understood.
 * - `cli/config`: the configuration file cannot be read or used.
 * - `cli/not-running`: no server runs over this data folder.
 * - `cli/running`: a server runs over this data folder already.
 * - `cli/control`: the running server did not answer as expected.
 */
export class CliError extends XmppkitError<
  'cli/usage' | 'cli/config' | 'cli/not-running' | 'cli/running' | 'cli/control'
> {}
