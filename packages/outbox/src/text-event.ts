import type { Occurrence } from './event-sources.js'

/** An event as it is kept and sent: once, so that a signature holds for every try. */
export interface TextEvent {
  /** With everything it tells. */
  readonly full: string
  /** Without what messages say. */
  readonly bare: string
}

/** Writes an event down. */
export function textEvent(
  { type, account, conversation, data }: Occurrence,
  { id, at }: { readonly id: string; readonly at: number },
): TextEvent {
  const about = { id, type, timestamp: new Date(at).toISOString(), domain: account.domain, conversation }
  return {
    full: JSON.stringify({ ...about, data }),
    get bare() {
      const { body: _, stanza: __, status: ___, ...rest }: Record<string, unknown> = { ...data }
      return JSON.stringify({ ...about, data: rest })
    },
  }
}
