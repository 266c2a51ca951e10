import type { BareJid, Jid } from '@xmppkit/jid'
import { type Awaitable, isThenable } from '@xmppkit/runtime'
import type { ArchivePreferences, ArchiveStore } from './ports.js'

/** Knows who is in whose contact list, for the preference `roster`. */
export interface ArchiveContacts {
  /** Tells whether the account has this contact. */
  isContact(account: BareJid, contact: BareJid): Awaitable<boolean>
}

/** What {@link createPreferences} needs. */
export interface PreferencesDeps {
  /** Where they are kept. */
  readonly store: Pick<ArchiveStore, 'preferences' | 'setPreferences'>
  /** Who is a contact; without it nobody is. */
  readonly contacts?: ArchiveContacts
}

/** What accounts want archived, remembered so that a message costs no question to the store. */
export interface Preferences {
  /** Whether messages between an account and somebody are archived. */
  allow(account: BareJid, peer: Jid): Awaitable<boolean>
  /** What an account wants. */
  get(account: BareJid): Awaitable<ArchivePreferences>
  /** Keeps what an account wants. */
  set(account: BareJid, preferences: ArchivePreferences): Promise<void>
  /** The account is gone. */
  remove(account: BareJid): Promise<void>
}

/** Makes the preferences of one host. */
export function createPreferences(
  { store, contacts }: PreferencesDeps,
  options: { readonly defaultPreference: ArchivePreferences['default']; readonly cachedPreferences: number },
): Preferences {
  const usual: ArchivePreferences = Object.freeze({
    default: options.defaultPreference,
    always: [],
    never: [],
  })
  const known = new Map<string, ArchivePreferences>()

  const remember = (key: string, preferences: ArchivePreferences) => {
    // The one not asked for longest goes.
    known.delete(key)
    known.set(key, preferences)
    if (known.size > options.cachedPreferences) known.delete(known.keys().next().value as string)
    return preferences
  }

  const load = async (account: BareJid): Promise<ArchivePreferences> => {
    const loaded = (await store.preferences(account)) ?? usual
    const key = account.toString()
    // What was set meanwhile is newer.
    return known.get(key) ?? remember(key, loaded)
  }

  const get = (account: BareJid): Awaitable<ArchivePreferences> => {
    const key = account.toString()
    const preferences = known.get(key)
    return preferences === undefined ? load(account) : remember(key, preferences)
  }

  const decide = (account: BareJid, peer: Jid, preferences: ArchivePreferences): Awaitable<boolean> => {
    if (includes(preferences.never, peer)) return false
    if (includes(preferences.always, peer)) return true
    if (preferences.default !== 'roster') return preferences.default === 'always'
    return contacts?.isContact(account, peer.bare) ?? false
  }

  return {
    get,
    allow(account, peer) {
      const preferences = get(account)
      return isThenable(preferences)
        ? preferences.then((loaded) => decide(account, peer, loaded))
        : decide(account, peer, preferences)
    },
    async set(account, preferences) {
      await store.setPreferences(account, preferences)
      remember(account.toString(), preferences)
    },
    async remove(account) {
      await store.setPreferences(account, undefined)
      known.delete(account.toString())
    },
  }
}

// XEP-0441 §2.2.1: a listed bare address stands for all its resources.
function includes(list: readonly Jid[], peer: Jid): boolean {
  return list.some((one) => (one.isBare ? peer.bare.equals(one) : peer.equals(one)))
}
