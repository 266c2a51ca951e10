import type { Stanza } from '@xmppkit/stanza'

const markersNs = 'urn:xmpp:chat-markers:0'
/** Longest id of a message that can be one of the archive's. */
const maxId = 256

/**
 * The id of the message up to which the sender of a marker has read (XEP-0333, XEP-0430 §5); undefined for everything else.
 * What is marked in a room is not in the archive of a user.
 */
export function readUpTo({ raw, type }: Stanza): string | undefined {
  const marker = raw.child('displayed', markersNs) ?? raw.child('acknowledged', markersNs)
  if (marker === undefined || type === 'error' || type === 'groupchat') return undefined
  const id = marker.attr('id')
  return id !== undefined && id.length <= maxId ? id : undefined
}
