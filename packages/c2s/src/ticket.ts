import type { DeliveryOutcome } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'

/** A stanza on its way to a client, and who wants to know what became of it. Without anybody, it is the stanza alone. */
export type Ticket = Stanza | Receipt

/** A stanza that belongs to somebody until it has arrived. */
export interface Receipt {
  readonly stanza: Stanza
  readonly done: (outcome: DeliveryOutcome) => void
}

/** The stanza of a ticket. */
export function stanzaOf(ticket: Ticket): Stanza {
  return 'done' in ticket ? ticket.stanza : ticket
}
