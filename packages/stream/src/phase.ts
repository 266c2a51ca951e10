/**
 * Where a stream stands. It only moves down this list, but for a restart, which begins at `header` again:
 *
 * - `header`: waiting for the peer's stream header, at first and after every restart
 * - `negotiating`: features are on offer
 * - `established`: stanzas flow
 * - `closing`: our closing tag is out, the peer's is awaited and what it sends until then still counts (RFC 6120 §4.4)
 * - `ended`: nothing is read or taken any more, the transport sends what it has
 * - `gone`: the transport is gone
 */
export type Phase = 'header' | 'negotiating' | 'established' | 'closing' | 'ended' | 'gone'

/** The phases that may follow each phase. */
export const nextPhases: Readonly<Record<Phase, readonly Phase[]>> = Object.freeze({
  header: ['negotiating', 'established', 'closing', 'ended', 'gone'],
  negotiating: ['header', 'established', 'closing', 'ended', 'gone'],
  established: ['closing', 'ended', 'gone'],
  closing: ['ended', 'gone'],
  ended: ['gone'],
  gone: [],
})
