import { type Accounts, type UserDataPart, userData } from '@xmppkit/auth'
import { type Hooks, isDrop } from '@xmppkit/hooks'
import { type BareJid, parseJid, prepareDomain } from '@xmppkit/jid'
import type { Ids, Logger } from '@xmppkit/runtime'
import { createErasing, type Erased } from './erase-data.js'
import { PersonalDataError } from './errors.js'
import { type ImportOptions, type ImportReport, importData } from './import-data.js'
import type { ExportSink } from './ports.js'
import { unlessReadOnly } from './read-only.js'
import { documentEnd, documentStart, writeUser } from './write-document.js'

/** Collaborators of {@link createPersonalData}. */
export interface PersonalDataDeps {
  /** The accounts it is about. */
  readonly accounts: Pick<
    Accounts,
    'count' | 'exists' | 'get' | 'list' | 'register' | 'remove' | 'setDisabled'
  >
  /** Asks features for their parts with `userData`, and tells them of accounts that go with `removeUser`. */
  readonly hooks: Pick<Hooks, 'fold' | 'run'>
  /** Serves domains no longer before they are erased; `HostService` of `@xmppkit/module` fits. */
  readonly host: { removeDomain(domain: string): Promise<void> }
  /** Which domains are served now. */
  readonly domains: { has(domain: string): boolean }
  /** Makes passwords of accounts that are imported without any. */
  readonly ids: Ids
  /** Told of what could not be imported. */
  readonly logger: Logger
}

/** Options of {@link createPersonalData}. */
export interface PersonalDataOptions {
  /**
   * Characters of one piece of an import, a message or a vCard: what is longer ends the import. Keeps a file from filling the
   * memory.
   *
   * @default 16_777_216
   */
  readonly maxElementLength?: number
}

/** What {@link createPersonalData} uses for options not given. */
export const personalDataDefaults: Readonly<Required<PersonalDataOptions>> = Object.freeze({
  maxElementLength: 16_777_216,
})

/** What is kept for the accounts of a host. */
export interface PersonalData {
  /**
   * Writes everything that is kept for an account, as an XEP-0227 document of its own. Yields after each piece, and goes on when
   * asked for the next one: memory holds one piece, and a slow sink is waited for.
   *
   * The document holds SCRAM verifiers, with which passwords can be guessed: keep it like a password.
   */
  exportUser(account: BareJid, sink: ExportSink): AsyncGenerator<void>
  /** The same for all accounts of a domain, served or not. */
  exportDomain(domain: string, sink: ExportSink): AsyncGenerator<void>
  /**
   * Reads an XEP-0227 document. Yields how far it is after each account, and returns what became of it. The domains must be
   * served; passwords in clear are hashed, and accounts without credentials get a password nobody knows.
   *
   * @throws PersonalDataError `personal-data/unreadable`; what was read before stays
   */
  import(
    chunks: AsyncIterable<Uint8Array | string>,
    options?: ImportOptions,
  ): AsyncGenerator<ImportReport, ImportReport>
  /**
   * Removes up to about `limit` things of an account: its sessions end, its tokens are revoked, its contacts are told, and
   * nothing of it is left once it answers `finished`. Until then nobody can log in to it, and calling again goes on.
   *
   * @throws whatever a store throws; nothing is said to be erased that is not
   */
  eraseUser(account: BareJid, limit?: number): Promise<Erased>
  /**
   * Serves a domain no longer, and removes up to about `limit` things of it and its accounts.
   *
   * @throws PersonalDataError `personal-data/not-erased` when it is being served again; whatever a store throws
   */
  eraseDomain(domain: string, limit?: number): Promise<Erased>
  /** How many accounts there are to erase: one or none of an account, all of a domain; 0 where they are kept elsewhere. */
  count(about: BareJid | string): Promise<number>
  /** Tells when an account is about to be erased, so that what is under way for it can end. */
  onLeaving(listener: (account: BareJid) => void): Disposable
}

const pageSize = 100

/**
 * Makes the block that hands out, takes in and erases what is kept for people. What there is, features say: `userData` of
 * `@xmppkit/auth`.
 *
 * @example
 * ```ts
 * const personalData = createPersonalData({ accounts, hooks, host, domains: host.domains, ids, logger })
 * for await (const _ of personalData.exportUser(account, { write: (text) => void file.push(text) }));
 * while (!(await personalData.eraseUser(account)).finished);
 * ```
 */
export function createPersonalData(deps: PersonalDataDeps, options: PersonalDataOptions = {}): PersonalData {
  const { accounts, hooks, host, domains } = deps
  const { maxElementLength } = Object.freeze({ ...personalDataDefaults, ...options })
  const listeners = new Set<(account: BareJid) => void>()
  const parts = async (): Promise<readonly UserDataPart[]> => {
    const found = await hooks.fold(userData, [])
    return isDrop(found) ? [] : found
  }
  const leaving = (account: BareJid) => {
    for (const listener of listeners) listener(account)
  }
  const erasing = createErasing({ accounts, hooks, parts, leaving })

  async function* write(
    domain: string,
    sink: ExportSink,
    users: AsyncIterable<BareJid>,
  ): AsyncGenerator<void> {
    const all = await parts()
    await sink.write(documentStart(domain))
    for await (const account of users) yield* writeUser(sink, account, all)
    await sink.write(documentEnd)
  }

  return {
    exportUser: (account, sink) => write(account.domain, sink, only(account)),
    exportDomain: (text, sink) => {
      const domain = prepareDomain(text)
      return write(domain, sink, usersOf(domain, accounts, parts))
    },
    async *import(chunks, given = {}) {
      const serves = (domain: string) => domains.has(domain)
      return yield* importData({ ...deps, serves, parts: await parts(), maxElementLength }, chunks, given)
    },
    eraseUser: (account, limit = 1000) => erasing.account(account, limit),
    async eraseDomain(text, limit = 1000) {
      const domain = prepareDomain(text)
      await host.removeDomain(domain)
      if (domains.has(domain)) {
        throw new PersonalDataError('personal-data/not-erased', `${domain} is served again`)
      }
      return erasing.domain(domain, limit)
    },
    async count(about) {
      if (typeof about !== 'string') return Number(await accounts.exists(about))
      return (await unlessReadOnly(() => accounts.count(about))) ?? 0
    },
    onLeaving(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
  }
}

async function* only(account: BareJid): AsyncIterable<BareJid> {
  yield account
}

/** The accounts of a domain: those there are, or, where they are kept elsewhere, those something is kept for. */
async function* usersOf(
  domain: string,
  accounts: Pick<Accounts, 'list'>,
  parts: () => Promise<readonly UserDataPart[]>,
): AsyncIterable<BareJid> {
  const first = await unlessReadOnly(() => accounts.list(domain, { limit: pageSize }))
  if (first === undefined) return yield* mentioned(domain, await parts())
  for (let page = first; page.length > 0; ) {
    for (const local of page) yield parseJid(`${local}@${domain}`).bare
    page = await accounts.list(domain, { limit: pageSize, after: page.at(-1)! })
  }
}

async function* mentioned(domain: string, parts: readonly UserDataPart[]): AsyncIterable<BareJid> {
  for (let after: string | undefined; ; ) {
    const request = { limit: pageSize, ...(after !== undefined && { after }) }
    const pages = await Promise.all(parts.map((part) => part.accounts?.(domain, request) ?? []))
    const found = [...new Set(pages.flat())]
      .map((text) => Buffer.from(text))
      .sort(Buffer.compare)
      .slice(0, pageSize)
    if (found.length === 0) return
    for (const text of found) yield parseJid(text.toString()).bare
    after = found.at(-1)!.toString()
  }
}
