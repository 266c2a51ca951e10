import { type Jid, tryParseJid } from '@xmppkit/jid'
import { NS, type Stanza } from '@xmppkit/stanza'
import type { RawElement } from '@xmppkit/xml'

/**
 * The stanza of a client without times (XEP-0203) in the name of anybody else at its own domain or at that of its addressee:
 * only a server knows when it kept something, and clients believe theirs (rule SEC-20). Itself where there are none.
 */
export function withoutForgedDelays(stanza: Stanza, own: Jid): Stanza {
  const { to } = stanza
  return without(
    stanza,
    (from) => (from.domain === own.domain || from.domain === to?.domain) && !from.bare.equals(own.bare),
  )
}

/** The stanza of another domain without times in the name of its addressee's domain and the accounts there. */
export function withoutForeignDelays(stanza: Stanza): Stanza {
  const { from, to } = stanza
  if (to === undefined || from === undefined || from.domain === to.domain) return stanza
  return without(stanza, (keeper) => keeper.domain === to.domain)
}

function without(stanza: Stanza, isForged: (from: Jid) => boolean): Stanza {
  if (stanza.kind === 'iq') return stanza
  return stanza.without('delay', NS.delay, (child: RawElement) => {
    const from = tryParseJid(child.attr('from') ?? '')
    return from !== undefined && isForged(from)
  })
}
