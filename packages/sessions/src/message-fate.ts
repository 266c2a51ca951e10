import type { Stanza } from '@xmppkit/stanza'
import { fateListener, isArchivedForAddressee, type MessageFate } from './tokens.js'

/** Tells whoever wants to know what became of a message. What is in the archive of its addressee is stored there. */
export function tellFate(stanza: Stanza, fate: MessageFate): void {
  const listener = stanza.meta(fateListener)
  if (listener === undefined) return
  listener(fate === 'discarded' && isArchivedForAddressee(stanza) ? 'stored' : fate)
}
