import { XmppkitError } from '@xmppkit/runtime'

/**
 * Why a configuration was refused.
 *
 * - `access/unknown-name`: an ACL, rule or shaper is referred to that is not defined.
 * - `access/cycle`: an ACL refers to itself, directly or through others.
 * - `access/empty`: a set of conditions has no condition, so it would match everybody.
 * - `access/reserved-name`: `all` and `none` are predefined.
 * - `access/bad-pattern`: a glob or regular expression is not valid, too large, or uses something not supported.
 * - `access/bad-address`: an IP address or network is not valid.
 * - `access/bad-jid`: an address of a user, server or resource is not valid.
 * - `access/bad-rate`: a rate or burst is not a positive number.
 * - `access/not-a-shaper`: a shaper rule was asked for a number but yields a shaper, or the other way round.
 */
export type AccessErrorCode =
  | 'access/unknown-name'
  | 'access/cycle'
  | 'access/empty'
  | 'access/reserved-name'
  | 'access/bad-pattern'
  | 'access/bad-address'
  | 'access/bad-jid'
  | 'access/bad-rate'
  | 'access/not-a-shaper'

/** Thrown for a configuration that cannot work; the message begins with the path of what is wrong. */
export class AccessError extends XmppkitError<AccessErrorCode> {}
