import type { IqTarget } from '@xmppkit/iq'
import type { Jid } from '@xmppkit/jid'

/** A question of disco#info or disco#items. */
export interface DiscoRequest {
  /** Whether a server or an account is asked about. */
  readonly target: IqTarget
  /** Who asks. */
  readonly from: Jid
  /** Whom: a domain or an account. */
  readonly to: Jid
  /** The node asked about, if any; never empty. */
  readonly node?: string
  /** Language of the question. */
  readonly lang?: string
}
