import { type ArchiveFilter, unknownId } from '@xmppkit/archive'
import type { ArchiveSearch } from './archive-search.js'
import type { Access, archiveStatements, PageParameters } from './archive-statements.js'
import type { Row, SqlDatabase } from './database.js'
import { fromMoment, toMoment } from './moments.js'

/** Which part of what matches. */
interface Part {
  readonly limit: number
  readonly newest: boolean
  readonly skip: number
}

/** Reads archives. What a filter names by ids and moments becomes numbers first, so that each page is one range of one index. */
export interface ArchiveReader {
  /** Rows in the order asked for. */
  page(account: string, filter: ArchiveFilter, part: Part): Promise<readonly Row[] | typeof unknownId>
  /** How many match, counted no further than a limit. */
  count(account: string, filter: ArchiveFilter, limit: number): Promise<number | typeof unknownId>
}

/** A message a filter names. */
interface Named {
  readonly id: number
  readonly at: number
  readonly bare: string
  readonly resource: string
}

type Range = { after: number; before: number; from: number; to: number }

const nothing = Symbol('nothing')

/** Makes the reader over the tables of archives. */
export function createArchiveReader(
  { db, search }: { readonly db: SqlDatabase; readonly search: ArchiveSearch },
  s: ReturnType<typeof archiveStatements>,
): ArchiveReader {
  /** The messages a filter names, by their ids. */
  async function resolve(account: string, { after = [], before = [], ids = [] }: ArchiveFilter) {
    const wanted = [...new Set([...after, ...before, ...ids])]
    if (wanted.length === 0) return new Map<string, Named>()
    const rows = await db.read(s.resolve({ account, ids: JSON.stringify(wanted) }))
    const named = new Map(rows.map((row) => [String(row.archive_id), toNamed(row)]))
    return wanted.every((id) => named.has(id)) ? named : unknownId
  }

  /** A range of moments as one of numbers, for indexes that know nothing of time. */
  async function numbered(account: string, range: Range, { start, end }: ArchiveFilter) {
    const [first, last] = await Promise.all([
      start === undefined ? undefined : db.read(s.firstFrom({ account, at: toMoment(start) })),
      end === undefined ? undefined : db.read(s.lastTo({ account, at: toMoment(end) })),
    ])
    if (first?.length === 0 || last?.length === 0) return nothing
    return {
      ...range,
      after: Math.max(range.after, first ? Number(first[0]?.id) - 1 : 0),
      before: Math.min(range.before, last ? Number(last[0]?.id) + 1 : range.before),
    }
  }

  async function prepared(account: string, filter: ArchiveFilter, named: ReadonlyMap<string, Named>) {
    const access = accessOf(filter)
    const range = rangeOf(filter, named)
    const bounds = access === 'all' ? range : await numbered(account, range, filter)
    if (bounds === nothing) return nothing
    const parameters: Omit<PageParameters, 'limit' | 'skip'> = {
      account,
      after: bounds.after,
      before: bounds.before,
      from: toMoment(bounds.from),
      to: toMoment(bounds.to),
      bare: filter.with?.bare.toString() ?? '',
      resource: filter.with?.resource ?? '',
      ids: '',
      match: filter.text === undefined ? '' : search.matchOf(account, filter.text),
    }
    return { statements: s.pages[access], parameters }
  }

  /** Numbers of the messages that are named one by one and match the rest, oldest first. */
  async function chosen(account: string, filter: ArchiveFilter, named: ReadonlyMap<string, Named>) {
    const range = rangeOf(filter, named)
    const unique = new Map((filter.ids ?? []).flatMap((id) => namedOf(named, id)).map((one) => [one.id, one]))
    const numbers = [...unique.values()]
      .filter((one) => isWithin(one, range) && isWith(one, filter))
      .map(({ id }) => id)
      .sort((a, b) => a - b)
    if (filter.text === undefined) return numbers
    const match = search.matchOf(account, filter.text)
    const rows = await db.read(s.having({ account, match, ids: JSON.stringify(numbers) }))
    const having = new Set(rows.map(({ id }) => Number(id)))
    return numbers.filter((id) => having.has(id))
  }

  return {
    async page(account, filter, { limit, newest, skip }) {
      const named = await resolve(account, filter)
      if (named === unknownId) return named
      if (filter.ids) {
        const numbers = await chosen(account, filter, named)
        const part = (newest ? numbers.reverse() : numbers).slice(skip, skip + limit)
        const rows = await db.read(s.get({ account, ids: JSON.stringify(part) }))
        return newest ? rows.toReversed() : rows
      }
      const query = await prepared(account, filter, named)
      if (query === nothing) return []
      const statement = newest ? query.statements.newest : query.statements.oldest
      return db.read(statement({ ...query.parameters, limit, skip }))
    },
    async count(account, filter, limit) {
      const named = await resolve(account, filter)
      if (named === unknownId) return named
      if (filter.ids) return Math.min((await chosen(account, filter, named)).length, limit)
      const query = await prepared(account, filter, named)
      if (query === nothing) return 0
      const [row] = await db.read(query.statements.count({ ...query.parameters, limit, skip: 0 }))
      return Number(row?.count)
    },
  }
}

function accessOf({ text, with: party }: ArchiveFilter): Access {
  if (text !== undefined) return 'text'
  if (party === undefined) return 'all'
  return party.isBare ? 'bare' : 'full'
}

/** Within an account moments grow like numbers, so a message that bounds the one bounds the other. */
function rangeOf(
  { start = 0, end = Number.POSITIVE_INFINITY, after = [], before = [] }: ArchiveFilter,
  named: ReadonlyMap<string, Named>,
): Range {
  const behind = after.flatMap((id) => namedOf(named, id))
  const ahead = before.flatMap((id) => namedOf(named, id))
  return {
    after: Math.max(0, ...behind.map(({ id }) => id)),
    before: Math.min(Number.MAX_SAFE_INTEGER, ...ahead.map(({ id }) => id)),
    from: Math.max(start, ...behind.map(({ at }) => at)),
    to: Math.min(end, ...ahead.map(({ at }) => at)),
  }
}

function namedOf(named: ReadonlyMap<string, Named>, id: string): readonly Named[] {
  const found = named.get(id)
  return found === undefined ? [] : [found]
}

function isWithin({ id, at }: Named, { after, before, from, to }: Range): boolean {
  return id > after && id < before && at >= from && at <= to
}

function isWith({ bare, resource }: Named, { with: party }: ArchiveFilter): boolean {
  if (party === undefined) return true
  return party.bare.toString() === bare && (party.isBare || party.resource === resource)
}

function toNamed(row: Row): Named {
  return {
    id: Number(row.id),
    at: fromMoment(row.sent_at),
    bare: String(row.with_bare),
    resource: typeof row.with_resource === 'string' ? row.with_resource : '',
  }
}
