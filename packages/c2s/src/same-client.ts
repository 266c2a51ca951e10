import type { Sessions } from '@xmppkit/sessions'
import { StreamError } from '@xmppkit/stanza'
import type { C2sSession } from './session.js'

/**
 * Ends the sessions an installation of a client has left behind: it has a new one now (XEP-0386 §3.2).
 *
 * @param session - the new one
 * @param clientId - the id the client gave with SASL2
 */
export async function endEarlierSessions(
  sessions: Pick<Sessions, 'resources' | 'kick'>,
  session: C2sSession,
  clientId: string,
): Promise<void> {
  const all = sessions.resources(session.account)
  // Not among them if it was replaced while it was opened. What came after it is not for it to end.
  const own = all.findIndex(({ sid }) => sid === session.sid)
  const earlier = all.filter(({ info }, at) => at < own && info.clientId === clientId)
  const error = new StreamError('conflict', { text: 'the same client has a new session' })
  await Promise.all(earlier.map(({ jid }) => sessions.kick(jid, error)))
}
