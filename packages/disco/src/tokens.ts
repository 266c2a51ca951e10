import { filter } from '@xmppkit/hooks'
import type { BareJid, Jid } from '@xmppkit/jid'
import type { DiscoRequest } from './disco-request.js'
import type { DiscoInfo, DiscoItem } from './payloads.js'

/**
 * Whether somebody may learn that an account exists and is online (XEP-0030 §8, L-4, L-6). Starts as `false`; whoever
 * knows the subscriptions answers `true` for those that may see the account's presence. Not asked for the account's
 * own addresses, which always may. Must answer alike for accounts that do not exist.
 */
export const accountVisible = filter<
  boolean,
  {
    /** The account asked about. */
    readonly account: BareJid
    /** Who asks. */
    readonly asker: Jid
  }
>('disco/account-visible')

/**
 * What is answered to a disco#info request about an account or a node. Starts as what was registered for it;
 * `undefined` means that there is no such node. Not run for a server without a node, because what the server says of
 * itself must be what its hash says, for everybody.
 */
export const discoInfo = filter<DiscoInfo | undefined, DiscoRequest>('disco/info')

/**
 * What is answered to a disco#items request. Starts as what was registered for it; `undefined` means that there is no
 * such node. Add only what the asker may know of.
 */
export const discoItems = filter<readonly DiscoItem[] | undefined, DiscoRequest>('disco/items')
