import { archivedAs } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'

/** Messages devices were woken up for while a session held them; that a session ends and they are stored is no news. */
export interface HeldMessages {
  /** Somebody was notified of a message. */
  add(message: Stanza): void
  /** Whether somebody was; asked once, when it is stored. */
  take(message: Stanza): boolean
}

/** Makes the list of one host, of so many messages at most: of too many the oldest are forgotten, and notified of again. */
export function createHeldMessages(max: number): HeldMessages {
  const keys = new Set<string>()
  return {
    add(message) {
      const key = keyOf(message)
      if (key === undefined) return
      keys.delete(key)
      keys.add(key)
      if (keys.size <= max) return
      for (const oldest of keys) {
        keys.delete(oldest)
        return
      }
    },
    take(message) {
      const key = keys.size === 0 ? undefined : keyOf(message)
      return key !== undefined && keys.delete(key)
    },
  }
}

/** Names a message: by its id in the archive, or else by its sender's; without either it is like no other. */
function keyOf(message: Stanza): string | undefined {
  const archived = message.meta(archivedAs)
  if (archived !== undefined) return `${archived.by} ${archived.id}`
  return message.id === undefined ? undefined : `${message.to?.bare} ${message.from} ${message.id}`
}
