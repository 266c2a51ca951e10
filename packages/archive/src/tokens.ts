import { event, filter } from '@xmppkit/hooks'
import type { BareJid, Jid } from '@xmppkit/jid'
import type { Stanza } from '@xmppkit/stanza'
import type { ArchiveDirection } from './ports.js'

/** Where a message goes that is about to be archived, or was. */
export interface ArchivingContext {
  /** Whose archive it is. */
  readonly account: BareJid
  /** The other party. */
  readonly peer: Jid
  /** Who wrote it, seen from the account. */
  readonly direction: ArchiveDirection
}

/**
 * A message is about to be archived (ejabberd: `store_mam_message`). A handler may change what is stored, not what is
 * delivered; dropping it, or throwing, keeps it out of the archive, and the message goes on.
 */
export const storeMamMessage = filter<Stanza, ArchivingContext>('archive/store-mam-message')

/** A message is in an archive: durable, and not yet delivered. */
export const messageArchived = event<
  ArchivingContext & {
    /** The message as it was archived. */
    readonly stanza: Stanza
    /** Its id in that archive. */
    readonly id: string
  }
>('archive/message-archived')
