import { attr, defineIq, element, string } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'

/** Namespace of client access management (XEP-0494). */
export const clientAccessNs = 'urn:xmpp:cam:0'

/** What is known of one client that has access to an account. */
export interface AccessingClient {
  /** An opaque name for it, for the account alone. */
  readonly id: string
  /** Whether it has a session, connected or waiting to be resumed. */
  readonly connected: boolean
  /** When its session was opened, in milliseconds since 1970, where it has one. */
  readonly firstSeenAt?: number
  /** When it was last seen, in milliseconds since 1970. */
  readonly lastSeenAt: number
  /** What it is known to have proven itself with. */
  readonly auth: readonly ('password' | 'grant' | 'fast')[]
  readonly software?: string
  readonly device?: string
}

/** Asks which clients have access. */
export const clientListGet = defineIq({ type: 'get', request: element('list', clientAccessNs, {}) })

/** Takes the access of one. */
export const clientRevokeSet = defineIq({
  type: 'set',
  request: element('revoke', clientAccessNs, { id: attr('id', string) }),
})

/** The `<clients/>` of the answer. */
export function clientsElement(clients: readonly AccessingClient[]): Element {
  const list = new Element('clients', { xmlns: clientAccessNs })
  for (const client of clients) list.cnode(clientElement(client))
  return list
}

function clientElement({ id, connected, auth, ...seen }: AccessingClient): Element {
  const el = new Element('client', { connected: String(connected), id, type: 'session' })
  const { firstSeenAt, lastSeenAt, software, device } = seen
  if (firstSeenAt !== undefined) el.c('first-seen').t(moment(firstSeenAt))
  el.c('last-seen').t(moment(lastSeenAt))
  const methods = el.c('auth')
  for (const method of auth) methods.c(method)
  el.c('permission', { status: 'unrestricted' })
  const agent = el.c('user-agent')
  if (software !== undefined) agent.c('software').t(software)
  if (device !== undefined) agent.c('device').t(device)
  return el
}

// XEP-0082, to the second.
function moment(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}
