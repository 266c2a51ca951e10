import type { RawElement } from '@xmppkit/xml'

/** Namespace of FAST (XEP-0484). */
export const fastNs = 'urn:xmpp:fast:0'

/** What a login asks of FAST. */
export interface FastRequest {
  /** Whether it says that it uses a token. */
  readonly usesToken: boolean
  /** The count of uses, if the client counts; `'invalid'` if it is no positive number. */
  readonly count: number | undefined | 'invalid'
  /** Whether the token is to end with this login. */
  readonly invalidate: boolean
  /** The mechanism it wants a token for, if it wants one. */
  readonly wantedMechanism: string | undefined
}

/** Reads what a login asks of FAST; `undefined` if nothing. */
export function readFastRequest(authenticate: RawElement): FastRequest | undefined {
  const fast = authenticate.child('fast', fastNs)
  const wanted = authenticate.child('request-token', fastNs)
  if (fast === undefined && wanted === undefined) return undefined
  const invalidate = fast?.attr('invalidate')
  return {
    usesToken: fast !== undefined,
    count: countOf(fast?.attr('count')),
    invalidate: invalidate === 'true' || invalidate === '1',
    wantedMechanism: wanted?.attr('mechanism'),
  }
}

function countOf(text: string | undefined): number | undefined | 'invalid' {
  if (text === undefined) return undefined
  // xs:int, and positive (XEP-0484 §3.4).
  return /^0*[1-9][0-9]{0,9}$/.test(text) && Number(text) <= 0x7fffffff ? Number(text) : 'invalid'
}
