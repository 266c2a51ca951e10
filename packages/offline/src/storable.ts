import { hasHint, NS, type Stanza } from '@xmppkit/stanza'

/** Namespace of message expiry (XEP-0023). */
export const expireNs = 'jabber:x:expire'

/**
 * What becomes of a message whose addressee is away: kept, refused to its sender, or silently let go.
 *
 * Hints of the sender come first (XEP-0334 §4): `no-store` forbids to keep it, `store` asks for it; a message
 * that must not be archived (`no-permanent-store`) is kept all the same. Then XEP-0160 §3: `normal` and `chat`
 * are kept, `headline` and `groupchat` are not, nor is a message that says no more than "is typing".
 */
export function fateOf(message: Stanza): 'store' | 'bounce' | 'discard' {
  if (message.type === 'error') return 'discard'
  if (hasHint(message, 'no-store')) return unlessKept(message)
  if (hasHint(message, 'store')) return 'store'
  if (message.type === 'headline' || message.type === 'groupchat') return unlessKept(message)
  return isOnlyChatState(message) ? 'discard' : 'store'
}

/** Nobody waits to hear that a headline or "is typing" was not read. */
function unlessKept(message: Stanza): 'bounce' | 'discard' {
  return message.type === 'headline' || isOnlyChatState(message) ? 'discard' : 'bounce'
}

/** Whether there is a chat state and nothing else a person would read later (XEP-0085). */
function isOnlyChatState(message: Stanza): boolean {
  let hasState = false
  for (const { name, ns } of message.raw.children) {
    if (ns === NS.chatStates) hasState = true
    else if (!(name === 'thread' && ns === NS.client) && ns !== NS.hints) return false
  }
  return hasState
}

/**
 * When a message expires (XEP-0023), in milliseconds since 1970: `undefined` for one that does not, or
 * whose time to live is no number.
 */
export function expiryOf(message: Stanza, receivedAt: number): number | undefined {
  const seconds = message.raw.child('x', expireNs)?.attr('seconds')
  if (seconds === undefined || !/^\d{1,10}$/.test(seconds)) return undefined
  return receivedAt + Number(seconds) * 1000
}
