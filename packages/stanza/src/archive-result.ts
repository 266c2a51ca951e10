import { Element, type RawElement, rawElement } from '@xmppkit/xml'
import { forward } from './forwarded.js'
import { NS } from './namespaces.js'
import type { Stanza } from './stanza.js'

/** Which message of an archive it is. */
export interface ArchiveResult {
  /** Its id in the archive. */
  readonly id: string
  /** When the server got it, in milliseconds since 1970. */
  readonly at: number
  /** The query it answers, as its sender called it. */
  readonly queryId?: string | undefined
}

/** Wraps a message of an archive as it is shown to whoever asked for it (XEP-0313 §4.2), sharing its content. */
export function archiveResult(stanza: Stanza, { id, at, queryId }: ArchiveResult): RawElement {
  const result = new Element('result', {
    xmlns: NS.mam,
    ...(queryId !== undefined && { queryid: queryId }),
    id,
  })
  return rawElement(result).append(forward(stanza, { stamp: new Date(at), reason: '' }))
}
