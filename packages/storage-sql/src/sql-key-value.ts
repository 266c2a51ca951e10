import { type Clock, createKeyedQueue } from '@xmppkit/runtime'
import {
  assertName,
  domainOfOwner,
  type KeyValue,
  type KeyValueUpdate,
  maxOwnerBytes,
} from '@xmppkit/storage'
import { sql } from 'kysely'
import { guarded, type SqlDatabase, type Step, type StepResult } from './database.js'
import { SqlStorageError } from './errors.js'
import { toMoment } from './moments.js'
import { guard, type Statements } from './statements.js'

// Each attempt lost means that another process succeeded.
const maxAttempts = 50

/** Makes key-value stores in the table `key_values`: each has a name, and the statements are shared. */
export function createSqlKeyValues(
  deps: { readonly db: SqlDatabase; readonly clock: Pick<Clock, 'now'> },
  statements: Statements,
): (name: string) => KeyValue {
  const { db, clock } = deps
  const s = keyValueStatements(statements)
  const queue = createKeyedQueue()

  async function read(store: string, owner: string, key: string): Promise<string | undefined> {
    const [row] = await db.read(s.get({ store, owner, key }))
    return row && String(row.value)
  }

  async function write(lock: string, step: Step): Promise<StepResult> {
    const [result] = (await db.write({ lock, steps: [step] })) as readonly StepResult[]
    return result ?? { rows: [], changes: 0 }
  }

  const entry = (store: string, owner: string, key: string, value: string) => {
    assertName('the owner', owner, maxOwnerBytes)
    assertName('the key', key)
    return { store, owner, domain: domainOfOwner(owner), key, value, now: toMoment(clock.now()) }
  }

  /** Writes if the value is still the one that was read. */
  function swap(
    store: string,
    owner: string,
    key: string,
    from: string | undefined,
    to: string | undefined,
  ): Step {
    if (to === undefined) return s.removeIf({ store, owner, key, previous: from ?? '' })
    const next = entry(store, owner, key, to)
    return from === undefined ? s.add(next) : s.replaceIf({ ...next, previous: from })
  }

  async function update(
    store: string,
    owner: string,
    key: string,
    decide: (current: string | undefined) => string | undefined,
  ): Promise<KeyValueUpdate> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const previous = await read(store, owner, key)
      const value = decide(previous)
      const outcome = { ...(previous !== undefined && { previous }), ...(value !== undefined && { value }) }
      if (value === previous) return { ...outcome, changed: false }
      const steps = [guard(swap(store, owner, key, previous, value))]
      if ((await db.write({ lock: owner, steps })) !== guarded) return { ...outcome, changed: true }
    }
    throw new SqlStorageError('storage-sql/conflict', `${key} of ${owner} changes too fast`)
  }

  return (store) => ({
    get: (owner, key) => read(store, owner, key),
    async set(owner, key, value) {
      await write(owner, s.set(entry(store, owner, key, value)))
    },
    delete: async (owner, key) => (await write(owner, s.remove({ store, owner, key }))).changes > 0,
    async list(owner, { prefix = '', after = '', limit }) {
      const rows = await db.read(
        s.list({ store, owner, prefix, prefix_length: [...prefix].length, after, limit }),
      )
      return rows.map((row) => ({ key: String(row.key), value: String(row.value) }))
    },
    async count(owner) {
      const [row] = await db.read(s.count({ store, owner }))
      return Number(row?.count)
    },
    update: async (owner, key, decide) =>
      queue.run(JSON.stringify([store, owner, key]), () => update(store, owner, key, decide)),
    removeOwner: async (owner) => (await write(owner, s.removeOwner({ store, owner }))).changes,
    removeDomain: async (domain, limit) =>
      (await write(domain, s.removeDomain({ store, domain, limit }))).changes,
  })
}

type Key = { store: string; owner: string; key: string }
type Entry = Key & { domain: string; value: string; now: string }

function keyValueStatements(statements: Statements) {
  return { ...entryStatements(statements), ...swapStatements(statements), ...ownerStatements(statements) }
}

function entryStatements({ with: taking }: Statements) {
  return {
    get: taking<Key>()('key_value_get', (db, p) =>
      db
        .selectFrom('key_values')
        .select('value')
        .where('store', '=', p('store'))
        .where('owner', '=', p('owner'))
        .where('key', '=', p('key')),
    ),
    set: taking<Entry>()('key_value_set', (db, p) =>
      db
        .insertInto('key_values')
        .values({
          store: p('store'),
          owner: p('owner'),
          domain: p('domain'),
          key: p('key'),
          value: p('value'),
          changed_at: p('now'),
        })
        .onConflict((conflict) =>
          conflict.columns(['store', 'owner', 'key']).doUpdateSet((eb) => ({
            value: eb.ref('excluded.value'),
            changed_at: eb.ref('excluded.changed_at'),
          })),
        ),
    ),
    remove: taking<Key>()('key_value_remove', (db, p) =>
      db
        .deleteFrom('key_values')
        .where('store', '=', p('store'))
        .where('owner', '=', p('owner'))
        .where('key', '=', p('key')),
    ),
  }
}

/** Writes that change nothing when the value is not the one that was read. */
function swapStatements({ with: taking }: Statements) {
  return {
    add: taking<Entry>()('key_value_add', (db, p) =>
      db
        .insertInto('key_values')
        .values({
          store: p('store'),
          owner: p('owner'),
          domain: p('domain'),
          key: p('key'),
          value: p('value'),
          changed_at: p('now'),
        })
        .onConflict((conflict) => conflict.columns(['store', 'owner', 'key']).doNothing()),
    ),
    replaceIf: taking<Entry & { previous: string }>()('key_value_replace', (db, p) =>
      db
        .updateTable('key_values')
        .set({ value: p('value'), changed_at: p('now') })
        .where('store', '=', p('store'))
        .where('owner', '=', p('owner'))
        .where('key', '=', p('key'))
        .where('value', '=', p('previous')),
    ),
    removeIf: taking<Key & { previous: string }>()('key_value_remove_if', (db, p) =>
      db
        .deleteFrom('key_values')
        .where('store', '=', p('store'))
        .where('owner', '=', p('owner'))
        .where('key', '=', p('key'))
        .where('value', '=', p('previous')),
    ),
  }
}

function ownerStatements({ with: taking }: Statements) {
  return {
    // Not LIKE: its wildcards would have to be escaped, and it folds case on SQLite.
    list: taking<{
      store: string
      owner: string
      prefix: string
      prefix_length: number
      after: string
      limit: number
    }>()('key_value_list', (db, p) =>
      db
        .selectFrom('key_values')
        .select(['key', 'value'])
        .where('store', '=', p('store'))
        .where('owner', '=', p('owner'))
        .where('key', '>', p('after'))
        .where('key', '>=', p('prefix'))
        .where(sql`substr(key, 1, ${p('prefix_length')})`, '=', p('prefix'))
        .orderBy('key')
        .limit(p('limit')),
    ),
    count: taking<{ store: string; owner: string }>()('key_value_count', (db, p) =>
      db
        .selectFrom('key_values')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('store', '=', p('store'))
        .where('owner', '=', p('owner')),
    ),
    removeOwner: taking<{ store: string; owner: string }>()('key_value_remove_owner', (db, p) =>
      db.deleteFrom('key_values').where('store', '=', p('store')).where('owner', '=', p('owner')),
    ),
    removeDomain: taking<{ store: string; domain: string; limit: number }>()(
      'key_value_remove_domain',
      (db, p) =>
        db
          .deleteFrom('key_values')
          .where('store', '=', p('store'))
          .where('domain', '=', p('domain'))
          .where(({ eb, refTuple, selectFrom }) =>
            eb(
              refTuple('owner', 'key'),
              'in',
              selectFrom('key_values')
                .select(['owner', 'key'])
                .where('store', '=', p('store'))
                .where('domain', '=', p('domain'))
                .limit(p('limit'))
                .$asTuple('owner', 'key'),
            ),
          ),
    ),
  }
}
