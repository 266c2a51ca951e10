import { tryParseJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import { delay, type MetaKey, metaKey, readStanza, type Stanza } from '@xmppkit/stanza'
import { Element, parseElement } from '@xmppkit/xml'
import { OfflineError } from './errors.js'
import type { OfflineMessage } from './ports.js'
import { expireNs } from './storable.js'

/** Marks a stanza that comes out of offline storage, so that nobody archives or copies it again. */
export const fromOfflineStorage: MetaKey<true> = metaKey<true>('offline/replayed')

/**
 * Makes the stanza to deliver of a stored message: as it came, with the time it was received
 * (XEP-0203) and what is left of its time to live (XEP-0023).
 *
 * @throws OfflineError `offline/unreadable` when it is not a stanza any more.
 */
export function replay(stored: OfflineMessage, domain: string, clock: Clock): Stanza {
  let stanza: Stanza
  try {
    stanza = readStanza(parseElement(stored.stanza))
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

function timeLeft(stanza: Stanza, { expiresAt }: OfflineMessage, clock: Clock): Stanza {
  if (expiresAt === undefined) return stanza
  const seconds = Math.max(0, Math.ceil((expiresAt - clock.now()) / 1000))
  return stanza.without('x', expireNs).add(new Element('x', { xmlns: expireNs, seconds: seconds.toString() }))
}
