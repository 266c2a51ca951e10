import type { Iq } from '@xmppkit/iq'
import type { Jid } from '@xmppkit/jid'
import { type DiscoInfo, discoInfoGet, readDiscoInfo } from './payloads.js'

/** Makes a function that asks any entity for its disco#info; it rejects with what the request rejects with. */
export function queryDiscoInfo(
  iq: Pick<Iq, 'request'>,
): (entity: Jid, node: string | undefined, options?: { readonly from?: Jid }) => Promise<DiscoInfo> {
  return async (entity, node, options = {}) => {
    const payload = node === undefined ? {} : { node }
    return readDiscoInfo(await iq.request(discoInfoGet, entity, payload, options))
  }
}
