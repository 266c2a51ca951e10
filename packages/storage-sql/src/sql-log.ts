import {
  assertName,
  domainOfOwner,
  type Log,
  type LogEntry,
  type LogPage,
  maxOwnerBytes,
  type NewLogEntry,
} from '@xmppkit/storage'
import {
  guarded,
  type Row,
  type SqlDatabase,
  type Step,
  type StepResult,
  type UnitResult,
} from './database.js'
import { fromEntryId, toEntryId } from './entry-id.js'
import { type LeasedTable, leasedStatements } from './leased-statements.js'
import { fromMoment, toMoment } from './moments.js'
import type { Statements } from './statements.js'

/** Makes logs over one table: each has a name, and the statements are shared. */
export function createSqlLogs(
  deps: { readonly db: SqlDatabase },
  statements: Statements,
  table: LeasedTable,
): (name: string) => Log {
  const { db } = deps
  const s = leasedStatements(statements, table)

  async function write(lock: string, step: Step): Promise<StepResult> {
    const [result] = (await db.write({ lock, steps: [step] })) as readonly StepResult[]
    return result ?? { rows: [], changes: 0 }
  }

  const appending = (scope: string, owner: string, { value, at, expiresAt }: NewLogEntry, limit: number) => {
    assertName('the owner', owner, maxOwnerBytes)
    const row = {
      scope,
      owner,
      domain: domainOfOwner(owner),
      value,
      at: toMoment(at),
      expires_at: expiresAt === undefined ? null : toMoment(expiresAt),
    }
    // To count is what costs most.
    return limit === Number.POSITIVE_INFINITY ? s.append(row) : s.appendWithin({ ...row, limit })
  }

  return (scope) => ({
    // Not async: of all that is written this is most of it, and a promise less for each.
    append(owner, entry, limit = Number.POSITIVE_INFINITY) {
      try {
        return db.write({ lock: owner, steps: [appending(scope, owner, entry, limit)] }).then(appended)
      } catch (error) {
        return Promise.reject(error)
      }
    },
    async read(owner, page) {
      const range = rangeOf(page)
      if (!range) return []
      const statement = page.newestFirst ? s.newestFirst : s.oldestFirst
      const rows = await db.read(
        statement({ scope, owner, ...range, limit: page.limit, now: toMoment(page.now) }),
      )
      return rows.map(toEntry)
    },
    async get(owner, id) {
      const number = fromEntryId(id)
      if (number === undefined) return undefined
      const [row] = await db.read(s.get({ scope, owner, id: number }))
      return row && toEntry(row)
    },
    async lease(owner, { holder, limit, now, until }) {
      assertName('the holder', holder)
      const step = s.lease({ scope, owner, holder, limit, now: toMoment(now), until: toMoment(until) })
      const { rows } = await write(owner, step)
      // An update answers in any order.
      return rows.map(toEntry).sort((a, b) => (a.id < b.id ? -1 : 1))
    },
    async ack(owner, ids) {
      const numbers = ids.map(fromEntryId).filter((id) => id !== undefined)
      if (numbers.length === 0) return 0
      return (await write(owner, s.ack({ scope, owner, ids: JSON.stringify(numbers) }))).changes
    },
    async release(owner, holder) {
      await write(owner, s.release({ scope, owner, holder }))
    },
    async count(owner, now) {
      const [row] = await db.read(s.count({ scope, owner, now: toMoment(now) }))
      return Number(row?.count)
    },
    removeOwner: async (owner) => (await write(owner, s.removeOwner({ scope, owner }))).changes,
    removeExpired: async (now, limit) =>
      (await write('', s.removeExpired({ scope, now: toMoment(now), limit }))).changes,
    removeBefore: async (domain, before, limit) =>
      (await write(domain, s.removeBefore({ scope, domain, before: toMoment(before), limit }))).changes,
  })
}

/** The ids between which a page lies; undefined when they are no ids of ours. */
function rangeOf({ after, before }: LogPage): { after: number; before: number } | undefined {
  const range = {
    after: after === undefined ? 0 : fromEntryId(after),
    before: before === undefined ? Number.MAX_SAFE_INTEGER : fromEntryId(before),
  }
  if (range.after === undefined || range.before === undefined) return undefined
  return { after: range.after, before: range.before }
}

function appended(result: UnitResult): { readonly id: string } | 'full' {
  const row = result === guarded ? undefined : result[0]?.rows[0]
  return row ? { id: toEntryId(row.id) } : 'full'
}

function toEntry(row: Row): LogEntry {
  return {
    id: toEntryId(row.id),
    value: String(row.value),
    at: fromMoment(row.happened_at),
    ...(row.expires_at !== null && { expiresAt: fromMoment(row.expires_at) }),
  }
}
