import { createHmac } from 'node:crypto'
import type { BareJid } from '@xmppkit/jid'
import type { StoredToken } from './ports.js'

/**
 * The token behind what is stored: nobody who reads the store alone can make it. HT-* prove possession of the very key the
 * server checks with, so that a mere hash of a token would be as good as the token.
 */
export function tokenOf(
  secret: Uint8Array,
  account: BareJid,
  client: string,
  { id, mechanism }: Pick<StoredToken, 'id' | 'mechanism'>,
): string {
  return createHmac('sha256', secret)
    .update(`fast token\0${account}\0${client}\0${mechanism}\0${id}`)
    .digest('base64url')
}
