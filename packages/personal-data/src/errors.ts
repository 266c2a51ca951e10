import { XmppkitError } from '@xmppkit/runtime'

/**
 * What can go wrong with personal data.
 *
 * - `personal-data/unreadable`: what is to be imported is no XEP-0227 document, or exceeds a limit.
 * - `personal-data/not-erased`: something that was removed is still there.
 */
export class PersonalDataError extends XmppkitError<
  'personal-data/unreadable' | 'personal-data/not-erased'
> {}
