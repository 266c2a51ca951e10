import { createAccountData, userSendPacket } from '@xmppkit/c2s'
import { type Hooks, isDrop } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import type { BareJid } from '@xmppkit/jid'
import { type Awaitable, createScope, isThenable, type Logger } from '@xmppkit/runtime'
import { type Sessions, sessionClosed } from '@xmppkit/sessions'
import { NS, StanzaError } from '@xmppkit/stanza'
import type { KeyValue } from '@xmppkit/storage'
import type { RawElement } from '@xmppkit/xml'
import { createPhotoHashes } from './photo-hashes.js'
import { withPhotoHash } from './presence-hash.js'
import { vcardChanged, vcardSet } from './tokens.js'
import { type VCardOptions, vcardDefaults } from './vcard-options.js'
import { vcardGet, vcardOf, vcardPut } from './vcard-payload.js'
import { createVCardStore } from './vcard-store.js'

/** Collaborators of {@link createVCards}. */
export interface VCardsDeps {
  /** Where vCards are kept, by account. */
  readonly store: KeyValue
  /** The host's hooks: presence comes through them. */
  readonly hooks: Pick<Hooks, 'on' | 'fold' | 'run'>
  /** Knows whether a removed account still has sessions. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** Where requests come in. */
  readonly iq: Pick<Iq, 'handle'>
  /** Told of photos that could not be read. */
  readonly logger: Logger
}

/** The vCards of the accounts of one host. */
export interface VCards extends AsyncDisposable {
  /** The vCard of an account. */
  get(account: BareJid): Promise<RawElement | undefined>
  /**
   * Keeps an account's vCard in place of the one before; its sessions send their presence again if the photo is another.
   *
   * @throws StanzaError `policy-violation` if it is too large, `bad-request` if it is no vCard, or what a handler of
   * `vcardSet` throws
   */
  set(account: BareJid, vcard: RawElement): Promise<void>
  /**
   * Changes an account's vCard: `how` makes another of it, and nobody else's change gets lost in between. While a handler of
   * `vcardSet` is asked about it, other changes of the account wait, and must not be waited for by that handler.
   *
   * @throws StanzaError as {@link set} does
   */
  change(account: BareJid, how: (vcard: RawElement | undefined) => RawElement): Promise<void>
  /** Keeps the vCard an account had elsewhere, as it is: neither `maxBytes` nor a handler of `vcardSet` is asked. */
  restore(account: BareJid, vcard: RawElement): Promise<void>
  /** The hash of an account's photo: `''` for none, `undefined` without a vCard. At once while it has sessions. */
  photoHash(account: BareJid): Awaitable<string | undefined>
  /** Ends: requests are not answered any more. */
  close(): Promise<void>
}

/** Where in `userSendPacket` the hash is put in: behind privacy, before anybody notes the presence. */
const afterPrivacy = 60
const label = 'vcard'

/**
 * Answers for the vCards of accounts, of the server itself (XEP-0054), and puts the hash of the photo into the available
 * presence of clients, directed presence included (XEP-0153, XEP-0398 §5).
 *
 * Whoever asks for somebody else's vCard gets the same answer whether there is none or no such account (L-6).
 *
 * @example
 * ```ts
 * const vcards = createVCards({ store: storage.keyValue('vcard'), hooks, sessions, iq, logger })
 * ```
 */
export function createVCards(deps: VCardsDeps, options: VCardOptions = {}): VCards {
  const settings = Object.freeze({ ...vcardDefaults, ...options })
  const { hooks, sessions, logger } = deps
  const store = createVCardStore(deps.store)
  const scope = createScope()
  const data = scope.use(createAccountData({ hooks, sessions, removeAll: store.removeAll, label }))
  const hashes = createPhotoHashes({
    // One after another with changes: what is read belongs to one vCard.
    load: async (account) =>
      data.isLeaving(account) ? undefined : data.change(account, () => store.photoHash(account)),
    logger,
  })

  /** What is to be kept of what somebody sets; `undefined` if a handler dropped it. */
  const check = async (account: BareJid, vcard: RawElement): Promise<RawElement | undefined> => {
    if (vcard.name !== 'vCard' || vcard.ns !== NS.vcard) throw new StanzaError('bad-request')
    const checked = await hooks.fold(vcardSet, vcard, { account })
    if (isDrop(checked)) return undefined
    if (checked.size > settings.maxBytes) {
      throw new StanzaError('policy-violation', {
        text: `A vCard has at most ${settings.maxBytes} bytes.`,
      })
    }
    return checked
  }

  /** Keeps what `make` answers, if anything, before the next change of the account begins. */
  const keep = async (account: BareJid, make: () => Awaitable<RawElement | undefined>) => {
    const photoHash = await data.change(account, async () => {
      const vcard = await make()
      return vcard && store.set(account, vcard)
    })
    if (photoHash === undefined) return
    await hashes.changed(account, photoHash)
    await hooks.run(vcardChanged, { account, photoHash })
  }

  const set = async (account: BareJid, vcard: RawElement) => {
    const checked = await check(account, vcard)
    if (checked !== undefined) await keep(account, () => checked)
  }

  serveRequests(
    { ...deps, get: store.get, set, use: scope.use },
    { ...vcardDefaults.server, ...settings.server },
  )
  scope.use(
    hooks.on(
      userSendPacket,
      (stanza, { session }) => {
        if (stanza.kind !== 'presence' || stanza.type !== 'available') return stanza
        const hash = hashes.for(session)
        return isThenable(hash)
          ? hash.then((known) => withPhotoHash(stanza, known))
          : withPhotoHash(stanza, hash)
      },
      { seq: afterPrivacy, label },
    ),
  )
  scope.use(hooks.on(sessionClosed, ({ session }) => hashes.closed(session), { label }))

  return {
    get: store.get,
    set,
    change: (account, how) => keep(account, async () => check(account, how(await store.get(account)))),
    restore: (account, vcard) => keep(account, () => vcard),
    photoHash: hashes.of,
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}

function serveRequests(
  deps: Pick<VCardsDeps, 'iq'> & Pick<VCards, 'get' | 'set'> & { use(registration: Disposable): void },
  server: { readonly name: string; readonly url: string; readonly description: string },
): void {
  const { iq, get, set, use } = deps
  use(
    iq.handle(vcardGet, 'account', async ({ from, to }) => {
      const vcard = await get(to.bare)
      if (vcard !== undefined) return vcard.toElement()
      // XEP-0054 §3.3: for others as if there were no account; §3.1: for oneself the plain truth.
      throw new StanzaError(from.bare.equals(to) ? 'item-not-found' : 'service-unavailable')
    }),
  )
  use(
    iq.handle(vcardPut, 'account', ({ from, to, stanza }) => {
      const vcard = stanza.raw.child('vCard', NS.vcard)
      if (!from.bare.equals(to) || vcard === undefined) throw new StanzaError('forbidden')
      return set(to.bare, vcard)
    }),
  )
  use(
    iq.handle(vcardGet, 'server', () => {
      if (server.name === '') throw new StanzaError('service-unavailable')
      return vcardOf({ FN: server.name, URL: server.url, DESC: server.description })
    }),
  )
  use(
    iq.handle(vcardPut, 'server', () => {
      throw new StanzaError('forbidden')
    }),
  )
}
