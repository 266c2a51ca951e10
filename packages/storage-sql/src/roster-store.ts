import { type BareJid, parseJid } from '@xmppkit/jid'
import type { RosterItem, RosterItemChange, RosterStore, RosterUpdate } from '@xmppkit/roster'
import { type Clock, createKeyedQueue } from '@xmppkit/runtime'
import { createAccountPages } from './account-pages.js'
import { guarded, type Row, type SqlDatabase, type Step, type StepResult } from './database.js'
import { SqlStorageError } from './errors.js'
import { toMoment } from './moments.js'
import { type ItemRow, rosterStatements } from './roster-statements.js'
import { guard, type Statements } from './statements.js'

/** Removals of one roster that are remembered for versioning; older clients get the whole roster. */
const keptRemovals = 500
// Each attempt lost means that another process succeeded.
const maxAttempts = 50

/** What was read before a decision. */
interface Current {
  /** Undefined when there is no roster yet. */
  readonly version: number | undefined
  readonly item: RosterItem | undefined
  readonly count: number
}

/** Keeps rosters in the tables `rosters`, `roster_items` and `roster_removals`. */
export function createSqlRosterStore(
  deps: { readonly db: SqlDatabase; readonly clock: Pick<Clock, 'now'> },
  statements: Statements,
): RosterStore {
  const { db, clock } = deps
  const s = rosterStatements(statements)
  const queue = createKeyedQueue()

  async function readFor(account: string, contact: string): Promise<Current> {
    const [row] = await db.read(s.forUpdate({ account, contact }))
    if (!row) return { version: undefined, item: undefined, count: 0 }
    return { version: Number(row.roster_version), item: itemOf(row), count: Number(row.items) }
  }

  const removalSteps = (at: { account: string; contact: string }, version: number): Step[] => [
    s.addRemoval({ ...at, version }),
    s.forget({ account: at.account, kept: keptRemovals }),
    s.dropForgotten({ account: at.account }),
  ]

  /** Writes what was decided, unless the roster has moved on since it was read. */
  async function write(
    account: BareJid,
    contact: BareJid,
    { version, item }: Current,
    next: RosterItemChange | undefined,
  ): Promise<RosterUpdate | undefined> {
    const key = account.toString()
    const now = clock.now()
    // A roster begins at the time, so that one made again does not repeat the versions of the one before.
    const start = version ?? Math.max(0, Math.floor(now))
    const raised = start + 1
    const at = { account: key, contact: contact.toString() }
    const moment = toMoment(now)
    const first =
      version === undefined
        ? s.create({
            account: key,
            domain: account.domain,
            version: raised,
            forgotten_version: start,
            now: moment,
          })
        : s.raise({ account: key, version, next: raised, now: moment })
    const rest: Step[] = next
      ? [s.putItem({ account: key, ...rowOf(contact, next, raised) })]
      : [s.removeItem(at), ...(item?.listed ? removalSteps(at, raised) : [])]
    // Clients that knew it listed must hear of its removal until it is listed again.
    if (next?.listed) rest.push(s.dropRemoval(at))
    const result = await db.write({ lock: key, steps: [guard(first), ...rest] })
    if (result === guarded) return undefined
    return {
      ...(item && { previous: item }),
      ...(next && { item: { ...next, version: raised } }),
      version: raised,
      changed: true,
    }
  }

  async function update(
    account: BareJid,
    contact: BareJid,
    decide: Parameters<RosterStore['update']>[2],
  ): Promise<RosterUpdate> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const current = await readFor(account.toString(), contact.toString())
      const { item, version, count } = current
      const next = decide(item, count)
      if (next === 'unchanged' || (!next && !item)) {
        return { ...(item && { previous: item, item }), version: version ?? 0, changed: false }
      }
      const written = await write(account, contact, current, next)
      if (written) return written
    }
    throw new SqlStorageError('storage-sql/conflict', `the roster of ${account.toString()} changes too fast`)
  }

  return {
    async load(account) {
      const rows = await db.read(s.load({ account: account.toString() }))
      return { version: Number(rows[0]?.roster_version ?? 0), items: itemsOf(rows) }
    },
    async get(account, contact) {
      const [row] = await db.read(s.item({ account: account.toString(), contact: contact.toString() }))
      return row && itemOf(row)
    },
    async changedSince(account, version) {
      if (!Number.isSafeInteger(version)) return undefined
      const rows = await db.read(s.changes({ account: account.toString(), version }))
      const current = Number(rows[0]?.roster_version)
      // Also when there is no roster: nothing compares with NaN.
      if (!(version <= current && version >= Number(rows[0]?.forgotten_version))) return undefined
      const isRemoval = (row: Row) => row.group_names === null
      return {
        version: current,
        changed: itemsOf(rows.filter((row) => !isRemoval(row))),
        removed: rows
          .filter((row) => row.contact !== null && isRemoval(row))
          .map((row) => ({ jid: contactOf(row), version: Number(row.version) })),
      }
    },
    // One update of a roster at a time, so that only other processes can come between.
    update: async (account, contact, decide) =>
      queue.run(account.toString(), () => update(account, contact, decide)),
    async count(account) {
      const [row] = await db.read(s.count({ account: account.toString() }))
      return Number(row?.count)
    },
    accounts: createAccountPages(db, statements, 'rosters'),
    async removeAll(account) {
      const key = account.toString()
      const steps = [s.removeItems({ account: key }), s.remove({ account: key })]
      const [removed] = (await db.write({ lock: key, steps })) as readonly StepResult[]
      return itemsOf(removed?.rows ?? []).sort((a, b) => a.version - b.version)
    },
  }
}

function contactOf(row: Row): BareJid {
  return parseJid(String(row.contact)).bare
}

function itemsOf(rows: readonly Row[]): RosterItem[] {
  return rows.map(itemOf).filter((item) => item !== undefined)
}

/** An item, or undefined for the row of a roster without one. */
function itemOf(row: Row): RosterItem | undefined {
  if (row.contact === null) return undefined
  const { name, request } = row
  return {
    jid: contactOf(row),
    ...(typeof name === 'string' && { name }),
    groups: JSON.parse(String(row.group_names)) as string[],
    subscription: row.subscription as RosterItem['subscription'],
    pendingOut: Boolean(row.pending_out),
    pendingIn: Boolean(row.pending_in),
    approved: Boolean(row.approved),
    listed: Boolean(row.listed),
    ...(typeof request === 'string' && { request }),
    version: Number(row.version),
  }
}

function rowOf(contact: BareJid, item: RosterItemChange, version: number): ItemRow {
  return {
    contact: contact.toString(),
    name: item.name ?? null,
    group_names: JSON.stringify(item.groups),
    subscription: item.subscription,
    pending_out: item.pendingOut,
    pending_in: item.pendingIn,
    approved: item.approved,
    listed: item.listed,
    request: item.request ?? null,
    version,
  }
}
