import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { NS, StreamError } from '@xmppkit/stanza'
import type { StreamFeature, StreamState } from '@xmppkit/stream'
import { Element } from '@xmppkit/xml'

/** What a client's words lead to. */
export interface StateChanges {
  active(session: SessionRecord): void
  inactive(session: SessionRecord): void
}

// The same for all streams, and so written once.
const advertised = new Element('csi', { xmlns: NS.clientState })

/** Offers client state indication once it is known whose client it is (XEP-0352 §4.1), and hears what clients say. */
export function clientStateFeature(
  sessions: Pick<Sessions, 'resources'>,
  changes: StateChanges,
): StreamFeature {
  return {
    name: 'client-state',
    ns: NS.clientState,
    offered: ({ authenticated }) => authenticated !== undefined,
    advertise: () => advertised,
    // It ends before the client's next element is looked at (rule S-18).
    negotiate({ name }, { state }) {
      if (name !== 'active' && name !== 'inactive') throw new StreamError('unsupported-stanza-type')
      changes[name](sessionOf(sessions, state))
      return {}
    },
  }
}

function sessionOf(sessions: Pick<Sessions, 'resources'>, { bound }: StreamState): SessionRecord {
  const session = bound && sessions.resources(bound.bare).find(({ jid }) => jid.equals(bound))
  if (session === undefined) throw new StreamError('not-authorized', { text: 'there is no session yet' })
  return session
}
