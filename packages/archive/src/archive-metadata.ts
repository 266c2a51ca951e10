import type { C2s } from '@xmppkit/c2s'
import type { BareJid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { SessionRecord } from '@xmppkit/sessions'
import type { Infer } from '@xmppkit/stanza'
import type { ArchiveStore } from './ports.js'
import { metadata } from './query-codecs.js'

// Last of all that a new session gets: what is not in it will be delivered (XEP-0386 §3.2).
const afterEverything = 90

/** The ends of an archive at this moment (XEP-0313 §5); neither is there if it is empty. */
export async function metadataOf(
  store: Pick<ArchiveStore, 'bounds'>,
  account: BareJid,
): Promise<Infer<typeof metadata>> {
  const bounds = await store.bounds(account)
  if (bounds === undefined) return {}
  const { first, last } = bounds
  return {
    start: { id: first.id, timestamp: new Date(first.at) },
    end: { id: last.id, timestamp: new Date(last.at) },
  }
}

/**
 * Tells every client that binds with XEP-0386 what is in its archive: from there it gets what it missed.
 *
 * @param syncs - told of each, before what comes next could be missing in what it was told
 */
export function tellWhileBinding(
  bind2: C2s['bind2'],
  store: Pick<ArchiveStore, 'bounds'>,
  syncs: (session: Pick<SessionRecord, 'sid' | 'jid'>) => Awaitable<void>,
): Disposable {
  return bind2.add({
    name: 'archive',
    seq: afterEverything,
    wants: () => true,
    async negotiate({ session }) {
      await syncs(session)
      return metadata.encode(await metadataOf(store, session.account))
    },
  })
}
