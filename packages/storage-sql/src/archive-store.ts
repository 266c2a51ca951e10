import {
  type ArchivedMessage,
  type ArchiveFilter,
  type ArchivePreferences,
  type ArchiveRemoval,
  type ArchiveStore,
  type NewArchivedMessage,
  unknownId,
} from '@xmppkit/archive'
import { type BareJid, type Jid, parseJid } from '@xmppkit/jid'
import { createAccountPages, mergedPages } from './account-pages.js'
import { createArchiveReader } from './archive-reader.js'
import type { ArchiveSearch } from './archive-search.js'
import { archiveStatements } from './archive-statements.js'
import type { Row, SqlDatabase, Step, StepResult } from './database.js'
import { fromMoment, toMoment } from './moments.js'
import type { Statements } from './statements.js'

/** Keeps archives in the table `archive_messages`, and preferences in `archive_preferences`. */
export function createSqlArchiveStore(
  { db, search }: { readonly db: SqlDatabase; readonly search: ArchiveSearch },
  statements: Statements,
): ArchiveStore {
  const s = archiveStatements(statements, search)
  const reader = createArchiveReader({ db, search }, s)
  const archived = createAccountPages(db, statements, 'archive_messages')
  const preferring = createAccountPages(db, statements, 'archive_preferences')

  const write = async (lock: string, ...steps: readonly Step[]): Promise<number> => {
    const results = (await db.write({ lock, steps })) as readonly StepResult[]
    return results.reduce((sum, { changes }) => sum + changes, 0)
  }
  const one = async (step: Step): Promise<Row | undefined> => (await db.read(step))[0]
  const ends = (account: string) =>
    Promise.all([
      one(s.firstFrom({ account, at: toMoment(0) })),
      one(s.lastTo({ account, at: toMoment(Number.POSITIVE_INFINITY) })),
    ])
  const old = ({ domain, before, kind }: ArchiveRemoval) =>
    (kind === undefined ? ['chat', 'groupchat'] : [kind]).map((one) => ({
      domain,
      kind: one,
      before: toMoment(before),
    }))

  return {
    searches: search.enabled,
    async append(account, messages) {
      const steps = messages.map((message) => s.append(rowOf(account, message)))
      if (steps.length > 0) await write(account.toString(), ...steps)
    },
    async appendBoth(sender, addressee) {
      const steps = [sender, addressee].map(({ account, message }) => s.append(rowOf(account, message)))
      // In the lane of the addressee, where other things that are stored for it go.
      await db.write({ lock: addressee.account.toString(), also: sender.account.toString(), steps })
    },
    async page(account, { limit, newest = false, skip = 0, ...filter }) {
      const found = await reader.page(account.toString(), filter, { limit: limit + 1, newest, skip })
      if (found === unknownId) return found
      const messages = found.slice(0, limit).map(toMessage)
      return { messages: newest ? messages.reverse() : messages, complete: found.length <= limit }
    },
    count: (account, filter: ArchiveFilter = {}, limit = Number.POSITIVE_INFINITY) =>
      reader.count(account.toString(), filter, limit),
    async bounds(account) {
      const [first, last] = await ends(account.toString())
      return first && last && { first: endOf(first), last: endOf(last) }
    },
    async find(account, { with: party, direction, originId }) {
      const names = { account: account.toString(), with_bare: party.toString(), origin_id: originId }
      const row = await one(s.find({ ...names, direction }))
      return row && toMessage(row)
    },
    async replace(account, id, stanza) {
      await write(account.toString(), s.replace({ account: account.toString(), archive_id: id, stanza }))
    },
    remove(account, { with: party, limit }) {
      const statement = s.remove[party === undefined ? 'all' : party.isBare ? 'bare' : 'full']
      const names = { bare: party?.bare.toString() ?? '', resource: party?.resource ?? '' }
      return write(account.toString(), statement({ account: account.toString(), ...names, limit }))
    },
    async trim(account, keep, limit) {
      const key = account.toString()
      // Found by reading, which takes long but keeps nobody from writing; most of the time there is nothing to remove.
      const newest = await one(s.newestBeyond({ account: key, keep }))
      return newest ? write(key, s.removeTo({ account: key, to: Number(newest.id), limit })) : 0
    },
    async removeOlder(removal, limit) {
      let removed = 0
      for (const names of old(removal)) {
        if (removed < limit) {
          removed += await write(removal.domain, s.removeOlder({ ...names, limit: limit - removed }))
        }
      }
      return removed
    },
    async countOlder(removal) {
      const rows = await Promise.all(old(removal).map((names) => one(s.countOlder(names))))
      return rows.reduce((sum, row) => sum + Number(row?.count), 0)
    },
    accounts: async (domain, page) =>
      mergedPages(await Promise.all([archived(domain, page), preferring(domain, page)]), page.limit),
    async preferences(account) {
      const row = await one(s.preferences({ account: account.toString() }))
      return row && toPreferences(row)
    },
    async setPreferences(account, preferences) {
      const key = account.toString()
      await write(
        key,
        preferences
          ? s.setPreferences(preferencesRow(account, preferences))
          : s.forgetPreferences({ account: key }),
      )
    },
  }
}

function rowOf(account: BareJid, message: NewArchivedMessage) {
  const { with: party, direction, kind, stanza } = message
  return {
    account: account.toString(),
    domain: account.domain,
    archive_id: message.id,
    with_bare: party.bare.toString(),
    with_resource: party.isBare ? null : party.resource,
    direction,
    kind,
    origin_id: message.originId ?? null,
    stanza,
    instant: message.instant === true,
    body: message.body ?? null,
    sent_at: toMoment(message.at),
  }
}

function preferencesRow(account: BareJid, { default: usual, always, never }: ArchivePreferences) {
  return {
    account: account.toString(),
    domain: account.domain,
    default_rule: usual,
    always_with: JSON.stringify(always),
    never_with: JSON.stringify(never),
  }
}

function toPreferences(row: Row): ArchivePreferences {
  const jids = (json: unknown): Jid[] => (JSON.parse(String(json)) as string[]).map((text) => parseJid(text))
  return {
    default: String(row.default_rule) as ArchivePreferences['default'],
    always: jids(row.always_with),
    never: jids(row.never_with),
  }
}

function endOf(row: Row): Pick<ArchivedMessage, 'id' | 'at'> {
  return { id: String(row.archive_id), at: fromMoment(row.sent_at) }
}

function toMessage(row: Row): ArchivedMessage {
  return { ...endOf(row), stanza: String(row.stanza) }
}
