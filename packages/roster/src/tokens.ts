import { event, filter } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import type { RosterItem } from './ports.js'

/** A roster item was added, changed or removed (ejabberd: `roster_process_item`). */
export const rosterChanged = event<{
  /** Whose roster. */
  readonly account: BareJid
  /** The item before; absent when it is new. */
  readonly previous: RosterItem | undefined
  /** The item now; absent when it was removed. */
  readonly item: RosterItem | undefined
}>('roster/changed')

/**
 * The items an account is shown when it asks for its roster (ejabberd: `roster_get`): handlers may add
 * contacts the server provides, such as colleagues.
 */
export const rosterItems = filter<readonly RosterItem[], { readonly account: BareJid }>('roster/items')
