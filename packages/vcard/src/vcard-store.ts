import type { BareJid } from '@xmppkit/jid'
import type { KeyValue } from '@xmppkit/storage'
import { parseElement, type RawElement, textFromWire } from '@xmppkit/xml'
import { photoHashOf } from './photo-hash.js'

/** Keeps vCards and the hashes of their photos, so that a login need not read the photo. */
export interface VCardStore {
  /** The vCard of an account. */
  get(account: BareJid): Promise<RawElement | undefined>
  /** The hash of its photo; `''` without a photo, `undefined` without a vCard. Not while it is being set. */
  photoHash(account: BareJid): Promise<string | undefined>
  /** Keeps a vCard in place of the one before; answers with the hash of its photo. */
  set(account: BareJid, vcard: RawElement): Promise<string>
  /** Forgets everything about an account. */
  removeAll(account: BareJid): Promise<void>
}

const vcardKey = 'vcard'
const photoKey = 'photo'
/** In the place of a hash: a vCard is being written, and if that was interrupted, the hash is computed again. */
const unsettled = '?'

/** Makes the store over values by account: the vCard itself and the hash of its photo. */
export function createVCardStore(values: KeyValue): VCardStore {
  const get = async (account: BareJid) => {
    const text = await values.get(account.toString(), vcardKey)
    return text === undefined ? undefined : parseElement(text)
  }
  return {
    get,
    async photoHash(account) {
      const owner = account.toString()
      const known = await values.get(owner, photoKey)
      if (known !== unsettled) return known
      const vcard = await get(account)
      if (vcard === undefined) return undefined
      const hash = photoHashOf(vcard)
      await values.set(owner, photoKey, hash)
      return hash
    },
    async set(account, vcard) {
      const owner = account.toString()
      const hash = photoHashOf(vcard)
      // In this order: whatever is interrupted, there is no hash of another photo.
      await values.set(owner, photoKey, unsettled)
      await values.set(owner, vcardKey, textFromWire(vcard.toWire()))
      await values.set(owner, photoKey, hash)
      return hash
    },
    async removeAll(account) {
      await values.removeOwner(account.toString())
    },
  }
}
