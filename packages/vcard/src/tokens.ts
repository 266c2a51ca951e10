import { event, filter } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import type { RawElement } from '@xmppkit/xml'

/**
 * An account's vCard is about to be kept (ejabberd: `vcard_iq_set`).
 *
 * A handler may change it, drop it (then it is not kept, and whoever sent it hears of no error), or throw a StanzaError,
 * which the client gets.
 */
export const vcardSet = filter<
  RawElement,
  {
    /** Whose vCard it is. */
    readonly account: BareJid
  }
>('vcard/set')

/** An account has another vCard. */
export const vcardChanged = event<{
  /** Whose vCard it is. */
  readonly account: BareJid
  /** SHA-1 of its photo in lower-case hexadecimal digits, `''` when it has none. */
  readonly photoHash: string
}>('vcard/changed')
