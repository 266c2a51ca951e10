import { XmppkitError } from '@xmppkit/runtime'

/** Codes of {@link C2sError}. */
export type C2sErrorCode = 'c2s/unknown-rule'

/** Options that cannot be followed: they name an access rule there is none of. */
export class C2sError extends XmppkitError<C2sErrorCode> {}
