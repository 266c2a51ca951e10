import { XmppkitError } from '@xmppkit/runtime'

/** Codes of the errors this package throws. */
export type RouterErrorCode = 'router/domain-taken' | 'router/limit' | 'router/invalid-instance'

/** Why a route could not be registered; see `code`. */
export class RouterError extends XmppkitError<RouterErrorCode> {}
