import { NS, type Stanza } from '@xmppkit/stanza'
import type { RawElement } from '@xmppkit/xml'

/** Which kinds of stanza may wait. */
export interface HoldingRules {
  /** Presence. */
  readonly holdPresence: boolean
  /** Chat states. */
  readonly holdChatStates: boolean
  /** What contacts publish. */
  readonly holdPep: boolean
}

/**
 * Whether a stanza may wait until somebody looks at the client, and what it takes the place of then: of two with the same
 * answer only the later is of interest. `undefined` for what is important.
 */
export function holdingKey(stanza: Stanza, rules: HoldingRules): string | undefined {
  if (stanza.kind === 'iq' || stanza.type === 'error') return undefined
  if (stanza.kind === 'presence') return rules.holdPresence ? presenceKey(stanza) : undefined
  if (rules.holdPep && stanza.has('event', NS.pubsubEvent)) return pepKey(stanza)
  return rules.holdChatStates ? chatStateKey(stanza) : undefined
}

// Requests are for somebody to answer, and what a room says of the client itself decides what it can do there.
function presenceKey({ type, from, raw }: Stanza): string | undefined {
  if (type !== 'available' && type !== 'unavailable') return undefined
  return isRoomSelfPresence(raw) ? undefined : `presence ${from}`
}

/** XEP-0045 §7.2.2: status 110. */
function isRoomSelfPresence(raw: RawElement): boolean {
  const x = raw.child('x', NS.mucUser)
  if (x === undefined) return false
  return x.children.some(({ name }, at) => name === 'status' && x.childAt(at).attr('code') === '110')
}

// XEP-0163 §4.3: what a contact publishes comes from its bare address; other services may mean what they send.
function pepKey({ from, raw }: Stanza): string | undefined {
  if (from === undefined || !from.isBare || from.local === '' || raw.has('body', raw.ns)) return undefined
  const event = raw.child('event', NS.pubsubEvent)
  const items = event?.child('items', NS.pubsubEvent)
  const node = items?.attr('node')
  // Purged, deleted or configured nodes are rare, and every one counts.
  if (items === undefined || node === undefined || items.children.length !== 1) return undefined
  // An item and its retraction are told by the same id; different items of a node are different things.
  return `pep ${from} ${node} ${items.childAt(0).attr('id') ?? ''}`
}

function chatStateKey(stanza: Stanza): string | undefined {
  const copied = stanza.raw.child('received', NS.carbons) ?? stanza.raw.child('sent', NS.carbons)
  if (copied === undefined) return isOnlyChatState(stanza.raw) ? `chat state ${stanza.from}` : undefined
  const original = copied.child('forwarded', NS.forward)?.child('message', stanza.raw.ns)
  if (original === undefined || !isOnlyChatState(original)) return undefined
  return `copied chat state ${original.attr('from')} ${original.attr('to')}`
}

/** Whether there is a chat state, and nothing with it that means something by itself. */
function isOnlyChatState(message: RawElement): boolean {
  if (message.attr('type') === 'error') return false
  let found = false
  for (const { name, ns } of message.children) {
    if (ns === NS.chatStates) found = true
    else if (!isAncillary(name, ns, message.ns)) return false
  }
  return found
}

const ancillary: ReadonlySet<string> = new Set([NS.hints, NS.stanzaIds, NS.delay, NS.occupantId])

function isAncillary(name: string, ns: string, contentNs: string): boolean {
  return ancillary.has(ns) || (name === 'thread' && ns === contentNs)
}
