import type { C2sSession } from '@xmppkit/c2s'
import type { BareJid } from '@xmppkit/jid'
import type { Awaitable, Logger } from '@xmppkit/runtime'
import { withPhotoHash } from './presence-hash.js'

/** What {@link createPhotoHashes} needs. */
export interface PhotoHashesDeps {
  /** Finds out the hash of an account's photo. */
  readonly load: (account: BareJid) => Promise<string | undefined>
  /** Told of hashes that could not be read, and of presence that could not be sent again. */
  readonly logger: Logger
}

/** The hashes of the photos of accounts that are there: one short text for each, as long as it has sessions. */
export interface PhotoHashes {
  /** The hash of an account's photo, at once if it is known. */
  of(account: BareJid): Awaitable<string | undefined>
  /** The hash for the presence of a session, which is told when it changes; at once from the second time on. */
  for(session: C2sSession): Awaitable<string | undefined>
  /** The account has another vCard: its sessions send their presence again. */
  changed(account: BareJid, hash: string | undefined): Promise<void>
  /** A session is gone. */
  closed(session: Pick<C2sSession, 'sid' | 'jid'>): void
}

interface Entry {
  readonly sessions: Map<string, C2sSession>
  known: { readonly hash: string | undefined } | undefined
  loading: Promise<string | undefined> | undefined
}

/** Makes the hashes of one host. */
export function createPhotoHashes({ load, logger }: PhotoHashesDeps): PhotoHashes {
  const entries = new Map<string, Entry>()

  // A photo nobody can read now is no reason to keep anybody's presence back.
  const loadInto = async (entry: Entry, account: BareJid): Promise<string | undefined> => {
    try {
      const hash = await load(account)
      entry.known ??= { hash }
    } catch (cause) {
      logger.error('the hash of a photo could not be read', { account: account.toString(), cause })
    } finally {
      entry.loading = undefined
    }
    return entry.known?.hash
  }

  const announce = async (session: C2sSession, hash: string | undefined) => {
    try {
      await session.updatePresence((presence) => withPhotoHash(presence, hash))
    } catch (cause) {
      logger.error('presence could not be sent again', { jid: session.jid.toString(), cause })
    }
  }

  return {
    of(account) {
      const known = entries.get(account.toString())?.known
      return known ? known.hash : load(account)
    },
    for(session) {
      const key = session.account.toString()
      let entry = entries.get(key)
      if (entry === undefined) {
        entry = { sessions: new Map(), known: undefined, loading: undefined }
        if (!session.ended) entries.set(key, entry)
      }
      if (!session.ended) entry.sessions.set(session.sid, session)
      if (entry.known) return entry.known.hash
      entry.loading ??= loadInto(entry, session.account)
      return entry.loading
    },
    async changed(account, hash) {
      const entry = entries.get(account.toString())
      if (entry === undefined || (entry.known && entry.known.hash === hash)) return
      entry.known = { hash }
      for (const session of entry.sessions.values()) await announce(session, hash)
    },
    closed({ sid, jid }) {
      const key = jid.bare.toString()
      const entry = entries.get(key)
      if (entry?.sessions.delete(sid) && entry.sessions.size === 0) entries.delete(key)
    },
  }
}
