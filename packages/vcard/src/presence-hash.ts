import { type MetaKey, metaKey, NS, type Stanza } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'

/** Marks a presence whose hash is ours, so that it may be replaced when the photo changes. */
const injected: MetaKey<true> = metaKey<true>('vcard/injected')

/**
 * Puts the hash of an account's photo into its available presence (XEP-0398 §5). An empty `<photo/>` the client wrote
 * stays: it does not want to show one. An update without `<photo/>`, "not ready yet", is completed, and the hash of
 * another image replaced, since nobody could fetch that.
 *
 * @param hash - of the photo; `''` for a vCard without one, `undefined` for an account without a vCard
 * @returns the same stanza when there is nothing to do
 */
export function withPhotoHash(presence: Stanza, hash: string | undefined): Stanza {
  const update = presence.raw.child('x', NS.vcardUpdate)
  if (update === undefined)
    return hash === undefined ? presence : presence.add(updateOf(hash)).withMeta(injected, true)
  if (presence.meta(injected) === undefined) {
    const claimed = update.childText('photo', NS.vcardUpdate)?.trim()
    if (claimed === '') return presence
    if (claimed === undefined ? hash === undefined : claimed.toLowerCase() === hash) return presence
  }
  return presence.without('x', NS.vcardUpdate).add(updateOf(hash)).withMeta(injected, true)
}

function updateOf(hash: string | undefined): Element {
  const update = new Element('x', { xmlns: NS.vcardUpdate })
  if (hash === undefined) return update
  const photo = update.c('photo')
  if (hash !== '') photo.t(hash)
  return update
}
