import type { Jid } from '@xmppkit/jid'
import { dateTime, NS, type Stanza } from '@xmppkit/stanza'
import { Element, textFromWire } from '@xmppkit/xml'
import { retractNs } from './archivable.js'
import { readArchived } from './archived-stanza.js'
import type { ArchiveStore } from './ports.js'
import { originIdOf } from './stanza-ids.js'
import type { ArchivingContext } from './tokens.js'

/** The id of the message this one retracts (XEP-0424); undefined if it retracts none. */
export function retractedId(message: Stanza): string | undefined {
  return message.raw.child('retract', retractNs)?.attr('id')
}

/**
 * Puts a tombstone in the place of the message that was retracted, in the archive the retraction is in. Only its author can
 * do so: it must have gone the same way, between the same two (XEP-0424 §5, rule SEC-22).
 */
export async function buryRetracted(
  store: Pick<ArchiveStore, 'find' | 'replace'>,
  { account, peer, direction }: ArchivingContext,
  retraction: Stanza,
  at: number,
): Promise<void> {
  const originId = retractedId(retraction)
  const id = originIdOf(retraction)
  if (originId === undefined || id === undefined) return
  const found = await store.find(account, { with: peer.bare, direction, originId })
  if (found === undefined) return
  const original = readArchived(found, account)
  if (isBySame(original, retraction)) await store.replace(account, found.id, tombstone(original, { id, at }))
}

// XEP-0424 §5: behind the bare address of a room are many people, told apart by the resource.
function isBySame(original: Stanza, retraction: Stanza): boolean {
  const isOfRoom = [original, retraction].some((one) => one.has('x', NS.mucUser))
  if (!isOfRoom) return true
  const same = (one: Jid | undefined, other: Jid | undefined) =>
    one !== undefined && other !== undefined && one.equals(other)
  return same(original.from, retraction.from) && same(original.to, retraction.to)
}

/** What is left of a retracted message: its attributes, and where to find the retraction (XEP-0424 §4). */
function tombstone({ raw }: Stanza, { id, at }: { readonly id: string; readonly at: number }): string {
  const retracted = new Element('retracted', { xmlns: retractNs, id, stamp: dateTime.print(new Date(at)) })
  return textFromWire(
    raw
      .filterChildren(() => false)
      .append(retracted)
      .toWire(),
  )
}
