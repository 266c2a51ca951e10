import type { FullJid, Jid } from '@xmppkit/jid'
import { readPriority, type Stanza, type StanzaChanges, StanzaError, StreamError } from '@xmppkit/stanza'
import { withoutForgedDelays } from './forged-delay.js'

/** Whose stanza is stamped, and in which language its stream is. */
export interface Sender {
  readonly jid: FullJid
  readonly lang: string | undefined
}

/**
 * Puts the sender's name and language on a stanza of a client, and an addressee where that goes without saying (RFC 6120
 * §8.1, §10.3).
 *
 * Subscription presence is between accounts: both addresses become bare (RFC 6121 §3.1.2). A message or iq without `to` is
 * for the own account. Presence without `to` stays so: it is the broadcast. What pretends to be the server's own word is
 * taken out.
 *
 * @throws StreamError `invalid-from` for somebody else's name
 * @throws StanzaError `bad-request` for presence that needs an addressee, and for a broadcast with an invalid priority
 */
export function stamp(stanza: Stanza, sender: Sender): Stanza {
  const { jid } = sender
  if (stanza.from !== undefined && !mayUse(stanza.from, jid)) throw new StreamError('invalid-from')
  const changes = addresses(stanza, jid)
  // D-7: what names a language keeps it.
  if (sender.lang !== undefined && stanza.lang === undefined) changes.lang = sender.lang
  return withoutForgedDelays(stanza.with(changes), jid)
}

type Changes = { -readonly [K in keyof StanzaChanges]: StanzaChanges[K] }

function mayUse(from: Jid, own: FullJid): boolean {
  return from.equals(own) || from.equals(own.bare)
}

function addresses(stanza: Stanza, own: FullJid): Changes {
  const { kind, to } = stanza
  if (kind !== 'presence') return to === undefined ? { from: own, to: own.bare } : { from: own }
  if (isSubscription(stanza)) {
    if (to === undefined) throw new StanzaError('bad-request', { text: 'a subscription needs an addressee' })
    return { from: own.bare, to: to.bare }
  }
  if (to === undefined) checkBroadcast(stanza)
  return { from: own }
}

function checkBroadcast(stanza: Stanza): void {
  // N-6: found out here, before anybody is told of it.
  if (stanza.type === 'available') readPriority(stanza)
  else if (stanza.type !== 'unavailable') {
    throw new StanzaError('bad-request', { text: 'this type of presence needs an addressee' })
  }
}

function isSubscription({ type }: Stanza): boolean {
  return type === 'subscribe' || type === 'subscribed' || type === 'unsubscribe' || type === 'unsubscribed'
}
