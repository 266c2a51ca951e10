import { filter } from '@xmppkit/hooks'
import type { Jid } from '@xmppkit/jid'
import type { UploadPurpose } from './upload-options.js'

/** Somebody wants to upload a file. */
export interface SlotRequest {
  /** The session that asks. */
  readonly from: Jid
  /** Name of the file, as its owner calls it. */
  readonly filename: string
  /** How long it is, in bytes. */
  readonly size: number
  /** Its media type, if it was said. */
  readonly type: string | undefined
  /** What it is for. */
  readonly purpose: UploadPurpose
}

/**
 * A slot is about to be given (ejabberd: `http_upload_slot_request`), after sizes and quotas were checked. A handler that drops
 * the request refuses it with `forbidden`; one that throws a `StanzaError` refuses it with that; any other error refuses it with
 * `internal-server-error`.
 */
export const uploadSlotRequest = filter<SlotRequest>('upload/slot-request')
