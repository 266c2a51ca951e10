import { createHash } from 'node:crypto'
import { NS } from '@xmppkit/stanza'
import type { RawElement } from '@xmppkit/xml'

const base64 = /^(?:[A-Za-z0-9+/]{4})+$|^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$/

/**
 * The hash by which the photo of a vCard is announced: SHA-1 of the image itself, in lower-case hexadecimal digits
 * (XEP-0153 §3.1). `''` when there is no image, or none anybody could decode.
 */
export function photoHashOf(vcard: RawElement): string {
  const encoded = vcard.child('PHOTO', NS.vcard)?.childText('BINVAL', NS.vcard)
  if (encoded === undefined) return ''
  // XEP-0153 §4.5: white space is ignored.
  const compact = encoded.replace(/[\t\n\r ]+/g, '')
  if (!base64.test(compact)) return ''
  return createHash('sha1').update(Buffer.from(compact, 'base64')).digest('hex')
}
