import type { BareJid } from '@xmppkit/jid'
import { readStanza, type Stanza } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { ArchiveError } from './errors.js'
import type { ArchivedMessage } from './ports.js'

/**
 * Reads the stanza of an archived message.
 *
 * @throws ArchiveError `archive/unreadable` when it is not a stanza any more
 */
export function readArchived({ id, stanza }: ArchivedMessage, account: BareJid): Stanza {
  try {
    return readStanza(parseElement(stanza))
  } catch (cause) {
    throw new ArchiveError(
      'archive/unreadable',
      `message ${id} of the archive of ${account} cannot be read`,
      {
        cause,
      },
    )
  }
}
