import { NS } from '@xmppkit/stanza'
import type { StreamFeature, StreamState } from '@xmppkit/stream'
import { Element } from '@xmppkit/xml'

/** Says that rosters have versions (RFC 6121 §2.6.1); nothing to negotiate. */
export const rosterVersioningFeature: StreamFeature = informational(
  'roster-versioning',
  'ver',
  NS.rosterVersioning,
)

/** Says that requests may be approved before they come (RFC 6121 §3.4); nothing to negotiate. */
export const preApprovalFeature: StreamFeature = informational('pre-approval', 'sub', NS.preApproval)

function informational(name: string, element: string, ns: string): StreamFeature {
  // The same for all streams, and so written once.
  const advertised = new Element(element, { xmlns: ns })
  return {
    name,
    ns,
    offered: (state: StreamState) => state.authenticated !== undefined,
    advertise: () => advertised,
    handles: () => false,
  }
}
