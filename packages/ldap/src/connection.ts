import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { type BareJid, prepareLocalpart } from '@xmppkit/jid'
import { systemClock } from '@xmppkit/runtime'
import { Client, type ResultCodeError } from 'ldapts'
import { LdapError } from './errors.js'
import type { LdapSettings } from './ldap-options.js'
import { dnFor, filterFor } from './templates.js'

/** One connection to the directory, for one question at a time. */
export interface LdapConnection {
  /** False once it is gone, or in a state nobody knows. */
  readonly usable: boolean
  /**
   * The name of the entry of an account; `undefined` if it has none.
   *
   * @throws LdapError `ldap/ambiguous`, `ldap/unavailable`
   */
  find(account: BareJid): Promise<string | undefined>
  /**
   * Whether this is the password of an entry; never asked with an empty one.
   *
   * @throws LdapError `ldap/unavailable`
   */
  isPassword(dn: string, password: string): Promise<boolean>
  /** Drops it, with whatever is under way. */
  destroy(): void
}

/** `inappropriateAuthentication`, `invalidCredentials`, `noSuchObject`, `unwillingToPerform`: not with this name and password. */
const refusals: ReadonlySet<number> = new Set([32, 48, 49, 53])
const noSuchObject = 32

/**
 * Connects, over TLS where that is wanted.
 *
 * @param signal - gives up
 * @throws LdapError `ldap/unavailable`
 */
export async function openConnection(settings: LdapSettings, signal?: AbortSignal): Promise<LdapConnection> {
  const connection = new Connection(settings)
  const abandon = () => connection.destroy()
  signal?.addEventListener('abort', abandon, { once: true })
  try {
    await connection.open()
  } catch (cause) {
    connection.destroy()
    throw unavailable(cause)
  } finally {
    signal?.removeEventListener('abort', abandon)
  }
  return connection
}

class Connection implements LdapConnection {
  readonly #settings: LdapSettings
  readonly #client: Client
  readonly #sockets: Socket[] = []
  #usable = true
  /** Who searches is who the connection is bound as. */
  #mayFind = false

  constructor(settings: LdapSettings) {
    this.#settings = settings
    const { url, timeoutMs } = settings
    this.#client = new Client({
      url,
      timeout: timeoutMs,
      connectTimeout: timeoutMs,
      ...(settings.tls === 'direct' && { tlsOptions: this.#tlsOptions() }),
      createConnection: ((...where: Parameters<typeof connect>) =>
        this.#only(() => connect(...where))) as typeof connect,
      createSecureConnection: ((...where: Parameters<typeof connectTls>) =>
        this.#only(() => connectTls(...where))) as typeof connectTls,
    })
  }

  get usable(): boolean {
    return this.#usable
  }

  async open(): Promise<void> {
    if (this.#settings.tls === 'starttls') await this.#startTls()
    await this.#bindAsFinder()
  }

  async find(account: BareJid): Promise<string | undefined> {
    const { base, userDn, accountAttribute, filter = `(${accountAttribute}={local})` } = this.#settings
    return this.#asking(async () => {
      if (!this.#mayFind) await this.#bindAsFinder()
      if (userDn !== undefined) {
        const found = await this.#search(dnFor(userDn, account), 'base', '(objectClass=*)', '1.1')
        return found[0]?.dn
      }
      const where = dnFor(base ?? '', account)
      const entries = await this.#search(where, 'sub', filterFor(filter, account), accountAttribute)
      const named = entries.filter((entry) => hasName(entry, accountAttribute, account))
      if (named.length <= 1) return named[0]?.dn
      throw new LdapError('ldap/ambiguous', `several entries are ${account}`)
    })
  }

  isPassword(dn: string, password: string): Promise<boolean> {
    return this.#asking(async () => {
      this.#mayFind = false
      try {
        await this.#client.bind(dn, password)
        return true
      } catch (error) {
        if (refusals.has((error as Partial<ResultCodeError>).code ?? -1)) return false
        throw error
      }
    })
  }

  destroy(): void {
    if (!this.#usable) return
    this.#usable = false
    for (const socket of this.#sockets) {
      // With an error, so that whoever waits hears of it; the client takes its listeners off as it likes.
      socket.on('error', () => {})
      socket.destroy(new Error('the connection was dropped'))
    }
  }

  async #search(base: string, scope: 'base' | 'sub', filter: string, attribute: string): Promise<Entries> {
    const timeLimit = Math.ceil(this.#settings.timeoutMs / 1000)
    try {
      const options = { scope, filter, attributes: [attribute], sizeLimit: maxEntries, timeLimit }
      return (await this.#client.search(base, options)).searchEntries
    } catch (error) {
      if ((error as Partial<ResultCodeError>).code === noSuchObject) return []
      throw error
    }
  }

  /** Whatever goes wrong leaves a connection nobody can rely on. */
  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      if (!this.#usable) throw new Error('the connection is closed')
      return await ask()
    } catch (error) {
      this.destroy()
      throw error instanceof LdapError ? error : unavailable(error)
    }
  }

  async #bindAsFinder(): Promise<void> {
    const { bindDn = '', bindPassword = '' } = this.#settings
    // RFC 4513 §5.1.1: no name and no password is nobody, said so.
    await this.#client.bind(bindDn, bindPassword)
    this.#mayFind = true
  }

  async #startTls(): Promise<void> {
    const timer = systemClock.after(this.#settings.timeoutMs, () => this.destroy())
    try {
      await this.#client.startTLS(this.#tlsOptions())
    } finally {
      timer[Symbol.dispose]()
    }
  }

  #tlsOptions(): ConnectionOptions {
    const host = new URL(this.#settings.url).hostname.replace(/^\[|\]$/g, '')
    const { ca } = this.#settings
    return { host, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) }
  }

  /**
   * One connection and, within it, one upgrade: the client would otherwise connect again by itself when it is lost, and bind in
   * clear.
   */
  #only<S extends Socket>(dial: () => S): S {
    const most = this.#settings.tls === 'starttls' ? 2 : 1
    if (!this.#usable || this.#sockets.length >= most) throw new Error('the connection was lost')
    const socket = dial()
    this.#sockets.push(socket)
    socket.once('close', () => this.destroy())
    socket.on('error', () => this.destroy())
    return socket
  }
}

type Entries = Awaited<ReturnType<Client['search']>>['searchEntries']

/** Enough to see that there are several. */
const maxEntries = 3

function hasName(entry: Entries[number], attribute: string, account: BareJid): boolean {
  const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase())
  return [entry[key ?? '']].flat().some((value) => typeof value === 'string' && isName(value, account))
}

// Directories take for equal what addresses do not: only the account's own name counts.
function isName(value: string, account: BareJid): boolean {
  const [local = '', ...domain] = value.split('@')
  if (domain.length > 0 && domain.join('@').toLowerCase() !== account.domain) return false
  try {
    return prepareLocalpart(local) === account.local
  } catch {
    return false
  }
}

function unavailable(cause: unknown): LdapError {
  const why = cause instanceof Error ? cause.message : 'unknown'
  return new LdapError('ldap/unavailable', `the directory did not answer: ${why}`, { cause })
}
