import { createHash } from 'node:crypto'
import { assertStorable } from '@xmppkit/storage'
import { type CompiledQuery, Kysely, type RawBuilder, sql } from 'kysely'
import type { Compiled, SqlValue, Step } from './database.js'
import type { Dialect } from './dialect.js'
import { SqlStorageError } from './errors.js'
import type { Tables } from './tables.js'

/** Values by name. */
export type Parameters = Readonly<Record<string, SqlValue>>

/**
 * A statement with the types of its parameters; call it with values to get a {@link Step}. Rows have no types: what a driver
 * makes of a column is its own, so whoever reads a row converts it.
 */
export type Statement<P extends Parameters> = (values: P) => Step

/** What queries are written with. */
export type QueryBuilder = Kysely<Tables>

interface Compilable {
  compile(db: QueryBuilder): CompiledQuery
}

/** Stands for the value of a parameter: the name with the type of the value. */
export type Placeholders<P extends Parameters> = <K extends keyof P & string>(name: K) => P[K]

/** Compiles queries for one dialect, once, into statements with named parameters. */
export interface Statements {
  /** How the database wants things written. */
  readonly dialect: Dialect
  /** A table as it is called in SQL that is written out. */
  table(name: keyof Tables): RawBuilder<unknown>
  /** A name as it is written in SQL that is text already. */
  qualified(name: string): string
  /** Declares the parameters, then the query. */
  with<P extends Parameters>(): (
    name: string,
    build: (db: QueryBuilder, p: Placeholders<P>) => Compilable,
    more?: Partial<Pick<Compiled, 'givesId'>>,
  ) => Statement<P>
}

// What a query carries in the place of a value until there is one.
class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/**
 * @param schema - where the tables are; for PostgreSQL
 * @param maxTextBytes - longest text of a parameter
 */
export function createStatements(
  dialect: Dialect,
  { schema, maxTextBytes }: { readonly schema?: string | undefined; readonly maxTextBytes: number },
): Statements {
  const plain = new Kysely<Tables>({ dialect: dialect.compiler })
  const db = schema === undefined ? plain : plain.withSchema(schema)

  return {
    dialect,
    table: (name) => (schema === undefined ? sql.id(name) : sql.id(schema, name)),
    qualified: (name) => (schema === undefined ? name : `${quoted(schema)}.${quoted(name)}`),
    with:
      <P extends Parameters>() =>
      (
        name: string,
        build: (db: QueryBuilder, p: Placeholders<P>) => Compilable,
        { givesId = false }: Partial<Pick<Compiled, 'givesId'>> = {},
      ) => {
        // The one lie about types here: a placeholder passes for the value that will take its place.
        const p = ((key: string) => new Placeholder(key)) as unknown as Placeholders<P>
        const query = build(db, p).compile(db)
        const statement = compiled(name, query.sql, givesId)
        const slots = query.parameters as readonly (Placeholder | SqlValue)[]
        return (values: P): Step => ({
          statement,
          values: slots.map((slot) =>
            slot instanceof Placeholder
              ? storable(slot.name, values[slot.name] as SqlValue, maxTextBytes)
              : slot,
          ),
        })
      },
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A statement that is text already. */
export function compiled(name: string, text: string, givesId = false): Compiled {
  // Two storages on one pool may differ in their schema, and PostgreSQL wants one text for one name.
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8)
  return Object.freeze({
    name: `xmppkit_${name}_${digest}`,
    sql: text,
    returns: /^\s*(select|with)\b|\breturning\b/i.test(text),
    givesId,
  })
}

function storable(name: string, value: SqlValue, maxTextBytes: number): SqlValue {
  if (typeof value === 'string') assertStorable(name.replaceAll('_', ' '), value, maxTextBytes)
  // No limit is a very high limit to a database.
  if (value === Number.POSITIVE_INFINITY) return Number.MAX_SAFE_INTEGER
  if (typeof value === 'number' && Number.isNaN(value)) {
    throw new SqlStorageError('storage-sql/failed', `${name} is not a number`)
  }
  return value
}

/** Makes a step the guard of its unit. */
export function guard(step: Step): Step {
  return { ...step, guard: true }
}
