import { XmppkitError } from '@xmppkit/runtime'

/**
 * Codes of the errors this package throws.
 *
 * - `router/domain-taken`: a domain has a route, and one of the two wants to be alone
 * - `router/limit`: there are as many routes as there may be
 * - `router/invalid-instance`: the number of a route is not a whole number from 0
 */
export type RouterErrorCode = 'router/domain-taken' | 'router/limit' | 'router/invalid-instance'

/** Why a route could not be registered; see `code`. */
export class RouterError extends XmppkitError<RouterErrorCode> {}
