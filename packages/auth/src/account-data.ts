import type { Hooks } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import type { Clock, Ids } from '@xmppkit/runtime'
import type { ScramHash, ScramVerifier } from '@xmppkit/sasl'
import { dateTime } from '@xmppkit/stanza'
import { Element, type RawElement } from '@xmppkit/xml'
import { AuthError } from './errors.js'
import type { AccountStore, StoredAccount } from './ports.js'
import { registerUser } from './tokens.js'
import type { UserDataPart, UserDataPiece } from './user-data.js'

/** Collaborators of {@link accountData}. */
export interface AccountDataPartDeps {
  /** Where accounts are kept. */
  readonly store: Pick<AccountStore, 'create' | 'get' | 'setCredentials' | 'setDisabled'>
  /** Fires `registerUser` for accounts that are made. */
  readonly hooks: Pick<Hooks, 'run'>
  /** Dates accounts of which nobody says when they were made. */
  readonly clock: Pick<Clock, 'now'>
  /** Makes the ids of accounts. */
  readonly ids: Ids
}

const scramNs = 'urn:xmpp:pie:0#scram'
const accountNs = 'urn:xmppkit:export:0'
const hashes: readonly ScramHash[] = ['SHA-1', 'SHA-256', 'SHA-512']
const maxIterations = 10_000_000

/**
 * The account itself as a part of what is kept for it: its SCRAM verifiers (XEP-0227), when it was made, and why it is
 * disabled. Passwords are not known. Whoever removes accounts removes it last, so this removes nothing.
 */
export function accountData({ store, hooks, clock, ids }: AccountDataPartDeps): UserDataPart {
  const create = async (account: BareJid, known: Partial<StoredAccount>) => {
    const id = ids.next()
    const made = await store.create(account, { createdAt: clock.now(), scram: [], ...known, id })
    if (made) await hooks.run(registerUser, { account, id })
    return made
  }
  const importAccount = async (account: BareJid, element: RawElement) => {
    const created = element.attr('created')
    const disabled = element.attr('disabled')
    const known = {
      ...(created && { createdAt: dateTime.parse(created).getTime() }),
      ...(disabled && { disabled }),
    }
    if (!(await create(account, known)) && disabled) await store.setDisabled(account, disabled)
  }
  const importVerifier = async (account: BareJid, element: RawElement) => {
    const verifier = verifierIn(element)
    const stored = await store.get(account)
    if (stored === undefined) return void (await create(account, { scram: [verifier] }))
    const others = stored.scram.filter(({ hash }) => hash !== verifier.hash)
    await store.setCredentials(account, { scram: [...others, verifier] })
  }
  return {
    name: 'auth',
    async *export(account): AsyncIterable<UserDataPiece> {
      const stored = await store.get(account)
      if (stored === undefined) return
      yield { element: describe(stored) }
      for (const verifier of stored.scram) yield { element: credentials(verifier) }
    },
    reads: [
      { name: 'account', ns: accountNs },
      { name: 'scram-credentials', ns: scramNs },
    ],
    import: (account, element) =>
      element.ns === accountNs ? importAccount(account, element) : importVerifier(account, element),
    remove: async () => 0,
  }
}

function describe({ createdAt, disabled }: StoredAccount): Element {
  const created = dateTime.print(new Date(createdAt))
  return new Element('account', { xmlns: accountNs, created, ...(disabled !== undefined && { disabled }) })
}

function credentials({ hash, iterations, salt, serverKey, storedKey }: ScramVerifier): Element {
  const element = new Element('scram-credentials', { xmlns: scramNs, mechanism: `SCRAM-${hash}` })
  const texts = {
    'iter-count': String(iterations),
    salt: base64(salt),
    'server-key': base64(serverKey),
    'stored-key': base64(storedKey),
  }
  for (const [name, text] of Object.entries(texts)) element.c(name).t(text)
  return element
}

function verifierIn(element: RawElement): ScramVerifier {
  const mechanism = element.attr('mechanism')
  const hash = hashes.find((one) => mechanism === `SCRAM-${one}`)
  const text = (name: string) => element.childText(name, scramNs) ?? ''
  const iterations = Number(text('iter-count'))
  if (
    hash === undefined ||
    !(Number.isSafeInteger(iterations) && iterations > 0 && iterations <= maxIterations)
  ) {
    throw new AuthError('auth/invalid-account', `credentials of ${mechanism} cannot be used`)
  }
  const bytes = (name: string) => new Uint8Array(Buffer.from(text(name), 'base64'))
  return {
    hash,
    iterations,
    salt: bytes('salt'),
    serverKey: bytes('server-key'),
    storedKey: bytes('stored-key'),
  }
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
