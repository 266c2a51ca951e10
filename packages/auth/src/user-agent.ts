import { NS } from '@xmppkit/stanza'
import type { RawElement } from '@xmppkit/xml'

/** What a client says of itself when it logs in (XEP-0388 §2.3). Never shown to other entities. */
export interface UserAgent {
  /** Identifies this installation of the client, always the same: a UUID of version 4, in lower case. */
  readonly id?: string
  /** Name of the software, at most 128 characters. */
  readonly software?: string
  /** Name of the device, at most 128 characters. */
  readonly device?: string
}

/** Longest name of software or device that is kept, in characters. */
const maxNameCharacters = 128

// RFC 9562 §5.4
const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const unknown: UserAgent = Object.freeze({})

/**
 * Reads the `<user-agent/>` of a login.
 *
 * @returns what it says; `'invalid'` if there are several or the id is no UUID of version 4
 */
export function readUserAgent(request: RawElement): UserAgent | 'invalid' {
  const agents = request.children.filter(({ name, ns }) => name === 'user-agent' && ns === NS.sasl2)
  if (agents.length === 0) return unknown
  const el = request.child('user-agent', NS.sasl2)
  if (el === undefined || agents.length > 1) return 'invalid'
  const id = el.attr('id')?.toLowerCase()
  if (id !== undefined && !uuid4.test(id)) return 'invalid'
  const [software, device] = [nameIn(el, 'software'), nameIn(el, 'device')]
  return { ...(id && { id }), ...(software && { software }), ...(device && { device }) }
}

function nameIn(el: RawElement, name: string): string | undefined {
  const text = el.child(name, NS.sasl2)?.text().trim()
  return text === undefined ? undefined : [...text].slice(0, maxNameCharacters).join('')
}
