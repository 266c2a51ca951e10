import { sql } from 'kysely'
import type { QueryBuilder, Statements } from './statements.js'

/** A row of `roster_items`, or of what stands for one. */
export type ItemRow = {
  readonly contact: string
  readonly name: string | null
  readonly group_names: string
  readonly subscription: string
  readonly pending_out: boolean
  readonly pending_in: boolean
  readonly approved: boolean
  readonly listed: boolean
  readonly request: string | null
  readonly version: number
}

type ItemParameters = ItemRow & { readonly account: string }

const itemColumns = [
  'i.contact',
  'i.name',
  'i.group_names',
  'i.subscription',
  'i.pending_out',
  'i.pending_in',
  'i.approved',
  'i.listed',
  'i.request',
  'i.version',
] as const

const itemCount = (db: QueryBuilder) =>
  db
    .selectFrom('roster_items as n')
    .whereRef('n.account', '=', 'r.account' as 'n.account')
    .select((eb) => eb.fn.countAll().as('count'))

/** The queries about rosters. */
export function rosterStatements({ with: taking }: Statements) {
  return { ...readStatements(taking), ...versionStatements(taking), ...itemStatements(taking) }
}

function readStatements(taking: Statements['with']) {
  return {
    /** The roster and, in as many rows, its items; one row without a contact when it has none. */
    load: taking<{ account: string }>()('roster_load', (db, p) =>
      db
        .selectFrom('rosters as r')
        .leftJoin('roster_items as i', 'i.account', 'r.account')
        .select(['r.version as roster_version', ...itemColumns])
        .where('r.account', '=', p('account'))
        .orderBy('i.version'),
    ),
    item: taking<{ account: string; contact: string }>()('roster_item', (db, p) =>
      db
        .selectFrom('roster_items as i')
        .select(itemColumns)
        .where('i.account', '=', p('account'))
        .where('i.contact', '=', p('contact')),
    ),
    /** All that is needed to decide about one item, in one row, so that it belongs together. */
    forUpdate: taking<{ account: string; contact: string }>()('roster_for_update', (db, p) =>
      db
        .selectFrom('rosters as r')
        .leftJoin('roster_items as i', (join) =>
          join.onRef('i.account', '=', 'r.account').on('i.contact', '=', p('contact')),
        )
        .select(['r.version as roster_version', ...itemColumns])
        .select(itemCount(db).as('items'))
        .where('r.account', '=', p('account')),
    ),
    /** The roster and what changed after a version: items, and removals, which have no groups. */
    changes: taking<{ account: string; version: number }>()('roster_changes', (db, p) =>
      db
        .selectFrom('rosters as r')
        .leftJoin(
          db
            .selectFrom('roster_items as i')
            .select(['i.account', ...itemColumns])
            .where('i.account', '=', p('account'))
            .where('i.version', '>', p('version'))
            .unionAll(
              db
                .selectFrom('roster_removals as i')
                .select(['i.account', 'i.contact'])
                .select([
                  sql<null>`null`.as('name'),
                  sql<null>`null`.as('group_names'),
                  sql<null>`null`.as('subscription'),
                ])
                .select([sql<null>`null`.as('pending_out'), sql<null>`null`.as('pending_in')])
                .select([
                  sql<null>`null`.as('approved'),
                  sql<null>`null`.as('listed'),
                  sql<null>`null`.as('request'),
                ])
                .select('i.version')
                .where('i.account', '=', p('account'))
                .where('i.version', '>', p('version'))
                .$castTo<never>(),
            )
            .as('i'),
          'i.account',
          'r.account',
        )
        .select(['r.version as roster_version', 'r.forgotten_version', ...itemColumns])
        .where('r.account', '=', p('account'))
        .orderBy('i.version'),
    ),
    count: taking<{ account: string }>()('roster_count', (db, p) =>
      db
        .selectFrom('roster_items')
        .where('account', '=', p('account'))
        .select((eb) => eb.fn.countAll().as('count')),
    ),
  }
}

function versionStatements(taking: Statements['with']) {
  return {
    create: taking<{
      account: string
      domain: string
      version: number
      forgotten_version: number
      now: string
    }>()('roster_create', (db, p) =>
      db
        .insertInto('rosters')
        .values({
          account: p('account'),
          domain: p('domain'),
          version: p('version'),
          forgotten_version: p('forgotten_version'),
          changed_at: p('now'),
        })
        .onConflict((conflict) => conflict.column('account').doNothing()),
    ),
    /** Changes nothing when the roster is not at the version that was read. */
    raise: taking<{ account: string; version: number; next: number; now: string }>()(
      'roster_raise',
      (db, p) =>
        db
          .updateTable('rosters')
          .set({ version: p('next'), changed_at: p('now') })
          .where('account', '=', p('account'))
          .where('version', '=', p('version')),
    ),
    /** Raises what is forgotten to the newest removal beyond those that are kept. */
    forget: taking<{ account: string; kept: number }>()('roster_forget', (db, p) =>
      db
        .updateTable('rosters')
        .set((eb) => ({
          forgotten_version: eb.fn.coalesce(
            eb
              .selectFrom('roster_removals')
              .select('version')
              .where('account', '=', p('account'))
              .orderBy('version', 'desc')
              .limit(1)
              .offset(p('kept')),
            'forgotten_version',
          ),
        }))
        .where('account', '=', p('account')),
    ),
    dropForgotten: taking<{ account: string }>()('roster_drop_forgotten', (db, p) =>
      db
        .deleteFrom('roster_removals')
        .where('account', '=', p('account'))
        .where('version', '<=', (eb) =>
          eb.selectFrom('rosters').select('forgotten_version').where('account', '=', p('account')),
        ),
    ),
    remove: taking<{ account: string }>()('roster_remove', (db, p) =>
      db.deleteFrom('rosters').where('account', '=', p('account')),
    ),
    removeItems: taking<{ account: string }>()('roster_remove_items', (db, p) =>
      db.deleteFrom('roster_items').where('account', '=', p('account')).returningAll(),
    ),
  }
}

function itemStatements(taking: Statements['with']) {
  return {
    putItem: taking<ItemParameters>()('roster_put_item', (db, p) =>
      db
        .insertInto('roster_items')
        .values({
          account: p('account'),
          contact: p('contact'),
          name: p('name'),
          group_names: p('group_names'),
          subscription: p('subscription'),
          pending_out: p('pending_out'),
          pending_in: p('pending_in'),
          approved: p('approved'),
          listed: p('listed'),
          request: p('request'),
          version: p('version'),
        })
        .onConflict((conflict) =>
          conflict.columns(['account', 'contact']).doUpdateSet((eb) => ({
            name: eb.ref('excluded.name'),
            group_names: eb.ref('excluded.group_names'),
            subscription: eb.ref('excluded.subscription'),
            pending_out: eb.ref('excluded.pending_out'),
            pending_in: eb.ref('excluded.pending_in'),
            approved: eb.ref('excluded.approved'),
            listed: eb.ref('excluded.listed'),
            request: eb.ref('excluded.request'),
            version: eb.ref('excluded.version'),
          })),
        ),
    ),
    removeItem: taking<{ account: string; contact: string }>()('roster_remove_item', (db, p) =>
      db.deleteFrom('roster_items').where('account', '=', p('account')).where('contact', '=', p('contact')),
    ),
    addRemoval: taking<{ account: string; contact: string; version: number }>()(
      'roster_add_removal',
      (db, p) =>
        db
          .insertInto('roster_removals')
          .values({ account: p('account'), contact: p('contact'), version: p('version') })
          .onConflict((conflict) =>
            conflict
              .columns(['account', 'contact'])
              .doUpdateSet((eb) => ({ version: eb.ref('excluded.version') })),
          ),
    ),
    dropRemoval: taking<{ account: string; contact: string }>()('roster_drop_removal', (db, p) =>
      db
        .deleteFrom('roster_removals')
        .where('account', '=', p('account'))
        .where('contact', '=', p('contact')),
    ),
  }
}
