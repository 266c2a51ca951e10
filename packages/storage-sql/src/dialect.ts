import {
  DummyDriver,
  type Dialect as KyselyDialect,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'

/** Everything in which the databases differ, in one place. */
export interface Dialect {
  /** Which database. */
  readonly name: 'sqlite' | 'postgres'
  /** Writes the text of queries; never executes one. */
  readonly compiler: KyselyDialect
  /** Column types and the like, for migrations. */
  readonly types: ColumnTypes
  /** A subquery of the whole numbers in a parameter of JSON text. */
  numbersIn(json: unknown): RawBuilder<unknown>
  /** Ends the text of a statement that gives the id of the row it adds; empty where the driver gives it anyhow, for less. */
  readonly returningId: RawBuilder<unknown>
  /** The condition that a column is one of those in a parameter of JSON text; looked up in an index one by one. */
  isOneOf(column: RawBuilder<unknown>, json: unknown, type: 'text' | 'bigint'): RawBuilder<unknown>
}

/** How columns are declared. */
export interface ColumnTypes {
  /** A number that grows with every row and is never used again. */
  readonly id: string
  /** Text that is compared and ordered by its bytes. */
  readonly text: string
  /** A whole number. */
  readonly integer: string
  /** True or false. */
  readonly boolean: string
  /** False, as a default. */
  readonly no: string
  /** A moment people can read. */
  readonly timestamp: string
  /** What follows the columns of a table. */
  readonly suffix: string
  /** What to join to see the texts in a column of JSON text, and how to call their position and value. */
  textsOf(column: string): { readonly table: string; readonly position: string; readonly value: string }
}

const compileOnly = (
  parts: Pick<KyselyDialect, 'createAdapter' | 'createIntrospector' | 'createQueryCompiler'>,
): KyselyDialect => ({ ...parts, createDriver: () => new DummyDriver() })

/** SQLite: types are strict, moments are text as in `2026-01-31T12:00:00.000Z`. */
export const sqlite: Dialect = Object.freeze<Dialect>({
  name: 'sqlite',
  compiler: compileOnly({
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }),
  types: {
    id: 'integer primary key autoincrement',
    text: 'text',
    integer: 'integer',
    boolean: 'integer',
    no: '0',
    timestamp: 'text',
    suffix: ' strict',
    textsOf: (column) => ({
      table: `json_each(${column}) as texts`,
      position: 'texts.key + 1',
      value: 'texts.value',
    }),
  },
  numbersIn: (json) => sql`(select value from json_each(${json}))`,
  returningId: sql``,
  isOneOf: (column, json) => sql`${column} in (select value from json_each(${json}))`,
})

/** PostgreSQL: text is ordered by bytes, whatever the locale of the database. */
export const postgres: Dialect = Object.freeze<Dialect>({
  name: 'postgres',
  compiler: compileOnly({
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }),
  types: {
    id: 'bigint generated always as identity primary key',
    text: 'text collate "C"',
    integer: 'bigint',
    boolean: 'boolean',
    no: 'false',
    timestamp: 'timestamptz',
    suffix: '',
    textsOf: (column) => ({
      table: `lateral json_array_elements_text(cast(${column} as json)) with ordinality as texts(value, position)`,
      position: 'texts.position',
      value: 'texts.value',
    }),
  },
  numbersIn: (json) =>
    sql`(select cast(value as bigint) from json_array_elements_text(cast(${json} as json)) as numbers(value))`,
  returningId: sql`returning id`,
  // An array, because the planner takes a subquery for a hundred rows and then rather reads a whole table.
  isOneOf: (column, json, type) =>
    sql`${column} = any(array(select cast(value as ${sql.raw(type)})
      from json_array_elements_text(cast(${json} as json)) as given(value)))`,
})
