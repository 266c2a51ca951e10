import type { BareJid } from '@xmppkit/jid'
import { jsonKeyValue, type KeyValue } from '@xmppkit/storage'
import type { FileStore } from './ports.js'
import type { UploadPurpose } from './upload-options.js'

/** A slot, or the file that was uploaded to it. */
export interface StoredFile {
  /** Text of the bare JID of whoever uploads. */
  readonly account: string
  /** Its name, as its owner calls it. */
  readonly filename: string
  /** How long it is, in bytes. */
  readonly size: number
  /** Its media type. */
  readonly type: string
  /** Whether the type was said when the slot was asked for. */
  readonly typeSaid: boolean
  /** What it is for. */
  readonly purpose: UploadPurpose
  /** A slot waits for its file, which is then being written and at last stored. */
  readonly state: 'waiting' | 'writing' | 'stored'
  /** When the slot was given, in milliseconds since 1970. */
  readonly createdAt: number
  /** When a slot ends that got no file, in milliseconds since 1970. */
  readonly slotUntil: number
}

/** What counts of a file against its account. */
interface Share {
  readonly size: number
  /** Only for what is not stored yet. */
  readonly slotUntil?: number
}

/** What an account has uploaded. */
export interface Usage {
  readonly files: number
  readonly bytes: number
  /** When the first of them goes, in milliseconds since 1970; `Infinity` when none does. */
  readonly nextExpiry: number
}

// Keys begin with the moment the file goes, so that those whose time has come are the first of their domain.
const momentDigits = 15
const never = '9'.repeat(momentDigits)
const page = 500
/** How long a file may take to be written before nobody is believed to write it any more: its process was killed. */
const longestWriteMs = 24 * 60 * 60 * 1000

/** The key of a file that goes at a moment. */
export function fileId(expiresAt: number, token: string): string {
  const moment = Number.isFinite(expiresAt)
    ? String(Math.floor(expiresAt)).padStart(momentDigits, '0')
    : never
  return `${moment}-${token}`
}

/** The name of a file in the store of bytes. */
export const nameOf = (domain: string, id: string): string => `${domain}/${id}`

/** When a file goes, in milliseconds since 1970. */
export function expiryOf(id: string): number {
  const moment = id.slice(0, momentDigits)
  return moment === never ? Number.POSITIVE_INFINITY : Number(moment)
}

/** Files and slots by domain, and what they count against accounts. */
export type Slots = ReturnType<typeof createSlots>

/** What {@link createSlots} needs. */
interface SlotsDeps {
  readonly files: KeyValue
  readonly shares: KeyValue
  readonly store: Pick<FileStore, 'remove'>
}

/** Keeps them in two key-value stores: `files` by domain, `shares` by account. */
export function createSlots({ store, ...stores }: SlotsDeps) {
  const files = jsonKeyValue(stores.files, (value) => value as StoredFile)
  const shares = jsonKeyValue(stores.shares, (value) => value as Share)

  async function* sharesOf(account: string) {
    let after: string | undefined
    for (;;) {
      const entries = await shares.list(account, { limit: page, ...(after !== undefined && { after }) })
      yield* entries
      if (entries.length < page) return
      after = entries.at(-1)?.key
    }
  }

  const forget = async (domain: string, id: string, account: string) => {
    await shares.delete(account, id)
    return files.delete(domain, id)
  }

  /** Forgets a slot whose time is over, but not the file that is being written to it; says whether it is forgotten. */
  const forgetSlot = async (account: BareJid, id: string, now: number): Promise<boolean> => {
    const { domain } = account
    const isGivenUp = (file: StoredFile | undefined) =>
      file?.state === 'writing' && file.slotUntil + longestWriteMs <= now
    // Its bytes may all be there, and nobody would know of them any more.
    if (isGivenUp(await files.get(domain, id))) await store.remove(nameOf(domain, id))
    const { value } = await files.update(domain, id, (file) =>
      file?.state === 'waiting' || isGivenUp(file) ? undefined : file,
    )
    if (value === undefined) await shares.delete(account.toString(), id)
    return value === undefined
  }

  return {
    find: (domain: string, id: string) => files.get(domain, id),

    /** Counts what an account has, and forgets slots that got no file in time. */
    async usage(account: BareJid, now: number): Promise<Usage> {
      const key = account.toString()
      const usage = { files: 0, bytes: 0, nextExpiry: Number.POSITIVE_INFINITY }
      for await (const { key: id, value } of sharesOf(key)) {
        const { size, slotUntil } = value
        const isLate = slotUntil !== undefined && slotUntil <= now
        if (isLate && (await forgetSlot(account, id, now))) continue
        usage.files += 1
        usage.bytes += size
        const ends = isLate || slotUntil === undefined ? expiryOf(id) : slotUntil
        usage.nextExpiry = Math.min(usage.nextExpiry, ends)
      }
      return usage
    },

    /** The file counts before it can be reached: what fails in between takes room for a while and nothing else. */
    async add(domain: string, id: string, file: StoredFile): Promise<void> {
      await shares.set(file.account, id, { size: file.size, slotUntil: file.slotUntil })
      await files.set(domain, id, file)
    },

    /** Moves a file from one state to the next; `false` if it is in another, or gone. */
    async move(
      domain: string,
      id: string,
      from: StoredFile['state'],
      to: StoredFile['state'],
    ): Promise<boolean> {
      const { changed } = await files.update(domain, id, (file) =>
        file?.state === from ? { ...file, state: to } : file,
      )
      return changed
    },

    /** A file is stored: its slot does not end any more. */
    async keep(id: string, { account, size }: StoredFile): Promise<void> {
      await shares.set(account, id, { size })
    },

    forget,

    /** Nothing counts against an account any more. */
    async forgetAccount(account: BareJid): Promise<void> {
      await shares.removeOwner(account.toString())
    },

    /** Files of an account, oldest expiry first. */
    async list(account: BareJid, limit: number): Promise<{ id: string; file: StoredFile }[]> {
      const found: { id: string; file: StoredFile }[] = []
      for (const { key: id } of await shares.list(account.toString(), { limit })) {
        const file = await files.get(account.domain, id)
        if (file !== undefined) found.push({ id, file })
      }
      return found
    },

    /** Files of a domain whose time has come, and slots too old to get one, at most so many. */
    async due(domain: string, now: number, limit: number): Promise<{ id: string; file: StoredFile }[]> {
      const first = await files.list(domain, { limit })
      return first
        .filter(({ key }) => expiryOf(key) <= now)
        .map(({ key, value }) => ({ id: key, file: value }))
    },
  }
}
