import { tryParseJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import { delay, type MetaKey, metaKey, NS, readStanza, type Stanza } from '@xmppkit/stanza'
import { Element, parseElement, type RawElement } from '@xmppkit/xml'
import { OfflineError } from './errors.js'
import type { OfflineMessage } from './ports.js'
import { expireNs } from './storable.js'

/** Marks a stanza that comes out of offline storage, so that nobody archives or copies it again. */
export const fromOfflineStorage: MetaKey<true> = metaKey<true>('offline/replayed')

/**
 * Makes the stanza to deliver of a stored message: as it came, with the time it was received (XEP-0203) and
 * what is left of its time to live (XEP-0023). What its sender wrote into it in our name is taken out.
 *
 * @throws OfflineError `offline/unreadable` when it is not a stanza any more.
 */
export function replay(stored: OfflineMessage, domain: string, clock: Pick<Clock, 'now'>): Stanza {
  let stanza: Stanza
  try {
    stanza = readStanza(withoutOurs(parseElement(bytesOf(stored.stanza)), domain))
  } catch (cause) {
    throw new OfflineError('offline/unreadable', `stored message ${stored.id} cannot be read`, { cause })
  }
  const from = tryParseJid(domain)
  const stamp = delay.encode({
    stamp: new Date(stored.receivedAt),
    reason: 'Offline storage',
    ...(from ? { from } : {}),
  })
  return timeLeft(stanza, stored, clock).add(stamp).withMeta(fromOfflineStorage, true)
}

// ECMAScript 2024, which the types do not have yet.
const isWellFormed = Reflect.get(String.prototype, 'isWellFormed') as (this: string) => boolean

// The parser looks for half characters in text with a slower test than this one, and finds them.
function bytesOf(text: string): string | Uint8Array {
  return isWellFormed.call(text) ? Buffer.from(text, 'utf8') : text
}

// XEP-0203 §5: a delay in our name that is not ours; XEP-0013 §2.4: the mark of a message fetched.
function withoutOurs(raw: RawElement, domain: string): RawElement {
  const isForged = (at: number) => tryParseJid(raw.childAt(at).attr('from') ?? '')?.toString() === domain
  if (!raw.has('delay', NS.delay) && !raw.has('offline', NS.flexibleOffline)) return raw
  return raw.filterChildren((name, ns, at) => {
    if (name === 'offline' && ns === NS.flexibleOffline) return false
    return !(name === 'delay' && ns === NS.delay && isForged(at))
  })
}

function timeLeft(stanza: Stanza, { expiresAt }: OfflineMessage, clock: Pick<Clock, 'now'>): Stanza {
  if (expiresAt === undefined) return stanza
  const seconds = Math.max(0, Math.ceil((expiresAt - clock.now()) / 1000))
  return stanza.without('x', expireNs).add(new Element('x', { xmlns: expireNs, seconds: seconds.toString() }))
}
