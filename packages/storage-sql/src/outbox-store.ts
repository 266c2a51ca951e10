import type { DeadEntry, OutboxEntry, OutboxStore } from '@xmppkit/outbox'
import { guarded, type Row, type SqlDatabase, type Step, type StepResult } from './database.js'
import { fromEntryId, toEntryId } from './entry-id.js'
import { fromMoment, toMoment } from './moments.js'
import { createProcessLeases } from './outbox-leases.js'
import { outboxStatements } from './outbox-statements.js'
import type { Statements } from './statements.js'

/** What {@link createSqlOutboxStore} needs. */
export interface SqlOutboxDeps {
  readonly db: SqlDatabase
  /** Whether this process alone uses the database. */
  readonly exclusive: boolean
}

/** Keeps events in the table `outbox_events`, and who delivers them in `outbox_leases`. */
export function createSqlOutboxStore({ db, exclusive }: SqlOutboxDeps, statements: Statements): OutboxStore {
  const s = outboxStatements(statements)
  const write = async (lock: string, ...steps: Step[]): Promise<readonly StepResult[]> => {
    const results = await db.write({ lock, steps })
    return results === guarded ? [] : results
  }
  const changes = async (lock: string, step: Step) => (await write(lock, step))[0]?.changes ?? 0

  return {
    async append(entries) {
      const [first] = entries
      if (first === undefined) return
      const steps = entries.map(({ at, ...entry }) => s.append({ ...entry, happened_at: toMoment(at) }))
      // Those of one conversation one after another, also across processes.
      await write(first.conversation, ...steps)
    },
    async waiting(target, limit, except) {
      const rows =
        except.length === 0
          ? await db.read(s.waiting({ target, limit }))
          : await db.read(s.waitingExcept({ target, limit, except: JSON.stringify(except) }))
      return rows.map(toEntry)
    },
    async ack(target, ids) {
      const numbers = ids.map(fromEntryId).filter((id) => id !== undefined)
      if (numbers.length > 0) await write(target, s.ack({ target, ids: JSON.stringify(numbers) }))
    },
    async refused(target, id) {
      const number = fromEntryId(id)
      if (number !== undefined) await write(target, s.refused({ target, id: number }))
    },
    async bury(target, id, { error, at }) {
      const number = fromEntryId(id)
      if (number !== undefined) {
        await write(target, s.bury({ target, id: number, error, dead_at: toMoment(at) }))
      }
    },
    async dead({ target, after, limit }) {
      const from = after === undefined ? 0 : fromEntryId(after)
      if (from === undefined) return []
      const page = { after: from, limit }
      return (await db.read(target === undefined ? s.dead(page) : s.deadOf({ ...page, target }))).map(toDead)
    },
    revive: (target, limit) => changes(target, s.revive({ target, limit })),
    purge: (target, before, limit) => changes(target, s.purge({ target, before: toMoment(before), limit })),
    forget: (account) => changes(account, s.forget({ account })),
    async count(target) {
      const [row] = await db.read(s.count({ target }))
      const all = Number(row?.total)
      const dead = Number(row?.given_up)
      return { waiting: all - dead, dead }
    },
    ...(exclusive ? createProcessLeases() : sharedLeases(s, write)),
  }
}

function sharedLeases(
  s: ReturnType<typeof outboxStatements>,
  write: (lock: string, ...steps: Step[]) => Promise<readonly StepResult[]>,
): Pick<OutboxStore, 'lease' | 'release'> {
  return {
    async lease(target, holder, now, until) {
      const moments = { now: toMoment(now), held_until: toMoment(until) }
      const [result] = await write(target, s.lease({ target, holder, ...moments }))
      return (result?.changes ?? 0) > 0
    },
    async release(target, holder) {
      await write(target, s.release({ target, holder }))
    },
  }
}

function toEntry(row: Row): OutboxEntry {
  return {
    id: toEntryId(row.id),
    target: String(row.target),
    conversation: String(row.conversation),
    account: String(row.account),
    type: String(row.type),
    event: String(row.event),
    at: fromMoment(row.happened_at),
    refusals: Number(row.refusals),
  }
}

function toDead(row: Row): DeadEntry {
  return { ...toEntry(row), deadAt: fromMoment(row.dead_at), error: String(row.error) }
}
