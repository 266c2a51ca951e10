import type { Accounts, UserDataName, UserDataPart } from '@xmppkit/auth'
import { type BareJid, makeJid, prepareDomain } from '@xmppkit/jid'
import type { Ids, Logger } from '@xmppkit/runtime'
import { type Element, rawElement } from '@xmppkit/xml'
import { createDocumentReader } from './document-reader.js'

/** What became of an import. */
export interface ImportReport {
  /** Accounts that were read. */
  readonly users: number
  /** Accounts that were left out, because they exist already, or their domain is not served, or their name is none. */
  readonly skipped: number
  /** Pieces that could not be read, each of which is in the log. */
  readonly failed: number
  /** Names of elements nobody here knows, the first hundred. */
  readonly unknown: readonly string[]
}

/** How to import. */
export interface ImportOptions {
  /**
   * What to do about accounts that exist: `skip` leaves them alone, `merge` adds to them, for accounts that are kept elsewhere.
   *
   * @default 'skip'
   */
  readonly existing?: 'skip' | 'merge'
  /** Only accounts of this domain. @default those of all domains that are served */
  readonly domain?: string
}

/** What {@link importData} needs. */
export interface ImportDataDeps {
  readonly accounts: Pick<Accounts, 'exists' | 'register'>
  readonly parts: readonly UserDataPart[]
  readonly serves: (domain: string) => boolean
  readonly ids: Ids
  readonly logger: Logger
  readonly maxElementLength: number
}

type Step =
  | {
      readonly kind: 'user'
      readonly domain: string
      readonly name: string
      readonly password: string | undefined
    }
  | { readonly kind: 'element'; readonly element: Element; readonly within: UserDataName | undefined }
  | { readonly kind: 'end' }

const maxUnknown = 100

/**
 * Reads an XEP-0227 document from chunks and hands each piece to the part that reads it, in order. Yields after each account;
 * whoever stops there has imported whole accounts.
 */
export async function* importData(
  deps: ImportDataDeps,
  chunks: AsyncIterable<Uint8Array | string>,
  options: ImportOptions,
): AsyncGenerator<ImportReport, ImportReport> {
  const steps: Step[] = []
  const unknown = new Set<string>()
  let domain = ''
  const reader = createDocumentReader(
    {
      host: (jid) => {
        domain = jid
      },
      user: (name, password) => void steps.push({ kind: 'user', domain, name, password }),
      userEnd: () => void steps.push({ kind: 'end' }),
      wants(name, ns) {
        const reading = deps.parts
          .flatMap(({ reads = [] }) => reads)
          .find((one) => one.name === name && one.ns === ns)
        if (reading === undefined && unknown.size < maxUnknown) unknown.add(`{${ns}}${name}`)
        return reading === undefined ? 'not' : reading.each ? 'each' : 'whole'
      },
      element: (element, within) => void steps.push({ kind: 'element', element, within }),
    },
    { maxElementLength: deps.maxElementLength },
  )
  const importer = new Importer(deps, options)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of chunks) {
    reader.write(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
    for (const step of steps.splice(0)) if (await importer.take(step)) yield importer.report(unknown)
  }
  reader.write(decoder.decode())
  reader.end()
  for (const step of steps.splice(0)) if (await importer.take(step)) yield importer.report(unknown)
  return importer.report(unknown)
}

class Importer {
  readonly #deps: ImportDataDeps
  readonly #options: ImportOptions
  readonly #counts = { users: 0, skipped: 0, failed: 0 }
  /** Whose data comes; undefined while it is left out. */
  #account: BareJid | undefined

  constructor(deps: ImportDataDeps, options: ImportOptions) {
    this.#deps = deps
    this.#options = options
  }

  /** Takes a step; true when an account is complete. */
  async take(step: Step): Promise<boolean> {
    if (step.kind === 'end') return this.#end()
    if (step.kind === 'user') await this.#begin(step)
    else if (this.#account !== undefined) await this.#piece(this.#account, step.element, step.within)
    return false
  }

  report(unknown: ReadonlySet<string>): ImportReport {
    return { ...this.#counts, unknown: [...unknown] }
  }

  async #begin({ domain, name, password }: Step & { readonly kind: 'user' }): Promise<void> {
    const account = this.#named(name, domain)
    const isOpen = account !== undefined && (await this.#isOpen(account))
    this.#account = isOpen ? account : undefined
    if (!isOpen) this.#counts.skipped += 1
    else if (password !== undefined)
      await this.#attempt(account, 'password', () => this.#register(account, password))
  }

  async #isOpen(account: BareJid): Promise<boolean> {
    return this.#options.existing === 'merge' || !(await this.#deps.accounts.exists(account))
  }

  #named(name: string, domain: string): BareJid | undefined {
    try {
      const prepared = prepareDomain(domain)
      const wanted = this.#options.domain ?? prepared
      if (prepared !== wanted || !this.#deps.serves(prepared)) return undefined
      return makeJid({ local: name, domain }).bare
    } catch {
      return undefined // no name an account could have here
    }
  }

  async #register(account: BareJid, password: string): Promise<void> {
    if (!(await this.#deps.accounts.exists(account))) await this.#deps.accounts.register(account, password)
  }

  async #piece(account: BareJid, element: Element, within: UserDataName | undefined): Promise<void> {
    const raw = rawElement(element)
    const { name, ns } = within ?? raw
    const part = this.#deps.parts.find(({ reads = [] }) =>
      reads.some((one) => one.name === name && one.ns === ns),
    )
    await this.#attempt(account, part?.name ?? name, async () => part?.import?.(account, raw, within))
  }

  async #end(): Promise<boolean> {
    const account = this.#account
    this.#account = undefined
    if (account === undefined) return false
    // Without credentials nobody can log in before the operator gives it a password.
    const unguessable = `${this.#deps.ids.next()}${this.#deps.ids.next()}`
    await this.#attempt(account, 'account', () => this.#register(account, unguessable))
    this.#counts.users += 1
    return true
  }

  async #attempt(account: BareJid, part: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (cause) {
      this.#counts.failed += 1
      this.#deps.logger.warn('a piece of an import is left out', { account: account.toString(), part, cause })
    }
  }
}
