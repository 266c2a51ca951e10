import { createAccountData } from '@xmppkit/c2s'
import type { Disco } from '@xmppkit/disco'
import type { Hooks } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import type { BareJid } from '@xmppkit/jid'
import { type Clock, createScope, type Ids, type Logger, startSweep } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import type { KeyValue } from '@xmppkit/storage'
import { announceUpload } from './announcement.js'
import { UploadError } from './errors.js'
import type { FileContent, FileRange, FileStore, NewFile } from './ports.js'
import { createSlotRequests, type Slot, type SlotWish, slotAnswer, slotRequest } from './slot-requests.js'
import { createSlots, expiryOf, nameOf, type Slots, type StoredFile } from './slots.js'
import { type UploadOptions, uploadDefaults } from './upload-options.js'
import { slotGet } from './upload-payload.js'

/** Collaborators of {@link createUpload}. */
export interface UploadDeps {
  /** Keeps the bytes. */
  readonly store: FileStore
  /** Keeps what is known of files, by domain. */
  readonly files: KeyValue
  /** Keeps what counts against accounts, by account. */
  readonly shares: KeyValue
  /** Fires {@link uploadSlotRequest}, and tells when accounts are removed. */
  readonly hooks: Pick<Hooks, 'on' | 'fold'>
  /** Knows whether a removed account still has sessions. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** Where requests come in. */
  readonly iq: Pick<Iq, 'handle'>
  /** Where limits are said. */
  readonly disco?: Pick<Disco, 'addFeature' | 'addIdentity' | 'addExtension'>
  /** The domains of the host: its accounts alone may upload. */
  readonly domains: { has(domain: string): boolean; list(): readonly string[] }
  /** Ends slots and files. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Makes addresses nobody can guess. */
  readonly ids: Ids
  /** Told of files that could not be removed. */
  readonly logger: Logger
}

/** The last three segments of the path of a file's URL, decoded. */
export interface FileAddress {
  /** The domain of its owner. */
  readonly domain: string
  /** Its id. */
  readonly id: string
  /** Its name. */
  readonly filename: string
}

/** A file that was uploaded. */
export interface UploadedFile {
  /** Its name, as its owner calls it. */
  readonly filename: string
  /** How long it is, in bytes. */
  readonly size: number
  /** Its media type, as its owner says: not to be believed. */
  readonly type: string
  /** When it goes, in milliseconds since 1970; `Infinity` if it stays. */
  readonly expiresAt: number
  /** Opens it, or a range of its bytes; `undefined` if it is gone. */
  open(range?: FileRange): Promise<FileContent | undefined>
}

/** The uploads of one host. What speaks HTTP, such as `@xmppkit/web`, hands it what comes in. */
export interface Upload extends AsyncDisposable {
  /**
   * Gives a slot to an account of the host, as if one of its sessions had asked.
   *
   * @throws StanzaError `not-acceptable` for a file that is too large, `resource-constraint` for too many, `not-allowed` for a
   * purpose that is not offered, `forbidden` where {@link uploadSlotRequest} refuses
   */
  request(wish: SlotWish): Promise<Slot>
  /**
   * Takes the file of a slot; resolves when it is durable.
   *
   * @throws UploadError `upload/no-file`, `upload/taken`, `upload/wrong-size`, `upload/wrong-type`, `upload/full`
   */
  receive(address: FileAddress, file: Omit<NewFile, 'type'> & { readonly type?: string }): Promise<void>
  /** A file that was uploaded; `undefined` if there is none there. */
  find(address: FileAddress): Promise<UploadedFile | undefined>
  /** Files and slots of an account, at most so many. */
  list(
    account: BareJid,
    limit: number,
  ): Promise<readonly { readonly id: string; readonly file: StoredFile }[]>
  /** Removes a file; `false` if there is none. */
  remove(domain: string, id: string): Promise<boolean>
  /** Removes up to so many files of a domain whose time has come; returns how many. */
  removeExpired(domain: string, limit: number): Promise<number>
  /** Ends: no slots are given and nothing is removed any more. Resolves when no file is under way either. */
  close(): Promise<void>
}

const batch = 100

/**
 * Gives out slots for files (XEP-0363) within limits, takes the files, and removes them when their time has come. Requests are
 * answered at the host's domains; files are kept in a {@link FileStore}, what is known of them in two key-value stores.
 *
 * @example
 * ```ts
 * const upload = createUpload(
 *   { store: createMemoryFiles(), files: stores.keyValue('upload_files'), shares: stores.keyValue('upload_shares'), ...deps },
 *   { url: 'https://chat.example/upload' },
 * )
 * ```
 */
export function createUpload(deps: UploadDeps, options: UploadOptions = {}): Upload {
  const settings = Object.freeze({ ...uploadDefaults, ...options })
  const { store, clock, logger, domains } = deps
  const slots = createSlots(deps)
  const scope = createScope()
  const underWay = new Set<Promise<void>>()
  // One that is broken off gives its slot back, for which the stores must be there still.
  scope.defer(async () => void (await Promise.allSettled(underWay)))

  const remove = async (domain: string, id: string, file: StoredFile) => {
    // The bytes first: a file that is known and not there is tried again, one that is there and not known would stay for ever.
    await store.remove(nameOf(domain, id))
    await slots.forget(domain, id, file.account)
  }
  const removeAccount = async (account: BareJid) => {
    for (;;) {
      const found = await slots.list(account, batch)
      if (found.length === 0) break
      for (const { id, file } of found) await remove(account.domain, id, file)
    }
    await slots.forgetAccount(account)
  }
  const data = scope.use(createAccountData({ ...deps, removeAll: removeAccount, label: 'upload' }))
  const removeExpired = async (domain: string, limit: number) => {
    const due = await slots.due(domain, clock.now(), limit)
    for (const { id, file } of due) await remove(domain, id, file)
    return due.length
  }

  const request = createSlotRequests({ ...deps, slots, change: data.change }, settings)
  if (settings.url !== '') {
    scope.use(
      deps.iq.handle(slotGet, 'server', ({ from, payload }) =>
        request(slotRequest(from, payload)).then(slotAnswer),
      ),
    )
    if (deps.disco) announceUpload(deps.disco, settings, scope)
  }
  scope.use(
    startSweep(
      { clock, logger, failed: 'uploaded files could not be removed', everyMs: settings.sweepMs, batch },
      async (removeAll) => {
        for (const domain of domains.list()) await removeAll((limit) => removeExpired(domain, limit))
      },
    ),
  )

  const receive: Upload['receive'] = async (address, given) => {
    const { domain, id } = address
    const file = await waiting(slots, address, clock.now())
    if (given.size !== file.size) {
      throw new UploadError('upload/wrong-size', `the slot is for ${file.size} bytes, not for ${given.size}`)
    }
    if (file.typeSaid && !sameType(given.type, file.type)) {
      throw new UploadError('upload/wrong-type', `the slot is for ${file.type}, not for ${given.type}`)
    }
    if (!(await slots.move(domain, id, 'waiting', 'writing'))) throw taken()
    try {
      await store.write(nameOf(domain, id), { ...given, type: file.type })
    } catch (error) {
      await slots.move(domain, id, 'writing', 'waiting')
      throw error
    }
    await slots.keep(id, file)
    if (await slots.move(domain, id, 'writing', 'stored')) return
    // Its account was removed meanwhile, and must leave nothing behind (SEC-25).
    await remove(domain, id, file)
    throw noFile()
  }

  return {
    request,
    receive(address, file) {
      const receiving = receive(address, file).finally(() => underWay.delete(receiving))
      underWay.add(receiving)
      return receiving
    },
    async find(address) {
      const file = await slots.find(address.domain, address.id)
      if (file?.state !== 'stored' || file.filename !== address.filename) return undefined
      const expiresAt = expiryOf(address.id)
      if (expiresAt <= clock.now()) return undefined
      const { filename, size, type } = file
      const name = nameOf(address.domain, address.id)
      return { filename, size, type, expiresAt, open: (range) => store.read(name, range) }
    },
    list: (account, limit) => slots.list(account, limit),
    async remove(domain, id) {
      const file = await slots.find(domain, id)
      if (file === undefined) return false
      await remove(domain, id, file)
      return true
    },
    removeExpired,
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}

const noFile = () => new UploadError('upload/no-file', 'there is no such slot, or not any more')
const taken = () => new UploadError('upload/taken', 'something was uploaded to this slot already')

async function waiting(
  slots: Slots,
  { domain, id, filename }: FileAddress,
  now: number,
): Promise<StoredFile> {
  const file = await slots.find(domain, id)
  if (file === undefined || file.filename !== filename) throw noFile()
  if (file.state !== 'waiting') throw taken()
  if (file.slotUntil <= now) throw noFile()
  return file
}

// Parameters such as a charset are the uploader's own affair.
function sameType(given: string | undefined, said: string): boolean {
  const essence = (type: string) => type.split(';')[0]?.trim().toLowerCase()
  return given !== undefined && essence(given) === essence(said)
}
