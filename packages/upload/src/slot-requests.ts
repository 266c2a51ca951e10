import type { AccountData } from '@xmppkit/c2s'
import { type Hooks, isDrop } from '@xmppkit/hooks'
import type { Jid } from '@xmppkit/jid'
import type { Clock, Ids } from '@xmppkit/runtime'
import { type Infer, StanzaError } from '@xmppkit/stanza'
import { fileId, type Slots, type Usage } from './slots.js'
import { type SlotRequest, uploadSlotRequest } from './tokens.js'
import type { UploadOptions } from './upload-options.js'
import { fileTooLarge, retryAt, type slotGet } from './upload-payload.js'

/** Where a file is to go to and can then be found. */
export interface Slot {
  /** Where to send it, by HTTP PUT. */
  readonly put: string
  /** Where it will be. */
  readonly get: string
}

/** What somebody wants to upload. */
export interface SlotWish extends SlotRequest {
  /** It must not be there after this moment, in milliseconds since 1970 (purpose `ephemeral`). */
  readonly expireBefore?: number
}

/** What {@link createSlotRequests} needs. */
export interface SlotRequestsDeps {
  readonly hooks: Pick<Hooks, 'fold'>
  readonly slots: Slots
  readonly change: AccountData['change']
  readonly domains: { has(domain: string): boolean }
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Ids
}

type Settings = Required<UploadOptions>

const dayMs = 24 * 60 * 60 * 1000
const unknownType = 'application/octet-stream'

/** Gives slots, or says why not. */
export function createSlotRequests(deps: SlotRequestsDeps, settings: Settings) {
  const { hooks, slots, change, domains, clock, ids } = deps
  const { url } = settings
  const place = typeof url === 'string' ? () => url : url

  return async (wish: SlotWish): Promise<Slot> => {
    const account = wish.from.bare
    if (account.local === '' || !domains.has(account.domain)) throw new StanzaError('forbidden')
    const base = place()
    if (base === '') throw new StanzaError('resource-constraint', { text: 'Files cannot be taken yet.' })
    const expiresAt = expiryOf(wish, clock.now(), settings)
    if (wish.size > settings.maxFileSize) throw tooLarge(settings.maxFileSize)
    if (isDrop(await hooks.fold(uploadSlotRequest, wish))) throw new StanzaError('forbidden')

    return change(account, async () => {
      checkUsage(await slots.usage(account, clock.now()), wish.size, settings)
      const { filename, size, type, purpose } = wish
      const id = fileId(expiresAt, ids.next())
      const createdAt = clock.now()
      await slots.add(account.domain, id, {
        account: account.toString(),
        filename,
        size,
        type: type ?? unknownType,
        typeSaid: type !== undefined,
        purpose,
        state: 'waiting',
        createdAt,
        slotUntil: createdAt + settings.slotTimeoutMs,
      })
      const address = [base, ...[account.domain, id, filename].map(encodeURIComponent)].join('/')
      return { put: address, get: address }
    })
  }
}

/** What a request asks for; the first purpose counts. */
export function slotRequest(from: Jid, payload: Infer<(typeof slotGet)['request']>): SlotWish {
  const { filename, size, type, profile, ephemeral, permanent } = payload
  const asked = { from, filename, size, type }
  if (profile) return { ...asked, purpose: 'profile' }
  if (ephemeral) return { ...asked, purpose: 'ephemeral', expireBefore: ephemeral.expireBefore.getTime() }
  return { ...asked, purpose: permanent ? 'permanent' : 'message' }
}

/** The answer to a request. */
export const slotAnswer = ({ put, get }: Slot) => ({ put: { url: put }, get: { url: get } })

function expiryOf({ purpose, expireBefore }: SlotWish, now: number, settings: Settings): number {
  const message = now + settings.maxAgeDays * dayMs
  if (purpose === 'message') return message
  if (purpose === 'profile') return now + settings.maxProfileAgeDays * dayMs
  if (purpose === 'permanent') {
    if (settings.permanent) return Number.POSITIVE_INFINITY
    throw new StanzaError('not-allowed', { text: 'No file is kept for ever here.' })
  }
  if (expireBefore === undefined || expireBefore <= now) {
    throw new StanzaError('bad-request', { text: 'The file would be gone already.' })
  }
  return Math.min(message, expireBefore)
}

function tooLarge(maxFileSize: number): StanzaError {
  const text = `A file has at most ${maxFileSize} bytes.`
  return new StanzaError('not-acceptable', { text, application: fileTooLarge(maxFileSize) })
}

function checkUsage(usage: Usage, size: number, { maxFiles, maxBytes }: Settings): void {
  if (usage.files < maxFiles && usage.bytes + size <= maxBytes) return
  throw new StanzaError('resource-constraint', {
    text: `An account keeps at most ${maxFiles} files and ${maxBytes} bytes; this one has ${usage.files} and ${usage.bytes}.`,
    ...(Number.isFinite(usage.nextExpiry) && { application: retryAt(usage.nextExpiry) }),
  })
}
