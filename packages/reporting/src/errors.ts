import { XmppkitError } from '@xmppkit/runtime'

/**
 * What the policy about strangers refuses.
 *
 * - `reporting/unknown-rule`: the options name an access rule there is none of.
 */
export class ReportingError extends XmppkitError<'reporting/unknown-rule'> {}
