import type { UserDataName, UserDataPart, UserDataPiece } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import { forward, forwarded, NS } from '@xmppkit/stanza'
import { Element, type RawElement, rawElement } from '@xmppkit/xml'
import { readArchived } from './archived-stanza.js'
import { ArchiveError } from './errors.js'
import type { ArchivedMessage, ArchivePreferences, ArchiveStore, NewArchivedMessage } from './ports.js'
import type { Preferences } from './preferences.js'
import { preferencesGet } from './query-codecs.js'
import { archiveEntry } from './recording.js'
import { withoutForgedIds } from './stanza-ids.js'

const container: UserDataName = { name: 'archive', ns: 'urn:xmpp:pie:0#mam' }
const pageSize = 50

/** Archives, and what people want archived, as a part of what is kept for accounts (XEP-0227 §4.11, XEP-0441). */
export function archiveData(
  store: ArchiveStore,
  preferences: Pick<Preferences, 'set' | 'remove'>,
): UserDataPart {
  return {
    name: 'archive',
    bulky: true,
    async *export(account): AsyncIterable<UserDataPiece> {
      const wanted = await store.preferences(account)
      if (wanted !== undefined) yield { element: preferencesElement(wanted) }
      for await (const message of messagesOf(store, account)) {
        yield { element: resultOf(message, account), within: container }
      }
    },
    reads: [
      { ...container, each: true },
      { name: 'prefs', ns: NS.mam },
    ],
    async import(account, element, within) {
      if (within === undefined) await preferences.set(account, preferencesIn(element))
      else await store.append(account, [messageIn(element, account)])
    },
    async remove(account, limit) {
      const removed = await store.remove(account, { limit })
      if (removed < limit) await preferences.remove(account)
      return removed
    },
    accounts: (domain, page) => store.accounts(domain, page),
  }
}

async function* messagesOf(store: ArchiveStore, account: BareJid): AsyncIterable<ArchivedMessage> {
  for (let last: string | undefined; ; ) {
    const after = last === undefined ? {} : { after: [last] }
    const page = await store.page(account, { limit: pageSize, ...after })
    if (page === 'unknown-id') {
      throw new ArchiveError('archive/unreadable', `the archive of ${account} changed while it was read`)
    }
    yield* page.messages
    if (page.complete) return
    last = page.messages.at(-1)!.id
  }
}

function resultOf(archived: ArchivedMessage, account: BareJid): RawElement {
  const when = { stamp: new Date(archived.at), reason: '' }
  const result = new Element('result', { xmlns: NS.mam, id: archived.id })
  return rawElement(result).append(forward(readArchived(archived, account), when))
}

function messageIn(result: RawElement, account: BareJid): NewArchivedMessage {
  const { id, inside } = { id: result.attr('id'), inside: result.childElement('forwarded', NS.forward) }
  const { delay, stanza } = inside ? forwarded.decode(inside) : { delay: undefined, stanza: undefined }
  if (!id || id.length > 64 || delay === undefined || stanza?.from === undefined) {
    throw new ArchiveError(
      'archive/unreadable',
      'a result needs an id, a time, and a message with its sender',
    )
  }
  const { from, to } = stanza
  const isSent = from.bare.equals(account) && to !== undefined && !to.bare.equals(account)
  const direction = isSent ? ('sent' as const) : ('received' as const)
  const at = delay.stamp.getTime()
  return archiveEntry(withoutForgedIds(stanza, account), isSent ? to : from, { id, at, direction })
}

function preferencesElement({ default: usual, always, never }: ArchivePreferences): Element {
  return preferencesGet.request.encode({ default: usual, always: { jids: always }, never: { jids: never } })
}

function preferencesIn(element: RawElement): ArchivePreferences {
  const { default: usual, always, never } = preferencesGet.request.decode(element.toElement())
  return { default: usual ?? 'always', always: always?.jids ?? [], never: never?.jids ?? [] }
}
