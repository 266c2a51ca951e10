import { type BareJid, tryParseJid } from '@xmppkit/jid'
import { NS, type Stanza } from '@xmppkit/stanza'

/** Whether a message is in the archive of an account, which its id there tells (XEP-0359); an archive takes out forged ones. */
export function hasArchiveId({ raw }: Stanza, account: BareJid): boolean {
  if (!raw.has('stanza-id', NS.stanzaIds)) return false
  return raw.children.some(
    ({ name, ns }, at) =>
      name === 'stanza-id' &&
      ns === NS.stanzaIds &&
      tryParseJid(raw.childAt(at).attr('by') ?? '')?.equals(account) === true,
  )
}
